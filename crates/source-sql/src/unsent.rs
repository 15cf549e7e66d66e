//! Which rows were seen unsent (of an inbox: unprocessed), so that the next read can ask what became of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use waybill_model::{Marks, Micros};

/// How many runs of numbers are kept apart.
const MAX_RUNS: usize = 4000;

/// How many keys that are no numbers are remembered.
const MAX_KEYS: usize = 10_000;

/// Rows whose state may still change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unsent {
    /// Runs of numbers with the same marks: first number to last number and marks.
    /// `None`: the marks in the run differ.
    #[serde(default)]
    runs: BTreeMap<i64, (i64, Option<Marks>)>,
    /// Keys that are no numbers, with their marks.
    #[serde(default)]
    keys: BTreeMap<String, Marks>,
    /// Some keys were not remembered: the oldest of them is from then.
    #[serde(default)]
    forgotten_since: Option<Micros>,
}

/// The marks that say in which state a row is.
pub(crate) const STATE: Marks = Marks::SENT.union(Marks::FAILED).union(Marks::ATTEMPTED);

/// Whether nothing more is expected of a row: an inbox row with an error beside its time of
/// processing may be tried again.
fn is_done(state: Marks) -> bool {
    state.contains(Marks::SENT) && !state.contains(Marks::FAILED)
}

impl Unsent {
    /// A row that is ordered by its number was seen.
    pub(crate) fn see_number(&mut self, number: i64, marks: Marks) {
        let state = marks & STATE;
        self.forget_number(number);
        if is_done(state) {
            return;
        }
        // A backlog is one long run, so half a million waiting rows are a few bytes.
        if let Some((_, (to, known))) = self.runs.range_mut(..=number).next_back()
            && *known == Some(state)
            && *to == number.wrapping_sub(1)
        {
            *to = number;
            return;
        }
        self.runs.insert(number, (number, Some(state)));
        if self.runs.len() > MAX_RUNS {
            self.merge_neighbours();
        }
    }

    /// A row that is ordered by its time was seen.
    pub(crate) fn see_key(&mut self, key: &str, at: Micros, marks: Marks) {
        let state = marks & STATE;
        if is_done(state) {
            self.keys.remove(key);
        } else if let Some(known) = self.keys.get_mut(key) {
            *known = state;
        } else if self.keys.len() < MAX_KEYS {
            self.keys.insert(key.to_owned(), state);
        } else {
            self.forgotten_since = Some(self.forgotten_since.map_or(at, |since| since.min(at)));
        }
    }

    /// The runs to ask about.
    pub(crate) fn runs(&self) -> Vec<(i64, i64)> {
        self.runs
            .iter()
            .map(|(from, (to, _))| (*from, *to))
            .collect()
    }

    /// The keys to ask about.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// From when on sent rows have to be looked at, because not all unsent ones are remembered.
    pub(crate) fn forgotten_since(&self) -> Option<Micros> {
        self.forgotten_since
    }

    /// Everything is remembered again.
    pub(crate) fn forget_none(&mut self) {
        self.forgotten_since = None;
    }

    /// Whether a row in this state is news.
    pub(crate) fn is_news_number(&self, number: i64, marks: Marks) -> bool {
        match self.runs.range(..=number).next_back() {
            Some((_, (to, known))) if number <= *to => *known != Some(marks & STATE),
            _ => false,
        }
    }

    /// Whether a row in this state is news.
    pub(crate) fn is_news_key(&self, key: &str, marks: Marks) -> bool {
        self.keys
            .get(key)
            .is_some_and(|known| *known != marks & STATE)
    }

    /// A key has no row any more.
    pub(crate) fn forget_key(&mut self, key: &str) {
        self.keys.remove(key);
    }

    fn forget_number(&mut self, number: i64) {
        let Some((&from, &(to, known))) = self.runs.range(..=number).next_back() else {
            return;
        };
        if number > to {
            return;
        }
        self.runs.remove(&from);
        if from < number {
            self.runs.insert(from, (number - 1, known));
        }
        if number < to {
            self.runs.insert(number + 1, (to, known));
        }
    }

    fn merge_neighbours(&mut self) {
        let runs: Vec<_> = std::mem::take(&mut self.runs).into_iter().collect();
        for pair in runs.chunks(2) {
            let (from, (mut to, mut marks)) = pair[0];
            if let Some((_, (last, _))) = pair.get(1) {
                (to, marks) = (*last, None);
            }
            self.runs.insert(from, (to, marks));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rows: &[(i64, Marks)]) -> Unsent {
        let mut unsent = Unsent::default();
        for (number, marks) in rows {
            unsent.see_number(*number, *marks);
        }
        unsent
    }

    const NEW: Marks = Marks::empty();

    #[test]
    fn a_backlog_is_a_few_runs() {
        let unsent = seen(&[
            (1, Marks::SENT),
            (2, NEW),
            (3, NEW),
            (4, Marks::ATTEMPTED),
            (5, NEW),
            (7, NEW),
        ]);
        assert_eq!(unsent.runs(), [(2, 3), (4, 4), (5, 5), (7, 7)]);
    }

    #[test]
    fn only_a_changed_state_is_news() {
        let mut unsent = seen(&[(2, NEW), (3, NEW), (4, NEW)]);
        assert!(!unsent.is_news_number(3, Marks::NOT_UTF8));
        assert!(unsent.is_news_number(3, Marks::ATTEMPTED));
        assert!(
            !unsent.is_news_number(9, Marks::SENT),
            "it was never unsent"
        );
        unsent.see_number(3, Marks::SENT);
        assert_eq!(unsent.runs(), [(2, 2), (4, 4)]);
        assert!(!unsent.is_news_number(3, Marks::SENT), "told already");
    }

    #[test]
    fn too_many_runs_are_merged_and_then_everything_in_them_is_news() {
        let rows: Vec<_> = (0..10_000).map(|n| (n * 3, NEW)).collect();
        let unsent = seen(&rows);
        assert!(unsent.runs().len() <= MAX_RUNS);
        assert!(unsent.is_news_number(0, NEW));
        let last = unsent.runs().last().copied().expect("there are runs");
        assert_eq!(last.1, 29_997);
    }

    #[test]
    fn keys_beyond_the_limit_are_asked_for_by_time() {
        let mut unsent = Unsent::default();
        for n in 0..=MAX_KEYS {
            unsent.see_key(
                &n.to_string(),
                Micros(i64::try_from(n).expect("small")),
                NEW,
            );
        }
        assert_eq!(unsent.keys().len(), MAX_KEYS);
        assert_eq!(unsent.forgotten_since(), Some(Micros(10_000)));
        assert!(unsent.is_news_key("7", Marks::SENT));
        unsent.see_key("7", Micros(7), Marks::SENT);
        assert!(!unsent.is_news_key("7", Marks::SENT));
    }
}
