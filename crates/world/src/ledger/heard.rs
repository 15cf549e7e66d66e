//! What nobody can know because no neighbour shows it: a place counts as silent until something of
//! the flow was found there, and a message from before the oldest row that is kept may have lost
//! its row to whoever cleans the outbox.

use std::collections::BTreeSet;

use waybill_model::{ConsumerVerdict, Micros, PublishVerdict, UnknownReason};

use super::{Entry, Expected};
use crate::MessageIds;
use crate::history::OFF_MICROS;

/// Clocks and the relay's pace, between a row and its message.
const APART_MICROS: i64 = 10_000_000;

/// So many small numbers that are the same on both sides, each near the other in time, are no
/// chance: one that is off in time says nothing, and each of the others halves what is left.
const BEYOND_CHANCE: usize = 8;

/// What the events of a world show of each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    /// The types of rows that have their copy: a destination may take some and not others.
    copies: BTreeSet<String>,
    /// Some change has its row.
    rows: bool,
    /// How much each consumer has processed that is known otherwise.
    processed: [usize; 3],
    /// Ids are numbers that anybody counts up to.
    counted: bool,
    /// When the oldest row was written that is sent and kept.
    kept_since: Option<Micros>,
}

impl Heard {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut heard = Self::default();
        for entry in entries {
            let matched = !matches!(entry.ids, MessageIds::Wrong | MessageIds::Content);
            let heard_of = entry.outbox && entry.has_copies() && entry.open.is_none() && matched;
            heard.copies.extend(heard_of.then(|| entry.kind.clone()));
            heard.counted |= entry.ids == MessageIds::Bigserial;
            heard.rows |= entry.outbox && entry.stored;
            let known = entry.outbox || entry.has_copies();
            for (processed, it) in heard.processed.iter_mut().zip(&entry.consumers) {
                *processed += usize::from(it.processed && known);
            }
            if entry.outbox && (entry.sent || entry.unmarked) {
                let oldest = heard.kept_since.map_or(entry.at, |at| at.min(entry.at));
                heard.kept_since = Some(oldest);
            }
        }
        heard
    }

    /// Adds what is right, too, because nothing shows more.
    pub(super) fn widen(&self, entry: &Entry, mut expected: Expected) -> Expected {
        let no_control = UnknownReason::NoControl;
        let silent = match expected.publish {
            PublishVerdict::LostInPublish => !self.copies.contains(&entry.kind),
            PublishVerdict::Phantom => self.copies.is_empty(),
            PublishVerdict::MissingOutboxRow => !self.rows,
            _ => false,
        };
        let cleaned = match expected.publish {
            PublishVerdict::Phantom | PublishVerdict::MissingOutboxRow => self
                .kept_since
                .is_some_and(|oldest| seems_at(entry).since(oldest) < APART_MICROS),
            _ => false,
        };
        let or = &mut expected.publish_or;
        or.extend(silent.then_some(PublishVerdict::Unknown(no_control)));
        or.extend(cleaned.then_some(PublishVerdict::Unknown(UnknownReason::OutboxCleaned)));
        let consumers = expected.consumers.iter().zip(&mut expected.consumers_or);
        for ((verdict, or), processed) in consumers.zip(self.processed) {
            let silent = processed < if self.counted { BEYOND_CHANCE } else { 1 };
            if *verdict == ConsumerVerdict::LostByConsumer && silent {
                or.push(ConsumerVerdict::Unknown(no_control));
            }
        }
        expected
    }
}

/// When it seems to have been written by the clock of its copies.
fn seems_at(entry: &Entry) -> Micros {
    if entry.copied_early {
        entry.at.plus(-OFF_MICROS)
    } else {
        entry.at
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::event::{Body, ChangeKind, ProductEvent};
    use crate::product::Product;

    /// A row that says sent, written then, with so many copies.
    fn entry(no: u128, at: i64, copies: u32) -> Entry {
        let event = ProductEvent {
            id: Uuid::from_u128(no),
            correlation: Uuid::nil(),
            kind: ChangeKind::Renamed,
            product: Product {
                id: 17,
                version: 3,
                name: "Squeaky duck".to_owned(),
                price_cents: 499,
                removed: false,
            },
            at: Micros(at),
            body: Body::Flat,
        };
        let mut entry = Entry::new(&event, true, true);
        entry.sent = true;
        entry.copies = copies;
        entry
    }

    fn may_be_unknown(entry: &Entry, all: &[Entry]) -> Vec<PublishVerdict> {
        let widened = Heard::of(all).widen(entry, entry.expected());
        widened.publish_or
    }

    #[test]
    fn a_loss_is_known_where_a_neighbour_was_found() {
        let no_control = PublishVerdict::Unknown(UnknownReason::NoControl);
        let all = [entry(1, 0, 0), entry(2, 0, 0)];
        assert_eq!(may_be_unknown(&all[0], &all), [no_control]);
        let all = [entry(1, 0, 0), entry(2, 0, 1)];
        assert_eq!(may_be_unknown(&all[0], &all), []);
    }

    #[test]
    fn a_phantom_is_known_where_rows_were_kept_by_then() {
        let mut phantom = entry(1, 0, 1);
        (phantom.stored, phantom.outbox) = (false, false);
        let later = entry(2, 60_000_000, 1);
        let cleaned = PublishVerdict::Unknown(UnknownReason::OutboxCleaned);
        assert_eq!(
            may_be_unknown(&phantom, std::slice::from_ref(&later)),
            [cleaned]
        );
        let earlier = entry(3, -60_000_000, 1);
        assert_eq!(may_be_unknown(&phantom, &[earlier, later]), []);
    }
}
