//! The outbox rows of an event: nearly always one, for some one for each destination.

use waybill_model::{Content, Marks, NO_DESTINATION, PlaceRole};

use super::{Events, Spot, State};

impl Events {
    /// When the outbox row was written (the oldest one, where there are several).
    pub(crate) fn outbox_at(&self, no: u32) -> Option<i64> {
        let first = self.outbox.at(no, self.base(no))?;
        if !self.is(no, State::EXTRAS) {
            return Some(first);
        }
        let others = self
            .extra_spots(no)
            .filter(|(role, _)| *role == PlaceRole::Outbox);
        Some(others.map(|(_, spot)| spot.at).fold(first, Ord::min))
    }

    /// From when on its outbox row is to be sent (the first of them, where there are several).
    pub(crate) fn due(&self, no: u32) -> i64 {
        let first = self.outbox.due(no);
        if !self.is(no, State::EXTRAS) {
            return first;
        }
        let others = self
            .extra_spots(no)
            .filter(|(role, _)| *role == PlaceRole::Outbox);
        others.map(|(_, spot)| spot.due).fold(first, Ord::min)
    }

    /// When each of its outbox rows was written, what was noticed about it, and from when on it is
    /// to be sent.
    pub(crate) fn rows(&self, no: u32) -> impl Iterator<Item = (i64, Marks, i64)> {
        let first = self.outbox.at(no, self.base(no));
        let first = first.map(|at| (at, self.outbox.marks(no), self.outbox.due(no)));
        let others = self
            .extra_spots(no)
            .filter(|(role, _)| *role == PlaceRole::Outbox);
        first
            .into_iter()
            .chain(others.map(|(_, spot)| (spot.at, spot.marks, spot.due)))
    }

    /// Whether it has an outbox row that says the same of where it is to be sent.
    pub(crate) fn has_row_for(&self, no: u32, destination: u32) -> bool {
        let first = self.outbox.has(no) && self.outbox.partition(no) == destination;
        first
            || self
                .further_rows(no)
                .any(|spot| spot.partition == destination)
    }

    /// Where its rows are to be sent, where it has rows for several destinations; else nothing.
    pub(crate) fn destinations(&self, no: u32) -> Vec<u32> {
        if !self.is(no, State::EXTRAS) || !self.outbox.has(no) {
            return Vec::new();
        }
        let first = self.outbox.partition(no);
        let further = self.further_rows(no).map(|spot| spot.partition);
        let mut all: Vec<u32> = std::iter::once(first).chain(further).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() < 2 || all.contains(&NO_DESTINATION) {
            all.clear();
        }
        all
    }

    /// Where its only row is to be sent, as far as it says.
    pub(crate) fn destination(&self, no: u32) -> u32 {
        match self.outbox.has(no) {
            true => self.outbox.partition(no),
            false => NO_DESTINATION,
        }
    }

    /// Its rows for one destination: when each was written, its marks, and when it is to be sent.
    pub(crate) fn rows_for(
        &self,
        no: u32,
        destination: u32,
    ) -> impl Iterator<Item = (i64, Marks, i64)> {
        let outbox = &self.outbox;
        let first = outbox.at(no, self.base(no));
        let first = first.filter(|_| outbox.partition(no) == destination);
        let first = first.map(|at| (at, outbox.marks(no), outbox.due(no)));
        let further = self.further_rows(no);
        let further = further.filter(move |spot| spot.partition == destination);
        first
            .into_iter()
            .chain(further.map(|spot| (spot.at, spot.marks, spot.due)))
    }

    /// Its outbox rows beyond the first.
    fn further_rows(&self, no: u32) -> impl Iterator<Item = &Spot<'static>> {
        let rows = self.extra_spots(no);
        rows.filter(|(role, _)| *role == PlaceRole::Outbox)
            .map(|(_, spot)| spot)
    }

    /// What each of its outbox rows says.
    pub(crate) fn row_contents(&self, no: u32) -> impl Iterator<Item = Content> {
        let first = self.outbox.has(no).then(|| self.outbox.content(no));
        let others = self
            .extra_spots(no)
            .filter(|(role, _)| *role == PlaceRole::Outbox);
        first
            .into_iter()
            .chain(others.map(|(_, spot)| spot.content))
    }

    /// The marks of all outbox rows of the event.
    pub(crate) fn outbox_marks(&self, no: u32) -> Marks {
        if !self.is(no, State::EXTRAS) {
            return self.outbox.marks(no);
        }
        let others = self
            .extra_spots(no)
            .filter(|(role, _)| *role == PlaceRole::Outbox);
        others.fold(self.outbox.marks(no), |all, (_, spot)| all | spot.marks)
    }
}
