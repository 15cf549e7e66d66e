//! Inbox rows that say of themselves that they are not processed: received, waiting, failed.
//!
//! They lie among the further observations and never in an inbox's track, so that whoever asks when
//! a consumer processed an event cannot take one for the other.

use waybill_model::{ConsumerNo, Marks, PlaceRole};

use super::events::Extra;
use super::{Added, Events, Spot, State};

/// What an inbox holds of an event it has not processed; the first of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    /// A row that failed.
    Failed,
    /// A row that waits.
    Waiting,
    /// There was one, and it is gone.
    Gone,
}

impl Held {
    fn of(marks: Marks) -> Self {
        if marks.contains(Marks::GONE) {
            Self::Gone
        } else if marks.contains(Marks::FAILED) {
            Self::Failed
        } else {
            Self::Waiting
        }
    }
}

/// Whether an inbox row that tells its state says that it was processed. One that has an error
/// beside its time of processing was not.
fn says_processed(marks: Marks) -> bool {
    marks.contains(Marks::SENT) && !marks.contains(Marks::FAILED)
}

impl Events {
    /// Whether this is an inbox row of an event that is not processed.
    pub(crate) fn is_held(&self, role: PlaceRole, marks: Marks) -> bool {
        let PlaceRole::Inbox(consumer) = role else {
            return false;
        };
        let tells = self.inboxes_tell.get(usize::from(consumer.0));
        tells == Some(&true) && !says_processed(marks)
    }

    /// What a consumer's inbox holds of an event, apart from rows that are processed.
    pub(crate) fn held(&self, no: u32, consumer: ConsumerNo) -> Option<Held> {
        if !self.is_plural(no) {
            return None;
        }
        self.held_rows(no, consumer)
            .map(|spot| Held::of(spot.marks))
            .min()
    }

    /// The earliest sign of a consumer having received an event, apart from rows that are processed.
    pub(crate) fn held_at(&self, no: u32, consumer: ConsumerNo) -> Option<i64> {
        self.held_rows(no, consumer).map(|spot| spot.at).min()
    }

    fn held_rows(&self, no: u32, consumer: ConsumerNo) -> impl Iterator<Item = &Spot<'static>> {
        let wanted = PlaceRole::Inbox(consumer);
        let spots = self.members(no).flat_map(|member| self.extra_spots(member));
        spots
            .filter(move |(role, spot)| *role == wanted && self.is_held(*role, spot.marks))
            .map(|(_, spot)| spot)
    }

    /// Further rows of a consumer's inbox that are processed.
    pub(super) fn further_processed(
        &self,
        no: u32,
        consumer: ConsumerNo,
    ) -> impl Iterator<Item = &Spot<'static>> {
        let wanted = PlaceRole::Inbox(consumer);
        self.extra_spots(no)
            .filter(move |(role, spot)| *role == wanted && !self.is_held(*role, spot.marks))
            .map(|(_, spot)| spot)
    }

    /// Keeps a row that is not processed. What was seen processed once was processed, whatever
    /// became of its row.
    pub(super) fn hold(&mut self, no: u32, role: PlaceRole, id: &str, spot: &Spot<'_>) -> Added {
        let PlaceRole::Inbox(consumer) = role else {
            return self.add_extra(no, role, spot);
        };
        let track = self.inboxes.get(usize::from(consumer.0));
        let first = track.is_some_and(|track| track.holds(no, id, spot));
        let further = || {
            let mut further = self.further_processed(no, consumer);
            further.any(|known| known.same_coordinate(spot))
        };
        if first || further() {
            return Added::Known;
        }
        match self.add_extra(no, role, spot) {
            Added::New | Added::Moved => Added::Held,
            same => same,
        }
    }

    /// Forgets that this row was not processed: it is by now.
    pub(super) fn no_longer_held(&mut self, no: u32, role: PlaceRole, spot: &Spot<'_>) {
        if !self.is(no, State::EXTRAS) || !matches!(role, PlaceRole::Inbox(_)) {
            return;
        }
        let Some(mut extras) = self.extras.remove(&no) else {
            return;
        };
        let is_it = |extra: &Extra| {
            extra.role == role
                && extra.spot.same_coordinate(spot)
                && self.is_held(role, extra.spot.marks)
        };
        extras.retain(|extra| !is_it(extra));
        self.extras.insert(no, extras);
    }

    /// Notes that no row is there any more of those that a consumer's inbox held of an event.
    pub(crate) fn hold_no_more(&mut self, no: u32, consumer: ConsumerNo) {
        let role = PlaceRole::Inbox(consumer);
        let members: Vec<u32> = self.members(no).collect();
        for member in members {
            let Some(mut extras) = self.extras.remove(&member) else {
                continue;
            };
            for extra in extras.iter_mut().filter(|extra| extra.role == role) {
                if self.is_held(role, extra.spot.marks) {
                    extra.spot.marks |= Marks::GONE;
                }
            }
            self.extras.insert(member, extras);
        }
        self.unmark(no, State::SETTLED);
    }
}
