//! How often a place was heard, by the stretches in which it was read without a gap.

use waybill_model::{Control, PlaceId};

use crate::basis::bearable;

/// What was found at one place in the way in which something is missed there.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    place: PlaceId,
    /// The destination whose copies are meant.
    copies_at: PlaceId,
    stretches: Vec<Stretch>,
    /// Found at any time, and the first of it.
    total: u64,
    /// Missed at any time.
    absent: u64,
    first: i64,
    /// What was found is no chance.
    sure: bool,
}

#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: i64,
    to: i64,
    found: u64,
    absent: u64,
}

impl Heard {
    /// Nothing yet, at a place of which these stretches were read without a gap.
    pub(super) fn new(place: PlaceId, proven: &[(i64, i64)]) -> Self {
        let stretch = |&(from, to): &(i64, i64)| Stretch {
            from,
            to,
            found: 0,
            absent: 0,
        };
        Self {
            place,
            copies_at: place,
            stretches: proven.iter().map(stretch).collect(),
            total: 0,
            absent: 0,
            first: i64::MAX,
            sure: false,
        }
    }

    /// Something of that time was found.
    pub(super) fn find(&mut self, at: i64) {
        self.total += 1;
        self.first = self.first.min(at);
        if let Some(stretch) = self.around(at) {
            stretch.found += 1;
        }
    }

    /// Something of that time was not.
    pub(super) fn miss(&mut self, at: i64) {
        self.absent += 1;
        if let Some(stretch) = self.around(at) {
            stretch.absent += 1;
        }
    }

    /// Says whether chance explains what was found.
    pub(super) fn judge(&mut self, sure: bool) {
        self.sure = sure;
    }

    /// Says which destination's copies are meant.
    pub(super) fn of_copies_at(mut self, destination: PlaceId) -> Self {
        self.copies_at = destination;
        self
    }

    pub(super) fn copies_at(&self) -> PlaceId {
        self.copies_at
    }

    pub(super) fn place(&self) -> PlaceId {
        self.place
    }

    /// Whether anything was found that is no chance, at any time.
    pub(super) fn was_heard(&self) -> bool {
        self.sure && self.total > 0
    }

    /// Whether nearly everything was found.
    pub(super) fn is_nearly_all(&self) -> bool {
        self.absent <= bearable(self.total + self.absent)
    }

    /// When the first of it was found.
    pub(super) fn first(&self) -> i64 {
        self.first
    }

    /// How much was found that chance explains.
    pub(super) fn found_by_chance(&self) -> u64 {
        if self.sure { 0 } else { self.total }
    }

    /// The control for what is missed from `from` on: of its stretch, else of the nearest earlier
    /// one. `missed`: the place missed it, so that it is no neighbour of itself.
    pub(crate) fn control(&self, from: i64, missed: bool) -> Option<Control> {
        if !self.sure {
            return None;
        }
        let until = self
            .stretches
            .partition_point(|stretch| stretch.from <= from);
        let before = self.stretches.get(..until)?;
        let spoke = before.iter().rposition(|stretch| stretch.found > 0)?;
        let earlier = before.get(spoke).is_none_or(|stretch| stretch.to <= from);
        let stretch = before.get(spoke)?;
        let itself = u64::from(missed && !earlier);
        Some(Control {
            place: self.place,
            found: stretch.found,
            of: stretch.found + stretch.absent.saturating_sub(itself),
            earlier,
        })
    }

    fn around(&mut self, at: i64) -> Option<&mut Stretch> {
        let idx = self.stretches.partition_point(|stretch| stretch.to <= at);
        let stretch = self.stretches.get_mut(idx)?;
        (stretch.from <= at).then_some(stretch)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.stretches.capacity() * size_of::<Stretch>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_lies_in_the_same_stretch_or_before_it() {
        let mut heard = Heard::new(PlaceId(1), &[(0, 100), (200, 300), (400, 500)]);
        for at in [10, 20, 210] {
            heard.find(at);
        }
        heard.miss(220);
        heard.judge(true);
        let told = |heard: &Heard, from| {
            let control = heard.control(from, from == 220)?;
            Some((control.found, control.of, control.earlier))
        };
        let said = |from| told(&heard, from);
        assert_eq!(said(50), Some((2, 2, false)));
        assert_eq!(
            said(220),
            Some((1, 1, false)),
            "it is not its own neighbour"
        );
        assert_eq!(said(230), Some((1, 2, false)));
        assert_eq!(said(450), Some((1, 2, true)));
        heard.judge(false);
        assert_eq!(told(&heard, 50), None, "chance");
        let mut late = Heard::new(PlaceId(1), &[(0, 100), (200, 300)]);
        late.find(250);
        late.judge(true);
        assert_eq!(late.control(50, false), None, "it spoke only later");
    }
}
