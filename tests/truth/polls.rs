//! How often the engine asks the tables while it follows, and how many times it had to ask.

use std::collections::BTreeMap;

use waybill_model::{Coverage, Micros, PlaceRole};
use waybill_protocol::Status;

/// Two pages of one poll are read within so much; polls are at least a second apart.
const PAGES_MICROS: i64 = 500_000;

/// The polls of the outbox that were seen, in their order.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    /// How much had been read of it, by which a poll is told.
    read: u64,
    seen: Vec<Poll>,
}

#[derive(Debug, Clone, Copy)]
struct Poll {
    at: Micros,
    /// Every transaction up to here had ended.
    settled: Micros,
}

/// What became of the verdict on one event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// When its grace had passed.
    pub(crate) due: Micros,
    /// When it was confirmed.
    pub(crate) confirmed: Micros,
}

impl Polls {
    /// Takes in how things stand.
    pub(crate) fn look(&mut self, status: &Status) {
        let mut places = status.places.iter();
        let outbox = places.find(|place| place.place.role == PlaceRole::Outbox);
        let Some((outbox, covered)) = outbox.and_then(|it| Some((it, it.window?))) else {
            return;
        };
        // What came last is read again by every poll, page by page.
        if outbox.progress.done == self.read {
            return;
        }
        self.read = outbox.progress.done;
        let poll = Poll {
            at: status.now,
            settled: covered.to.plus(Coverage::ROW_LEAD_MICROS),
        };
        match self.seen.last_mut() {
            Some(same) if poll.at.since(same.at) < PAGES_MICROS => *same = poll,
            _ => self.seen.push(poll),
        }
    }

    /// Seconds between two polls.
    pub(crate) fn apart(&self) -> Vec<f64> {
        let pairs = self.seen.windows(2);
        let apart = pairs.filter_map(|pair| match pair {
            [one, next] => Some(next.at.since(one.at) as f64 / 1e6),
            _ => None,
        });
        apart.collect()
    }

    /// How many polls it took from the end of the grace on.
    pub(crate) fn until(&self, answer: Answer) -> usize {
        let polls = self.seen.iter();
        let between = |poll: &&Poll| answer.due < poll.at && poll.at <= answer.confirmed;
        polls.filter(between).count()
    }

    /// Whether the first poll after the grace found a transaction that had begun within it and had
    /// not ended: it might have been about this event.
    pub(crate) fn was_held_back(&self, answer: Answer) -> bool {
        let after = self.seen.iter().find(|poll| answer.due < poll.at);
        after.is_some_and(|poll| poll.settled < answer.due)
    }
}

/// How many events took so many polls.
pub(crate) fn spread(polls: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
    let mut spread = BTreeMap::new();
    for polls in polls {
        *spread.entry(polls).or_default() += 1;
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polls at these seconds, each with the second up to which transactions had ended.
    fn polls(seen: &[(i64, i64)]) -> Polls {
        let seen = seen.iter().map(|&(at, settled)| Poll {
            at: Micros(at * 1_000_000),
            settled: Micros(settled * 1_000_000),
        });
        Polls {
            read: 0,
            seen: seen.collect(),
        }
    }

    fn answer(due: i64, confirmed: i64) -> Answer {
        Answer {
            due: Micros(due * 1_000_000),
            confirmed: Micros(confirmed * 1_000_000),
        }
    }

    #[test]
    fn polls_count_from_the_end_of_the_grace_to_the_answer() {
        let polls = polls(&[(10, 10), (20, 20), (30, 30), (40, 40)]);
        assert_eq!(polls.until(answer(10, 30)), 2);
        assert_eq!(polls.until(answer(9, 35)), 3);
        assert_eq!(polls.until(answer(30, 31)), 0);
    }

    #[test]
    fn an_open_transaction_is_seen_by_the_first_poll() {
        let polls = polls(&[(10, 10), (20, 14), (30, 30)]);
        assert!(polls.was_held_back(answer(15, 40)), "open since 14");
        assert!(!polls.was_held_back(answer(13, 40)));
        assert!(!polls.was_held_back(answer(25, 40)));
    }
}
