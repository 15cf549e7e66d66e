//! The catalogue of MySQL and MariaDB.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;
use waybill_source::ColumnInfo;

use crate::mysql::types::kind_of;
pub(crate) use crate::shape::shapes;
use crate::shape::{CatalogueColumn, Column};

/// What hangs on tables: schema, table, kind, name.
pub(crate) const ATTACHED: &str = include_str!("../../sql/mysql_attached.sql");

/// Columns of all tables; conditions and order are appended. The catalogue lists only what the
/// user may see.
pub(crate) const TABLES: &str = include_str!("../../sql/mysql_tables.sql");

/// Every table but the server's own.
pub(crate) const READABLE: &str =
    " AND t.table_schema <> 'mysql' ORDER BY t.table_schema, t.table_name, c.ordinal_position";

/// A table by schema and name, or by a name in the session's database: some libraries put a dot
/// into the name itself.
pub(crate) const NAMED: &str = " AND ((t.table_schema = ? AND t.table_name = ?) \
    OR (t.table_schema = DATABASE() AND t.table_name = ?)) \
    ORDER BY (t.table_schema = DATABASE() AND t.table_name = ?) DESC, t.table_schema, \
    t.table_name, c.ordinal_position";

/// The names of the tables, for "did you mean".
pub(crate) const NAMES: &str = "SELECT CAST(IF(table_schema = DATABASE(), table_name, \
    CONCAT(table_schema, '.', table_name)) AS CHAR) FROM information_schema.tables \
    WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql') \
    LIMIT 5000";

/// Who we are, whether the session writes, how many tables there are, whether transactions of
/// others are shown.
pub(crate) const RIGHTS: &str = include_str!("../../sql/mysql_rights.sql");

/// Takes a row of [`TABLES`] apart.
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
        indexed: flag(8)?,
        unique: flag(9)?,
        column: Column {
            kind: kind_of(&data_type, &sql_type),
            info: ColumnInfo {
                name: name.clone(),
                sql_type,
                nullable: flag(6)?,
                primary_key: flag(7)?,
            },
            name,
        },
    })
}
