//! The copies of an event on the broker: those under its own id, and those of its kin.

use waybill_model::{Content, Marks, PlaceId, PlaceRole};

use super::{Events, State};

/// One copy on the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyRef {
    pub(crate) place: PlaceId,
    pub(crate) partition: u32,
    pub(crate) position: i64,
    pub(crate) at: i64,
    pub(crate) marks: Marks,
    pub(crate) content: Content,
}

/// Copies of one event. Nearly every event has one at most, so what there is beyond the first is
/// only looked for where there is any.
pub(crate) struct Copies<'a> {
    first: Option<CopyRef>,
    others: Option<Box<dyn Iterator<Item = CopyRef> + 'a>>,
}

impl<'a> Copies<'a> {
    fn new(first: Option<CopyRef>, others: Option<impl Iterator<Item = CopyRef> + 'a>) -> Self {
        let others = others.map(|others| -> Box<dyn Iterator<Item = CopyRef>> { Box::new(others) });
        Self { first, others }
    }
}

impl Iterator for Copies<'_> {
    type Item = CopyRef;

    fn next(&mut self) -> Option<CopyRef> {
        let first = self.first.take();
        first.or_else(|| self.others.as_mut()?.next())
    }
}

impl Events {
    /// All copies at destinations.
    pub(crate) fn copies(&self, no: u32) -> Copies<'_> {
        let others = self.is_plural(no).then(|| {
            let kin = self.kin(no);
            self.further_copies(no)
                .chain(kin.flat_map(|member| self.own_copies(member)))
        });
        Copies::new(self.first_copy(no), others)
    }

    /// The copies at destinations that carry its own id.
    pub(crate) fn own_copies(&self, no: u32) -> Copies<'_> {
        let has_further = self.is(no, State::EXTRAS);
        Copies::new(
            self.first_copy(no),
            has_further.then(|| self.further_copies(no)),
        )
    }

    fn first_copy(&self, no: u32) -> Option<CopyRef> {
        self.copy.at(no, self.base(no)).map(|at| CopyRef {
            place: self.copy.place(no),
            partition: self.copy.partition(no),
            position: self.copy.position(no),
            at,
            marks: self.copy.marks(no),
            content: self.copy.content(no),
        })
    }

    fn further_copies(&self, no: u32) -> impl Iterator<Item = CopyRef> {
        let others = self
            .extra_spots(no)
            .filter(|(role, _)| *role == PlaceRole::Destination);
        others.map(|(_, spot)| CopyRef {
            place: spot.place,
            partition: spot.partition,
            position: spot.position,
            at: spot.at,
            marks: spot.marks,
            content: spot.content,
        })
    }
}
