//! How often the engine asks the tables while it follows, and how many times it had to ask.

use std::collections::BTreeMap;

use waybill_model::{Coverage, Micros, PlaceRole};
use waybill_protocol::Status;

/// The polls that were judged, in their order.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    seen: Vec<Poll>,
}

#[derive(Debug, Clone, Copy)]
struct Poll {
    /// What was there by then it has seen. A poll that began before the end of a grace says
    /// nothing about what is late then, even when it ends after it.
    began: Micros,
    /// Every transaction up to here had ended.
    settled: Micros,
    /// When its verdicts were there.
    ended: Micros,
}

/// What became of the verdict on one event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// When its grace had passed.
    pub(crate) due: Micros,
    /// When it was confirmed.
    pub(crate) confirmed: Micros,
    /// Whether a transaction that began within the grace may still turn it. How far reading must
    /// lag behind those is part of the grace.
    pub(crate) rests_on_tables: bool,
}

impl Polls {
    /// Takes in how things stand.
    pub(crate) fn look(&mut self, status: &Status) {
        let mut places = status.places.iter();
        let outbox = places.find(|place| place.place.role == PlaceRole::Outbox);
        let Some((covered, began)) = outbox.and_then(|it| it.window.zip(status.seen_until)) else {
            return;
        };
        let settled = covered.to.plus(Coverage::ROW_LEAD_MICROS);
        if self.seen.last().is_none_or(|poll| poll.began < began) {
            self.seen.push(Poll {
                began,
                settled,
                ended: status.now,
            });
        }
    }

    /// Seconds between two polls.
    pub(crate) fn apart(&self) -> Vec<f64> {
        let pairs = self.seen.windows(2);
        let apart = pairs.filter_map(|pair| match pair {
            [one, next] => Some(next.began.since(one.began) as f64 / 1e6),
            _ => None,
        });
        apart.collect()
    }

    /// How many polls it took from the end of the grace on, of those that could know.
    pub(crate) fn until(&self, answer: Answer) -> usize {
        let could_know = |poll: &&Poll| !answer.rests_on_tables || answer.due <= poll.settled;
        self.between(answer).filter(could_know).count()
    }

    /// How many more there were, which found a transaction that had begun within the grace and had
    /// not ended: it might have been about this event.
    pub(crate) fn in_vain(&self, answer: Answer) -> usize {
        self.between(answer).count() - self.until(answer)
    }

    fn between(&self, answer: Answer) -> impl Iterator<Item = &Poll> {
        let between =
            move |poll: &&Poll| answer.due <= poll.began && poll.ended <= answer.confirmed;
        self.seen.iter().filter(between)
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

    /// Polls at these seconds, each with the second up to which transactions had ended. They take
    /// no time.
    fn polls(seen: &[(i64, i64)]) -> Polls {
        let seen = seen.iter().map(|&(began, settled)| Poll {
            began: Micros(began * 1_000_000),
            settled: Micros(settled * 1_000_000),
            ended: Micros(began * 1_000_000),
        });
        Polls {
            seen: seen.collect(),
        }
    }

    fn answer(due: i64, confirmed: i64, rests_on_tables: bool) -> Answer {
        Answer {
            due: Micros(due * 1_000_000),
            confirmed: Micros(confirmed * 1_000_000),
            rests_on_tables,
        }
    }

    #[test]
    fn polls_count_from_the_end_of_the_grace_to_the_answer() {
        let polls = polls(&[(10, 10), (20, 20), (30, 30), (40, 40)]);
        assert_eq!(polls.until(answer(11, 30, true)), 2);
        assert_eq!(polls.until(answer(10, 35, true)), 3);
        assert_eq!(polls.until(answer(30, 31, false)), 1);
        assert_eq!(polls.until(answer(31, 39, false)), 0);
    }

    #[test]
    fn polls_that_find_an_open_transaction_cannot_know() {
        let polls = polls(&[(10, 10), (20, 14), (30, 14), (40, 40), (50, 50)]);
        let counts = |answer| (polls.until(answer), polls.in_vain(answer));
        assert_eq!(counts(answer(15, 50, true)), (2, 2), "open since 14");
        assert_eq!(counts(answer(15, 50, false)), (4, 0));
        assert_eq!(counts(answer(13, 30, true)), (2, 0));
    }
}
