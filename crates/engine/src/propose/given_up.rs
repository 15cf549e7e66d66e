//! The table into which a relay moves the rows of an outbox that it has given up.

use waybill_layouts::FoundTable;
use waybill_model::{DeadLetterTable, InColumn};

use super::outbox::Outbox;
use crate::tables::Tables;

/// What such a table is called, behind the name of its outbox.
const NAMES: [&str; 8] = [
    "dlq",
    "dead_letter",
    "dead_letters",
    "deadletter",
    "deadletters",
    "dead",
    "failed",
    "failures",
];

/// What the time of giving up is called, the surest first.
const TIMES: [&str; 8] = [
    "failed_at",
    "dead_at",
    "dead_lettered_at",
    "moved_at",
    "given_up_at",
    "created_at",
    "occurred_at",
    "inserted_at",
];

impl Outbox {
    /// Takes the table whose rows lead back into this outbox, or which is called after it.
    pub(super) fn find_dead_letters(&mut self, tables: &Tables) {
        let by_library = self.of_library(tables);
        let by_name = || self.by_name(tables);
        let Some((letters, why)) = by_library.or_else(by_name) else {
            return;
        };
        self.why.push(format!(
            "What the relay gives up is moved to {}: {why}.",
            letters.table
        ));
        self.settings.dead_letters = Some(letters);
    }

    fn of_library(&self, tables: &Tables) -> Option<(DeadLetterTable, String)> {
        let layout = self.layout?;
        let own = layout.tables.iter().map(|table| table.id.as_str());
        let own: Vec<&str> = own.collect();
        let tables_of = |table: &&FoundTable| table.schema == self.table.schema;
        let mut beside = tables.tables.iter().filter(tables_of);
        beside.find_map(|table| {
            let explanation = tables.explain(table);
            let candidate = explanation.recognised()?;
            let mut letters = own
                .iter()
                .filter_map(|id| candidate.dead_letters(table, id));
            Some((letters.next()?, format!("{} does so", layout.title)))
        })
    }

    /// One that has the outbox's id, under its name or as the id of the row that was moved.
    fn by_name(&self, tables: &Tables) -> Option<(DeadLetterTable, String)> {
        let mut alike = tables.tables.iter().filter(|table| {
            table.schema == self.table.schema && is_called_after(&table.name, &self.table.name)
        });
        let table = alike.next()?;
        let column = |name: &str| table.column(name).map(|column| column.name.clone());
        let key = table.columns.iter().find(|column| column.primary_key)?;
        let id = InColumn::of(&self.settings.id);
        let moved = [
            format!("original_{}", id.column),
            format!("{}_{}", self.table.name, id.column),
            "outbox_id".to_owned(),
        ];
        let moved = moved.iter().find_map(|name| column(name));
        let same = || Some((column(id.column)?, id.pointer));
        let id = match moved {
            Some(column) => column,
            None => match same()? {
                (column, Some(pointer)) => format!("{column}#{pointer}"),
                (column, None) => column,
            },
        };
        let own = |place: &Option<String>| {
            let place = InColumn::of(place.as_deref()?);
            column(place.column).filter(|_| place.pointer.is_none())
        };
        let letters = DeadLetterTable {
            table: table.full_name(),
            key: key.name.clone(),
            id,
            failed_at: TIMES.iter().find_map(|name| column(name))?,
            kind: own(&self.settings.kind),
            aggregate_type: own(&self.settings.aggregate_type),
            aggregate_id: own(&self.settings.aggregate_id),
        };
        Some((letters, "it is called so and has the ids".to_owned()))
    }
}

/// `outbox_dlq` of `outbox`, `OutboxDeadLetters` of `Outbox`.
fn is_called_after(name: &str, outbox: &str) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let (name, outbox) = (plain(name), plain(outbox));
    let rest = name.strip_prefix(&outbox);
    rest.is_some_and(|rest| NAMES.iter().any(|known| plain(known) == rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn such_a_table_is_called_after_its_outbox() {
        for (name, outbox, expected) in [
            ("outbox_dlq", "outbox", true),
            ("OutboxDeadLetters", "Outbox", true),
            ("outbox_events_dead_letter", "outbox_events", true),
            ("outbox_dlq", "outbox_events", false),
            ("outbox", "outbox", false),
            ("outbox_archive", "outbox", false),
        ] {
            assert_eq!(
                is_called_after(name, outbox),
                expected,
                "{name} of {outbox}"
            );
        }
    }
}
