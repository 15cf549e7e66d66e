//! PostgreSQL's catalogue.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use waybill_model::Micros;
use waybill_source::ColumnInfo;

use crate::postgres::types::kind_of;
pub(crate) use crate::shape::shapes;
use crate::shape::{CatalogueColumn, Column};
use crate::shown::{Replica, Shown, row_level_security};

/// What hangs on tables: schema, table, kind, name.
pub(crate) const ATTACHED: &str = include_str!("../../sql/postgres_attached.sql");

/// What definitions say of values: schema, table, column, by what, text.
pub(crate) const SAID: &str = include_str!("../../sql/postgres_said.sql");

/// Columns of all tables; conditions and order are appended.
pub(crate) const TABLES: &str = include_str!("../../sql/postgres_tables.sql");

/// Tables of which we may read a column at least, outside the catalogue itself.
pub(crate) const READABLE: &str = " AND n.nspname <> 'information_schema' \
    AND n.nspname NOT LIKE 'pg\\_%' \
    AND has_schema_privilege(n.oid, 'USAGE') \
    AND has_any_column_privilege(c.oid, 'SELECT') \
    ORDER BY n.nspname, c.relname, a.attnum";

/// A table by schema and name, or by a name that is found without schema.
pub(crate) const NAMED: &str = " AND (($1 <> '' AND n.nspname = $1 AND c.relname = $2) \
    OR (n.nspname = ANY (current_schemas(false)) AND c.relname = $3)) \
    ORDER BY c.relname = $3 DESC, array_position(current_schemas(false), n.nspname), a.attnum";

/// The names of the tables we may read, for "did you mean".
pub(crate) const NAMES: &str = "SELECT CASE WHEN n.nspname = ANY (current_schemas(false)) \
    THEN c.relname::text ELSE n.nspname || '.' || c.relname END \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' \
    AND n.nspname NOT LIKE 'pg\\_%' LIMIT 5000";

/// Who we are and what we could do.
pub(crate) const RIGHTS: &str = include_str!("../../sql/postgres_rights.sql");

/// Takes a row of [`TABLES`] apart.
pub(crate) fn catalogue_column(row: &PgRow) -> Result<CatalogueColumn, sqlx::Error> {
    let estimate: Option<f64> = row.try_get(2)?;
    let name: String = row.try_get(3)?;
    Ok(CatalogueColumn {
        schema: row.try_get(0)?,
        table: row.try_get(1)?,
        estimated_rows: estimate.map(rounded),
        partition: row.try_get(10)?,
        indexed: row.try_get(8)?,
        unique: row.try_get(9)?,
        column: Column {
            kind: kind_of(row.try_get(4)?),
            info: ColumnInfo {
                name: name.clone(),
                sql_type: row.try_get(5)?,
                nullable: !row.try_get::<bool, _>(6)?,
                primary_key: row.try_get(7)?,
                readable: row.try_get(11)?,
            },
            name,
        },
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of rows, not negative and far below 2^63"
)]
fn rounded(estimate: f64) -> u64 {
    estimate.max(0.0) as u64
}

/// Of one table: the tables under it whose rows row-level security hides from us, who we are, and
/// whether this is a standby, stands still, and has replayed up to when.
pub(crate) const SHOWN: &str = include_str!("../../sql/postgres_shown.sql");

/// Takes the row of [`SHOWN`] apart.
pub(crate) fn shown(row: &PgRow) -> Result<Shown, sqlx::Error> {
    let (hidden, user): (Option<String>, String) = (row.try_get(0)?, row.try_get(1)?);
    let (standby, paused): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
    let replayed: Option<i64> = row.try_get(4)?;
    let applied = replayed.map(Micros);
    let until = applied.map_or("nothing yet".to_owned(), |at| format!("up to {at}"));
    let stands = if paused { ", and is paused" } else { "" };
    Ok(Shown {
        hidden_rows: hidden.map(|tables| row_level_security(&user, &tables)),
        replica: standby.then(|| Replica {
            applied,
            how: format!(
                "this is a standby that has replayed {until}{stands}; the primary knows all"
            ),
        }),
    })
}
