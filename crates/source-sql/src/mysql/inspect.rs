//! The catalogue of MySQL and MariaDB.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;
use waybill_source::ColumnInfo;

use crate::mysql::types::kind_of;
pub(crate) use crate::shape::shapes;
use crate::shape::{CatalogueColumn, Column};

/// What hangs on tables: schema, table, kind, name.
pub(crate) const ATTACHED: &str = include_str!("../../sql/mysql_attached.sql");

/// What definitions say of values: schema, table, column, by what, text.
pub(crate) const SAID: &str = include_str!("../../sql/mysql_said.sql");

/// Columns of every table but the server's own, without what indexes say of them: asked for all
/// tables at once, MariaDB takes a minute for three hundred of them. The catalogue lists only what
/// the user may see.
pub(crate) const LIST: &str = include_str!("../../sql/mysql_list.sql");

/// Columns of one table with what indexes say of them. Schema and name are given three times:
/// only where they are compared with constants the server opens no other table.
pub(crate) const SHAPE: &str = include_str!("../../sql/mysql_shape.sql");

/// The names of the tables, for "did you mean".
pub(crate) const NAMES: &str = "SELECT CAST(IF(table_schema = DATABASE(), table_name, \
    CONCAT(table_schema, '.', table_name)) AS CHAR) FROM information_schema.tables \
    WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql') \
    LIMIT 5000";

/// Who we are, whether the session writes, how many tables there are, whether transactions of
/// others are shown.
pub(crate) const RIGHTS: &str = include_str!("../../sql/mysql_rights.sql");

/// Takes a row of [`LIST`] or [`SHAPE`] apart.
pub(crate) fn catalogue_column(row: &MySqlRow) -> Result<CatalogueColumn, sqlx::Error> {
    let flag = |idx: usize| row.try_get::<i64, _>(idx).map(|flag| flag != 0);
    let estimate: Option<i64> = row.try_get(2)?;
    let name: String = row.try_get(3)?;
    let sql_type: String = row.try_get(5)?;
    let data_type: String = row.try_get(4)?;
    Ok(CatalogueColumn {
        schema: row.try_get(0)?,
        table: row.try_get(1)?,
        estimated_rows: estimate.and_then(|rows| u64::try_from(rows).ok()),
        partition: false,
        indexed: flag(8)?,
        unique: flag(9)?,
        column: Column {
            kind: kind_of(&data_type, &sql_type),
            info: ColumnInfo {
                name: name.clone(),
                sql_type,
                nullable: flag(6)?,
                primary_key: flag(7)?,
                readable: flag(10)?,
            },
            name,
        },
    })
}
