//! What a careful person would tell of a whole company.

use waybill_model::{ConsumerVerdict, Micros, PublishVerdict};

use super::{Expected, Ledger};
use crate::ConsumerName;

/// Where the company is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Vantage {
    /// Where its events are looked for.
    pub(crate) destination: String,
    /// What is looked at can tell since when it listens.
    pub(crate) hears: bool,
    /// Who is attached can be seen.
    pub(crate) sees_readers: bool,
}

impl Ledger {
    /// The sentences, in no order. They are about small worlds: nothing but what is so for many is
    /// told.
    pub(crate) fn findings(&self, vantage: &Vantage) -> Vec<String> {
        let expected: Vec<Expected> = self.expected().collect();
        let mut told = Vec::new();
        told.extend(self.silent(vantage));
        let stuck = count(&expected, |it| {
            matches!(it.publish, PublishVerdict::Stuck(_))
        });
        told.extend(sentence(stuck, "is stuck", "are stuck", "in the outbox"));
        let unknown = count(&expected, |it| {
            it.publish == PublishVerdict::LostInPublish && !it.publish_or.is_empty()
        });
        let beyond = "beyond what can be known";
        told.extend(sentence(unknown, "is", "are", beyond));
        for consumer in ConsumerName::ALL {
            told.extend(waiting(&expected, consumer, vantage));
        }
        told
    }

    /// Rows that say sent, of which nothing was ever seen where they should be.
    fn silent(&self, vantage: &Vantage) -> Option<String> {
        if !vantage.hears || self.entries.iter().any(|entry| entry.has_copies()) {
            return None;
        }
        let rows = self.entries.iter().filter(|it| it.outbox && it.sent);
        let since = rows.clone().map(|row| row.at).min()?;
        let (rows, none) = match rows.count() {
            1 => ("1 row says".to_owned(), "it was never"),
            n => (format!("{n} rows say"), "none was ever"),
        };
        Some(format!(
            "{rows} sent since {} UTC, {none} seen at {}: follow and make one event, name another \
             destination, or show one message that was received",
            clock(since),
            vantage.destination
        ))
    }
}

/// What waits for a consumer that does nothing, and that it is late.
fn waiting(expected: &[Expected], consumer: ConsumerName, vantage: &Vantage) -> Vec<String> {
    let n = count(expected, |it| {
        let verdict = it.consumers.get(consumer.index());
        matches!(verdict, Some(ConsumerVerdict::Lagging(_)))
    });
    let why = if vantage.sees_readers {
        format!("for {consumer}, to which nobody is attached")
    } else {
        format!("for {consumer}, which has never consumed")
    };
    let late = sentence(n, "is", "are", "late and still on").map(|it| {
        let its = if n == 1 { "its" } else { "their" };
        format!("{it} {its} way")
    });
    let waits = sentence(n, "waits", "wait", &why);
    late.into_iter().chain(waits).collect()
}

fn sentence(n: usize, one: &str, many: &str, rest: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 event {one} {rest}")),
        n => Some(format!("{n} events {many} {rest}")),
    }
}

fn count(expected: &[Expected], is_so: impl Fn(&Expected) -> bool) -> usize {
    expected.iter().filter(|it| is_so(it)).count()
}

/// `09:12:00`
fn clock(at: Micros) -> String {
    let secs = at.0.div_euclid(1_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}
