//! Finds the line of a value in a profile's text.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A profile's text and its tree, to point at lines.
pub(super) struct Lines<'a> {
    text: &'a str,
    tree: Option<Spanned<DeTable<'a>>>,
}

/// One step into the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Nth(usize),
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            tree: DeTable::parse(text).ok(),
        }
    }

    /// The line a byte lies in, from 1.
    pub(super) fn of_byte(&self, at: usize) -> u32 {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks + 1).unwrap_or(u32::MAX)
    }

    /// The line of a value; of the nearest thing above it when it is not written; 0 when nothing is.
    pub(super) fn of_path(&self, path: &[Step<'_>]) -> u32 {
        let Some(tree) = &self.tree else { return 0 };
        let mut found: Option<Range<usize>> = None;
        let mut here = Here::Table(tree.get_ref());
        for step in path {
            let Some((span, next)) = here.step(*step) else {
                break;
            };
            found = Some(span);
            here = next;
        }
        found.map_or(0, |span| self.of_byte(span.start))
    }
}

enum Here<'t, 'a> {
    Table(&'t DeTable<'a>),
    Value(&'t DeValue<'a>),
}

impl<'t, 'a> Here<'t, 'a> {
    fn step(&self, step: Step<'_>) -> Option<(Range<usize>, Self)> {
        match step {
            Step::Key(key) => {
                let table = match self {
                    Self::Table(table) => table,
                    Self::Value(value) => value.as_table()?,
                };
                let (key, value) = table
                    .iter()
                    .find(|(name, _)| name.get_ref().as_ref() == key)?;
                Some((key.span(), Self::Value(value.get_ref())))
            }
            Step::Nth(nth) => {
                let Self::Value(value) = self else {
                    return None;
                };
                let value = value.as_array()?.get(nth)?;
                Some((value.span(), Self::Value(value.get_ref())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Step::{Key, Nth};
    use super::*;

    const TEXT: &str = "name = 'toys'\n\n[broker]\nurl = 'kafka://x'\n\n[[flow]]\nname = 'a'\n\n[[flow]]\nname = 'b'\n\n[[flow.consumer]]\nname = 'search'\n";

    #[test]
    fn values_are_found_in_tables_and_lists_of_tables() {
        let lines = Lines::of(TEXT);
        for (path, line) in [
            (vec![Key("name")], 1),
            (vec![Key("broker"), Key("url")], 4),
            (vec![Key("flow"), Nth(0), Key("name")], 7),
            (vec![Key("flow"), Nth(1)], 9),
            (
                vec![Key("flow"), Nth(1), Key("consumer"), Nth(0), Key("name")],
                13,
            ),
            (vec![Key("broker"), Key("secret")], 3),
            (vec![Key("outbox")], 0),
        ] {
            assert_eq!(lines.of_path(&path), line, "{path:?}");
        }
    }
}
