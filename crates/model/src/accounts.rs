//! What became of a table's rows, or of a channel's messages: of all that were asked about, not only of
//! those that were taken in.

use serde::{Deserialize, Serialize};

use crate::Micros;

/// A number of rows, as far as they were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "counted", content = "rows")]
pub enum Counted {
    /// So many.
    Exactly(u64),
    /// More than so many: counting ended there.
    MoreThan(u64),
    /// Nobody counted them.
    #[default]
    NotCounted,
}

impl Counted {
    /// Whether it is known that there are some.
    pub fn any(self) -> bool {
        match self {
            Self::Exactly(rows) => rows > 0,
            Self::MoreThan(_) => true,
            Self::NotCounted => false,
        }
    }

    /// `3`, `more than 10000`, `not counted`.
    pub fn in_words(self) -> String {
        match self {
            Self::Exactly(rows) => rows.to_string(),
            Self::MoreThan(rows) => format!("more than {rows}"),
            Self::NotCounted => "not counted".to_owned(),
        }
    }
}

/// Rows that say unsent and lie outside the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Waiting {
    /// How many.
    pub rows: Counted,
    /// The time of the oldest that was counted.
    pub since: Option<Micros>,
}

/// The accounts of one place: of a table all but the last two, of a channel these. `in_window` to
/// `unreadable` are rows that were taken in; those without a time that can be used belong to every
/// window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accounts {
    /// Rows with a time in the window that was asked for.
    pub in_window: u64,
    /// Rows without a time.
    pub no_time: u64,
    /// Rows whose time stands for "none": year 1, 1970, year 9999, infinity.
    pub sentinel: u64,
    /// Rows whose time cannot be read.
    pub unreadable: u64,
    /// One of those times.
    pub example: Option<String>,
    /// Rows before the window.
    pub before: Counted,
    /// The youngest of those before it; `None` where there is none, or nobody knows which it is.
    #[serde(default)]
    pub last_before: Option<Micros>,
    /// Rows after it.
    pub after: Counted,
    /// Of those after it: rows that say sent and lie more than an hour in the future, which nobody
    /// can have written then.
    pub sent_after: u64,
    /// Unsent rows before the window; `None` where the table does not say whether a row was sent.
    pub unsent_before: Option<Waiting>,
    /// Unsent rows after it.
    pub unsent_after: Option<Waiting>,
    /// What its numbers were taken for, where that is not the usual: `julian days`.
    pub times_are: Option<String>,
    /// Messages that say that they are another's than the flow's `where` asks for: left out.
    #[serde(default)]
    pub of_others: u64,
    /// Messages that do not carry what `where` asks for, and were taken in.
    #[serde(default)]
    pub whose_unknown: u64,
    /// In which zone its times are read that name none, where that is not UTC, and why.
    #[serde(default)]
    pub zone: Option<String>,
    /// No column of it holds a time: what was read is all there was, whatever the window.
    #[serde(default)]
    pub timeless: bool,
}

impl Accounts {
    /// Takes in what a later read of the same table told: it counts only what it has read itself.
    pub fn add(&mut self, later: Self) {
        self.in_window += later.in_window;
        self.no_time += later.no_time;
        self.sentinel += later.sentinel;
        self.unreadable += later.unreadable;
        self.example = self.example.take().or(later.example);
        self.times_are = later.times_are.or(self.times_are.take());
        self.of_others += later.of_others;
        self.whose_unknown += later.whose_unknown;
        self.zone = later.zone.or(self.zone.take());
        self.timeless |= later.timeless;
    }

    /// Rows that were taken in and could not be placed in time.
    pub fn untimed(&self) -> u64 {
        self.no_time + self.sentinel + self.unreadable
    }

    /// What a reader must know of the rows that are not in the window and of the messages that do not
    /// count, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let waiting = [
            (self.unsent_before, "older", "before the window"),
            (self.unsent_after, "later", "after the window"),
        ];
        let mut told: Vec<String> = waiting
            .into_iter()
            .filter_map(|(waiting, which, place)| unsent(waiting?, which, place))
            .collect();
        if self.sent_after > 0 {
            told.push(format!(
                "{} say sent and lie more than an hour in the future: their time is not when they were written",
                rows(self.sent_after, "row", "rows")
            ));
        }
        told.extend(self.without_time());
        if let Some(form) = &self.times_are {
            told.push(format!("its times are taken for {form}"));
        }
        told.extend(self.whose());
        told.extend(self.zone.clone());
        told
    }

    fn whose(&self) -> Vec<String> {
        let others = (self.of_others > 0).then(|| {
            format!(
                "{} of others left out: where of its flow says whose count",
                rows(self.of_others, "message", "messages")
            )
        });
        let unknown = (self.whose_unknown > 0).then(|| {
            format!(
                "{} not carry what where of its flow asks for: without a row nobody can say whose",
                rows(self.whose_unknown, "message does", "messages do")
            )
        });
        others.into_iter().chain(unknown).collect()
    }

    fn without_time(&self) -> Option<String> {
        if self.timeless {
            return Some(format!(
                "none of its columns holds the time of a row: {} there {} read, whatever the window",
                rows(self.no_time, "row that is", "rows that are"),
                if self.no_time == 1 { "was" } else { "were" },
            ));
        }
        let example = self.example.as_deref().map(|text| format!(" ('{text}')"));
        let unreadable = format!("one that cannot be read{}", example.unwrap_or_default());
        let parts = [
            (self.no_time, "none at all".to_owned()),
            (self.sentinel, "one that stands for none".to_owned()),
            (self.unreadable, unreadable),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let total = rows(self.untimed(), "row carries", "rows carry");
        (!parts.is_empty())
            .then(|| format!("{total} no time that can be used: {}", parts.join(", ")))
    }
}

fn unsent(waiting: Waiting, which: &str, place: &str) -> Option<String> {
    let since = waiting.since.map(|at| format!(", from {at} on"));
    let since = since.unwrap_or_default();
    match waiting.rows {
        Counted::Exactly(0) => None,
        Counted::Exactly(1) => Some(format!("1 {which} row waits unsent{since}")),
        Counted::Exactly(_) | Counted::MoreThan(_) => Some(format!(
            "{} {which} rows wait unsent{since}",
            waiting.rows.in_words()
        )),
        Counted::NotCounted => Some(format!("unsent rows {place} were not counted")),
    }
}

fn rows(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_told() {
        let accounts = Accounts {
            in_window: 30,
            no_time: 1,
            unreadable: 2,
            example: Some("yesterday".to_owned()),
            before: Counted::MoreThan(10_000),
            after: Counted::Exactly(0),
            unsent_before: Some(Waiting {
                rows: Counted::Exactly(3),
                since: Some(Micros(1_795_183_392_418_000)),
            }),
            unsent_after: Some(Waiting::default()),
            of_others: 30,
            whose_unknown: 1,
            ..Accounts::default()
        };
        assert_eq!(
            accounts.sentences(),
            [
                "3 older rows wait unsent, from 2026-11-20T14:03:12.418Z on",
                "unsent rows after the window were not counted",
                "3 rows carry no time that can be used: 1 none at all, 2 one that cannot be read ('yesterday')",
                "30 messages of others left out: where of its flow says whose count",
                "1 message does not carry what where of its flow asks for: without a row nobody can say whose",
            ]
        );
        assert!(Accounts::default().sentences().is_empty());
    }
}
