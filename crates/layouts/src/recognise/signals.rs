//! What speaks for a layout beside the columns: names, neighbours, what hangs on the table, rows.

use super::fit::Fit;
use super::{is_named_so, neighbours};
use crate::canon::{fits, same, table_fits};
use crate::{Attached, FoundTable, Layout, TableLayout};

/// How much a signal weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It fits, as it would fit many.
    Supporting,
    /// The table has the default name, which others have, too.
    OrdinaryName,
    /// Nobody else has it.
    Telling,
}

/// All signals of a table for a layout.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// What was found, as sentences.
    pub(super) found: Vec<(Weight, String)>,
    /// What was looked for and not found.
    pub(super) missing: Vec<String>,
    /// What speaks against it.
    pub(super) against: Vec<String>,
    /// The columns are those of a known version, none more and none less.
    pub(super) version: Option<String>,
    /// … and their names are not ones that anybody would choose.
    pub(super) exact: bool,
}

impl Signals {
    pub(super) fn of(
        layout: &Layout,
        shape: &TableLayout,
        table: &FoundTable,
        all: &[FoundTable],
    ) -> Self {
        let mut signals = Self::default();
        signals.look_at_version(shape, table);
        signals.look_at_name(shape, table);
        signals.look_at_neighbours(layout, shape, table, all);
        signals.look_at_attached(shape, table);
        signals.look_at_columns(shape, table);
        signals.look_at_rows(shape, table);
        signals
    }

    pub(super) fn has(&self, weight: Weight) -> bool {
        self.found.iter().any(|(found, _)| *found == weight)
    }

    fn tell(&mut self, sentence: String) {
        self.found.push((Weight::Telling, sentence));
    }

    fn look_at_version(&mut self, shape: &TableLayout, table: &FoundTable) {
        let known = shape.known_versions();
        let exact = known.iter().find(|version| {
            crate::Dbms::ALL.into_iter().any(|dbms| {
                let columns = shape.columns_of(version, dbms);
                columns.len() == table.columns.len()
                    && columns
                        .iter()
                        .all(|(name, _)| table.columns.iter().any(|c| is_spelled(&c.name, name)))
            })
        });
        self.exact = exact.is_some_and(|version| !version.loose);
        self.version = exact.map(|version| version.name.clone());
    }

    fn look_at_name(&mut self, shape: &TableLayout, table: &FoundTable) {
        let Some(default) = shape.names.first() else {
            return;
        };
        if !is_named_so(shape, table) {
            self.missing.push(format!("the name {default}"));
        } else if shape.recognise.telling_name {
            self.tell(format!(
                "Its name is {}, which is nobody else's.",
                table.name
            ));
        } else {
            let sentence = format!("Its name, {}, is a default one.", table.name);
            self.found.push((Weight::OrdinaryName, sentence));
        }
    }

    fn look_at_neighbours(
        &mut self,
        layout: &Layout,
        shape: &TableLayout,
        table: &FoundTable,
        all: &[FoundTable],
    ) {
        for pattern in &shape.recognise.companions {
            let companion = neighbours(table, all)
                .filter(|other| table_fits(pattern, &other.schema, &other.name))
                .find(|other| is_companion(layout, pattern, other));
            match companion {
                Some(other) => self.tell(format!("Its companion {} stands beside it.", other.name)),
                None => self.missing.push(format!("a companion {pattern}")),
            }
        }
    }

    fn look_at_attached(&mut self, shape: &TableLayout, table: &FoundTable) {
        for pattern in &shape.recognise.attached {
            let found = table
                .attached
                .iter()
                .find(|thing| fits(pattern, &thing.name));
            match found {
                Some(thing) => self.tell(format!(
                    "Its {} {} is of the library's making.",
                    kind(thing.kind),
                    thing.name
                )),
                None => self
                    .missing
                    .push(format!("an index, constraint or trigger {pattern}")),
            }
        }
        if shape.recognise.read_from_log {
            let publication = |thing: &&crate::Attachment| thing.kind == Attached::Publication;
            match table.attached.iter().find(publication) {
                Some(thing) => self.tell(format!(
                    "The publication {} hands its changes to a reader of the log.",
                    thing.name
                )),
                None => self.missing.push("a publication of the table".to_owned()),
            }
        }
    }

    fn look_at_columns(&mut self, shape: &TableLayout, table: &FoundTable) {
        for name in &shape.recognise.telling_columns {
            match table.column(name) {
                Some(column) => self.tell(format!("Its column {} is nobody else's.", column.name)),
                None => self.missing.push(format!("a column {name}")),
            }
        }
        for (name, pattern) in &shape.recognise.types {
            let Some(column) = table.column(name) else {
                continue;
            };
            if fits(pattern, &column.sql_type) {
                self.tell(format!(
                    "Its column {} has the type {}.",
                    column.name, column.sql_type
                ));
            }
        }
    }

    fn look_at_rows(&mut self, shape: &TableLayout, table: &FoundTable) {
        for (name, vocabulary) in &shape.recognise.values {
            let values = table.values(name);
            let stranger = values
                .iter()
                .find(|value| !vocabulary.iter().any(|word| word == *value));
            match (values.is_empty(), stranger) {
                (true, _) => {}
                (false, None) => {
                    let sentence = format!("Every {name} is one of the library's words.");
                    self.found.push((Weight::Supporting, sentence));
                }
                (false, Some(stranger)) => self.against.push(format!(
                    "A row has '{stranger}' in {name}, which the library never writes."
                )),
            }
        }
        for (name, members) in &shape.recognise.json_members {
            let values = table.values(name);
            let member = members.iter().find(|member| {
                values
                    .iter()
                    .any(|value| value.contains(&format!("\"{member}\"")))
            });
            match member {
                Some(member) => self.tell(format!("The JSON in {name} has a member {member}.")),
                None if values.is_empty() => {}
                None => self
                    .missing
                    .push(format!("a member {} in {name}", members.join(" or "))),
            }
        }
    }
}

/// A neighbour by name. Where the layout knows its columns, it must have them.
fn is_companion(layout: &Layout, pattern: &str, other: &FoundTable) -> bool {
    let known = layout
        .tables
        .iter()
        .filter(|shape| shape.names.iter().any(|name| same(name, pattern)));
    let mut known = known.peekable();
    known.peek().is_none() || known.any(|shape| Fit::of(shape, other).is_whole())
}

/// Whether a column is spelled as a version spells it; case is the database's.
fn is_spelled(real: &str, name: &str) -> bool {
    real.eq_ignore_ascii_case(name)
}

fn kind(kind: Attached) -> &'static str {
    match kind {
        Attached::Index => "index",
        Attached::Constraint => "constraint",
        Attached::Trigger => "trigger",
        Attached::Publication => "publication",
    }
}
