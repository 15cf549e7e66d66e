//! How a library is made to send a row again: what to do, and the statement where it is one.

use waybill_engine::tables::Tables;
use waybill_layouts::{Candidate, FoundTable, Guarded, NEW_ID, Requeue, TableLayout};

/// Each way that the table has the columns for, or why there is none.
pub(super) fn lines(candidate: &Candidate, table: &FoundTable, tables: &Tables) -> Vec<String> {
    let mut lines = Vec::new();
    for requeue in candidate.table.requeues_of(table) {
        lines.push(format!(
            "rows that are {}, by {}: {}",
            states(requeue),
            requeue.by.words(),
            requeue.then
        ));
        lines.extend(statements(candidate, requeue, table, tables));
        lines.extend(requeue.run.clone());
    }
    lines.extend(candidate.table.why_no_requeue(table));
    lines
}

fn states(requeue: &Requeue) -> String {
    let names: Vec<&str> = requeue.from.iter().map(|state| state.words()).collect();
    names.join(" or ")
}

fn statements(
    candidate: &Candidate,
    requeue: &Requeue,
    table: &FoundTable,
    tables: &Tables,
) -> Vec<String> {
    let (shape, dbms) = (candidate.table, tables.dbms);
    let update = shape.guarded_update(requeue, table, dbms);
    let one = update.or_else(|| shape.guarded_copy(requeue, table, dbms));
    let moved = back_to(candidate, requeue, table, tables)
        .and_then(|to| shape.guarded_move(requeue, table, to, dbms));
    let text = |guarded: Guarded| guarded.text;
    match moved {
        // Only both together, and only when each is about one row.
        Some(moved) => vec![
            "BEGIN".to_owned(),
            text(moved.insert),
            text(moved.delete),
            "COMMIT (ROLLBACK, unless each of the two was about one row)".to_owned(),
        ],
        None => one.into_iter().flat_map(told).collect(),
    }
}

fn told(guarded: Guarded) -> Vec<String> {
    let makes_id = guarded.bound.iter().any(|name| name == NEW_ID);
    let about_id = format!(":{NEW_ID} is one that nothing has yet; run again, it is the same one");
    std::iter::once(guarded.text)
        .chain(makes_id.then_some(about_id))
        .collect()
}

/// The table a dead letter goes back to, where it is in the same schema.
fn back_to<'a>(
    candidate: &'a Candidate,
    requeue: &Requeue,
    table: &FoundTable,
    tables: &'a Tables,
) -> Option<(&'a TableLayout, &'a FoundTable)> {
    let to = candidate.layout.table(requeue.to.as_deref()?)?;
    let mut beside = tables
        .tables
        .iter()
        .filter(|other| other.schema == table.schema);
    let into = beside.find(|other| {
        let explanation = tables.explain(other);
        explanation
            .recognised()
            .is_some_and(|first| first.table.id == to.id)
    })?;
    Some((to, into))
}
