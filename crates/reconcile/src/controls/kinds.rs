//! Event types: one destination may take some types and not others.

use waybill_model::Micros;

/// How often copies of one type were found and missed.
#[derive(Debug, Clone, Copy, Default)]
struct Kind {
    found: u64,
    missed: u64,
    /// Not seen, late, and where they should be everything was read.
    due: u64,
    since: Option<i64>,
}

impl Kind {
    fn due_since(&mut self, at: i64) {
        self.due += 1;
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }
}

/// All types, by their number; 0 where none is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinds(Vec<Kind>);

/// What happens less often than this is no accident.
const ACCIDENT: f64 = 0.01;

impl Kinds {
    pub(super) fn find(&mut self, kind: u32) {
        self.of(kind).found += 1;
    }

    /// Its row was written at `at`; whether it is late and would have been seen.
    pub(super) fn miss(&mut self, kind: u32, at: i64, due: bool) {
        let kind = self.of(kind);
        kind.missed += 1;
        if due {
            kind.due_since(at);
        }
    }

    /// Its row was written at `at`, it was not seen where it should be, and arrived all the same.
    pub(super) fn pass_by(&mut self, kind: u32, at: i64) {
        self.of(kind).due_since(at);
    }

    /// Whether a copy of that type was found anywhere.
    pub(super) fn was_found(&self, kind: u32) -> bool {
        kind != 0 && self.get(kind).found > 0
    }

    /// Whether a copy of that type was found; of what tells none, that is nobody's type.
    pub(super) fn is_heard(&self, kind: u32) -> bool {
        kind == 0 || self.was_found(kind)
    }

    /// Whether so many of that type were missed, and none found, that they must go elsewhere.
    pub(super) fn is_silent(&self, kind: u32) -> bool {
        let this = self.get(kind);
        if kind == 0 || this.found > 0 || this.missed < 2 {
            return false;
        }
        let (found, missed) = self
            .0
            .iter()
            .fold((0, 0), |(f, m), it| (f + it.found, m + it.missed));
        let missed = missed - this.missed;
        if found + missed == 0 {
            return false;
        }
        let rate = (missed + 1) as f64 / (found + missed + 2) as f64;
        rate.powf(this.missed as f64) < ACCIDENT
    }

    /// How many of types that were never found are due, and since when; of all types where what was
    /// found counts for nothing.
    pub(super) fn due(&self, found_counts: bool) -> Option<(u64, Micros)> {
        let silent = self.0.iter().filter(|it| it.found == 0 || !found_counts);
        let (mut due, mut since) = (0, None::<i64>);
        for kind in silent {
            due += kind.due;
            since = kind
                .since
                .map(|at| since.map_or(at, |known| known.min(at)))
                .or(since);
        }
        Some((due, Micros(since?)))
    }

    fn get(&self, kind: u32) -> Kind {
        self.0.get(kind as usize).copied().unwrap_or_default()
    }

    fn of(&mut self, kind: u32) -> &mut Kind {
        let idx = kind as usize;
        if idx >= self.0.len() {
            self.0.resize(idx + 1, Kind::default());
        }
        &mut self.0[idx]
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Kind>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(all: &[(u64, u64)]) -> Kinds {
        let mut kinds = Kinds::default();
        for (kind, &(found, missed)) in (1..).zip(all) {
            (0..found).for_each(|_| kinds.find(kind));
            (0..missed).for_each(|_| kinds.miss(kind, 7, true));
        }
        kinds
    }

    #[test]
    fn a_type_of_which_nothing_was_ever_seen_goes_elsewhere() {
        assert!(kinds(&[(40, 0), (0, 5)]).is_silent(2));
        assert!(!kinds(&[(40, 0), (0, 1)]).is_silent(2), "one may be lost");
        assert!(!kinds(&[(40, 0), (1, 5)]).is_silent(2), "it was seen once");
        assert!(!kinds(&[(5, 20), (0, 2)]).is_silent(2), "most are lost");
        assert!(!kinds(&[(0, 20)]).is_silent(1), "nothing to compare with");
        let due = kinds(&[(40, 2), (0, 5)]).due(true);
        assert_eq!(due, Some((5, Micros(7))));
        assert_eq!(kinds(&[(40, 2)]).due(true), None);
    }
}
