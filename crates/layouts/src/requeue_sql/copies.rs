//! Rows that are put back as rows of their own: copies, and dead letters that return.

use super::sql::Sql;
use super::{Guarded, NEW_ID};
use crate::{Dbms, FoundTable, Made, MadeOf, NewValue, Requeue, RequeueBy, TableLayout};

/// The two statements of a move back. Both run in one transaction, which is undone unless each
/// was about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Writes the row into the table it came from.
    pub insert: Guarded,
    /// Takes it from the dead letters.
    pub delete: Guarded,
}

impl TableLayout {
    /// The statement of a re-queue by an inserted copy, which is not made a second time. `None`
    /// for other ways, and where the table lacks a column the statement needs.
    pub fn guarded_copy(
        &self,
        requeue: &Requeue,
        found: &FoundTable,
        dbms: Dbms,
    ) -> Option<Guarded> {
        if requeue.by != RequeueBy::InsertCopy {
            return None;
        }
        let sql = Sql {
            shape: self,
            found,
            dbms,
        };
        let (guards, mut bound) = sql.guards(requeue)?;
        let taken = taken_already(&sql, requeue)?;
        let copied = copied(&sql, &sql, requeue)?;
        if takes_new_id(requeue) {
            bound.push(NEW_ID.to_owned());
        }
        let table = sql.table();
        Some(Guarded {
            text: format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {table} AS was WHERE {guards} AND NOT EXISTS (SELECT 1 FROM {table} AS copy WHERE {taken})",
                copied.columns, copied.values
            ),
            bound,
        })
    }

    /// The statements that take a dead letter back into the table it came from, whose layout and
    /// real names are `to` and `into`. `None` for other ways, and where a column is missing.
    pub fn guarded_move(
        &self,
        requeue: &Requeue,
        found: &FoundTable,
        (to, into): (&Self, &FoundTable),
        dbms: Dbms,
    ) -> Option<Moved> {
        if requeue.by != RequeueBy::MoveBack || requeue.to.as_ref() != Some(&to.id) {
            return None;
        }
        let from = Sql {
            shape: self,
            found,
            dbms,
        };
        let target = Sql {
            shape: to,
            found: into,
            dbms,
        };
        let (guards, bound) = from.guards(requeue)?;
        let copied = copied(&from, &target, requeue)?;
        let insert = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} WHERE {guards}",
            target.table(),
            copied.columns,
            copied.values,
            from.table()
        );
        let delete = format!("DELETE FROM {} WHERE {guards}", from.table());
        let guarded = |text| Guarded {
            text,
            bound: bound.clone(),
        };
        Some(Moved {
            insert: guarded(insert),
            delete: guarded(delete),
        })
    }
}

/// Columns of a copy, and what is written into them.
struct Copied {
    columns: String,
    values: String,
}

/// Everything the row has, but for what is set and what the database fills in. `None` where a
/// column that must have a value would get none.
fn copied(from: &Sql<'_>, to: &Sql<'_>, requeue: &Requeue) -> Option<Copied> {
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for found in &to.found.columns {
        let known = to
            .shape
            .columns
            .iter()
            .find(|column| to.real(&column.name) == Some(found.name.as_str()));
        let is_named = |names: &[String]| known.is_some_and(|column| names.contains(&column.name));
        if is_named(&requeue.set_anew) {
            continue;
        }
        let set = known.and_then(|column| Some((column, requeue.set.get(&column.name)?)));
        let value = match (set, from.real(&found.name)) {
            (Some((column, value)), _) => to.value(column, &found.name, value),
            (None, Some(real)) => from.quoted(real),
            (None, None) if found.nullable => continue,
            (None, None) => return None,
        };
        columns.push(to.quoted(&found.name));
        values.push(value);
    }
    Some(Copied {
        columns: columns.join(", "),
        values: values.join(", "),
    })
}

/// By what a copy that is there already is known.
fn taken_already(sql: &Sql<'_>, requeue: &Requeue) -> Option<String> {
    let of = |row: &str, name: &str| Some(format!("{row}.{}", sql.quoted(sql.real(name)?)));
    let new_id = requeue
        .set
        .iter()
        .filter(|(_, value)| is_new_id(value))
        .map(|(name, _)| Some(format!("{} = :{NEW_ID}", of("copy", name)?)));
    let same = requeue
        .once
        .iter()
        .map(|name| Some(format!("{} = {}", of("copy", name)?, of("was", name)?)));
    let mut known_by: Vec<String> = new_id.chain(same).collect::<Option<_>>()?;
    if !requeue.once.is_empty() {
        let key = sql.shape.roles.as_ref()?.key.columns.first()?;
        known_by.push(format!("{} > {}", of("copy", key)?, of("was", key)?));
    }
    (!known_by.is_empty()).then(|| known_by.join(" AND "))
}

fn takes_new_id(requeue: &Requeue) -> bool {
    requeue.set.values().any(is_new_id)
}

fn is_new_id(value: &NewValue) -> bool {
    matches!(
        value,
        NewValue::Made(Made {
            to: MadeOf::NewId,
            ..
        })
    )
}
