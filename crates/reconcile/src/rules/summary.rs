//! What the rules need to know of one event, read from the columns once.

use waybill_model::{ConsumerNo, Marks, NO_DESTINATION, OTHER_DESTINATION, PlaceId, UnknownReason};

use crate::OwnResend;
use crate::index::Index;
use crate::ingest::{is_own, is_own_copy};
use crate::store::{CopyRef, State, to_send_at};

/// One event, summed up.
#[derive(Debug, Clone)]
pub(crate) struct Summary<'a> {
    pub(crate) index: &'a Index,
    pub(crate) no: u32,
    /// Where its row is to be sent, as far as that says so: `None` otherwise.
    pub(crate) destination: Option<Goes>,
    /// The row or message had no id.
    pub(crate) nameless: bool,
    /// Made from a business row.
    pub(crate) reconstructed: bool,
    /// When the business row was changed.
    pub(crate) stored: Option<Since>,
    /// When the outbox row was written.
    pub(crate) outbox: Option<Since>,
    pub(crate) outbox_marks: Marks,
    /// From when on the outbox row is to be sent.
    pub(crate) due: i64,
    /// There is a copy that consumers can see.
    pub(crate) routed: bool,
    /// There is a copy that the broker could not route.
    pub(crate) unrouted: bool,
    /// When the latest copy was written that lies in a transaction that has not ended.
    pub(crate) open: Option<i64>,
    /// There is a copy of our own making.
    pub(crate) own: bool,
    /// The first copy that is not of our own making, nor in a transaction that has not ended.
    pub(crate) first_foreign: Option<CopyRef>,
    /// One of those copies carries no time, so nobody knows which was first.
    pub(crate) untimed: bool,
    /// The copies; nearly every event has one at most.
    copy: Option<CopyRef>,
    further_copies: Vec<CopyRef>,
    /// Its row says unsent, and what was found under its id may be another's.
    pub(crate) outweighed: bool,
    /// The earliest sign of any consumer having had it.
    pub(crate) consumed: Option<i64>,
}

/// Where a row is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goes {
    /// To one of the profile's destinations.
    To(PlaceId),
    /// Where no flow of the profile goes.
    Elsewhere,
}

impl Goes {
    fn of(number: u32) -> Option<Self> {
        match number {
            NO_DESTINATION => None,
            OTHER_DESTINATION => Some(Self::Elsewhere),
            number => PlaceId::of_destination(number).map(Self::To),
        }
    }

    fn is(self, place: PlaceId) -> bool {
        self == Self::To(place)
    }
}

/// When something happened, and since when it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    /// Its time; where it carries none, when it was first seen. Grace is counted from then on.
    pub(crate) at: i64,
    /// Absence is asked for from then on: ever, where it carries no time.
    pub(crate) from: i64,
}

impl Since {
    /// Whether it carries no time: it may have been there for ever, or only just.
    pub(crate) fn is_untimed(self) -> bool {
        self.from == i64::MIN
    }

    pub(super) fn new(at: i64, marks: Marks) -> Self {
        let from = if marks.contains(Marks::NO_TIME) {
            i64::MIN
        } else {
            at
        };
        Self { at, from }
    }
}

/// A copy that was for a consumer, seen or confirmed to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: i64,
    /// Since when it may have been there.
    pub(crate) from: i64,
    /// Where it lies, when that is known.
    pub(crate) coordinate: Option<(PlaceId, u32, i64)>,
    /// It went to this consumer alone, past all bindings.
    pub(crate) directed: bool,
}

/// All copies that were for a consumer, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// When the latest copy was there: the consumer has its grace from then on.
    pub(crate) at: i64,
    /// When the first copy was there: it may have processed the event ever since.
    pub(crate) since: i64,
    /// The latest copy went to this consumer alone, past all bindings.
    pub(crate) directed: bool,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(index: &'a Index, no: u32) -> Self {
        let events = &index.events;
        let linked = events.stored.get(no);
        let outbox_marks = events.outbox_marks(no);
        let outbox = events.outbox_at(no);
        let mut summary = Self {
            index,
            no,
            destination: Goes::of(events.destination(no)),
            nameless: events.is(no, State::NO_ID),
            reconstructed: events.is(no, State::RECONSTRUCTED),
            stored: (linked != 0).then(|| {
                let spot = &index.business.get(linked - 1).spot;
                Since::new(spot.at, spot.marks)
            }),
            outbox: outbox.map(|at| Since::new(at, outbox_marks)),
            outbox_marks: outbox.map_or(Marks::empty(), |_| outbox_marks),
            due: events.due(no),
            routed: false,
            unrouted: false,
            open: None,
            own: !index.resends(no).is_empty(),
            first_foreign: None,
            untimed: false,
            outweighed: false,
            copy: None,
            further_copies: Vec::new(),
            consumed: crate::row::consumed(events, no),
        };
        for copy in events.copies(no) {
            summary.note_copy(copy);
        }
        if summary.outbox.is_some() && summary.reached_broker() {
            summary.outweighed = super::of_weak_matches(index, no);
        }
        summary
    }

    /// The event as each of the destinations has it that its rows are for; as it is, where they
    /// are not for several.
    pub(crate) fn each(index: &'a Index, no: u32) -> Vec<Self> {
        let destinations = index.events.destinations(no);
        if destinations.is_empty() {
            return vec![Self::new(index, no)];
        }
        let parts = destinations.into_iter();
        let parts =
            parts.filter_map(|number| Some(Self::part(index, no, number, Goes::of(number)?)));
        parts.collect()
    }

    /// What is known of it at one destination: the rows for it, the copies there, what consumers
    /// of it have.
    fn part(index: &'a Index, no: u32, number: u32, goes: Goes) -> Self {
        let mut part = Self::new(index, no);
        let events = &index.events;
        let rows: Vec<_> = events.rows_for(no, number).collect();
        part.destination = Some(goes);
        part.outbox_marks = rows.iter().fold(Marks::empty(), |all, row| all | row.1);
        let first = rows.iter().map(|row| row.0).min();
        part.outbox = first.map(|at| Since::new(at, part.outbox_marks));
        part.due = rows.iter().map(|row| row.2).min().unwrap_or(part.due);
        part.consumed = crate::row::consumed_by(events, no, |no| {
            let consumer = index.shape.consumers.get(usize::from(no.0));
            let reads = consumer.and_then(|consumer| consumer.destination);
            reads.is_none_or(|place| goes.is(place))
        });
        let copies: Vec<CopyRef> = part.copies().filter(|copy| goes.is(copy.place)).collect();
        (part.copy, part.further_copies) = (None, Vec::new());
        (part.routed, part.unrouted, part.open) = (false, false, None);
        (part.first_foreign, part.untimed, part.outweighed) = (None, false, false);
        let here = |at: Option<(PlaceId, u32, i64)>| at.is_none_or(|(place, ..)| goes.is(place));
        let mut resends = index.resends(no).iter();
        part.own = resends.any(|resend| here(resend.coordinate));
        for copy in copies {
            part.note_copy(copy);
        }
        part
    }

    /// From when on a row that was written then is to be sent.
    pub(crate) fn to_send_at(&self, written: Since) -> i64 {
        to_send_at(written.at, self.outbox_marks, self.due)
    }

    /// Whether it is known to have reached the broker.
    pub(crate) fn reached_broker(&self) -> bool {
        self.routed || self.unrouted || self.open.is_some() || self.own || self.consumed.is_some()
    }

    /// Whether a copy is of our own making, by its header or by the journal.
    pub(crate) fn is_own(&self, copy: &CopyRef) -> bool {
        is_own_copy(copy, self.resends())
    }

    /// Why it may be another service's, where nothing but its messages tell of it.
    pub(crate) fn anybodys(&self) -> Option<UnknownReason> {
        if self.outbox.is_some() || self.stored.is_some() || self.reconstructed || self.own {
            return None;
        }
        let why = |copy: CopyRef| {
            if copy.marks.contains(Marks::OTHER_PUBLISHER) {
                Some(UnknownReason::OtherPublisher)
            } else {
                let unknown = copy.marks.contains(Marks::WHOSE_UNKNOWN);
                unknown.then_some(UnknownReason::WhoseUnknown)
            }
        };
        let each: Option<Vec<UnknownReason>> = self.copies().map(why).collect();
        each?.into_iter().max()
    }

    /// Own resends as the journal knows them.
    pub(crate) fn resends(&self) -> &'a [OwnResend] {
        self.index.resends(self.no)
    }

    /// All copies.
    pub(crate) fn copies(&self) -> impl Iterator<Item = CopyRef> {
        self.copy.iter().chain(&self.further_copies).copied()
    }

    /// The latest own resend that was (also) for one consumer.
    pub(crate) fn resent_at(&self, consumer: ConsumerNo) -> Option<i64> {
        let told = self
            .resends()
            .iter()
            .filter(|resend| resend.consumer.is_none_or(|only| only == consumer))
            .map(|resend| resend.at.0);
        let seen = self
            .copies()
            .filter(|copy| is_own(copy.marks))
            .map(|copy| copy.at);
        told.chain(seen).max()
    }

    /// The copies that were for one consumer, which reads `destination` (or any).
    pub(crate) fn due(
        &self,
        no: ConsumerNo,
        destination: Option<PlaceId>,
    ) -> impl Iterator<Item = Due> {
        let here = move |place: PlaceId| destination.is_none_or(|wanted| wanted == place);
        let hidden = Marks::UNROUTED | Marks::OPEN_TRANSACTION;
        // No copy can be older than its row.
        let ever = self.outbox.map_or(i64::MIN, |written| written.from);
        let copies = self
            .copies()
            .filter(move |copy| here(copy.place) && !copy.marks.intersects(hidden))
            .map(move |copy| Due {
                at: copy.at,
                from: if copy.marks.contains(Marks::NO_TIME) {
                    ever.min(copy.at)
                } else {
                    copy.at
                },
                coordinate: Some((copy.place, copy.partition, copy.position)),
                directed: false,
            });
        let resends = self
            .resends()
            .iter()
            .filter(move |resend| resend.consumer.is_none_or(|only| only == no))
            .filter(move |resend| resend.coordinate.is_none_or(|(place, ..)| here(place)))
            .map(|resend| Due {
                at: resend.at.0,
                from: resend.at.0,
                coordinate: resend.coordinate,
                directed: resend.consumer.is_some(),
            });
        copies.chain(resends)
    }

    /// All of them together; `None` when there are none.
    pub(crate) fn anchor(&self, no: ConsumerNo, destination: Option<PlaceId>) -> Option<Anchor> {
        let each = self.due(no, destination).map(|due| Anchor {
            at: due.at,
            since: due.from,
            directed: due.directed,
        });
        each.reduce(|one, other| Anchor {
            at: one.at.max(other.at),
            since: one.since.min(other.since),
            directed: (one.directed && one.at >= other.at)
                || (other.directed && other.at >= one.at),
        })
    }

    fn note_copy(&mut self, copy: CopyRef) {
        match self.copy {
            None => self.copy = Some(copy),
            Some(_) => self.further_copies.push(copy),
        }
        if copy.marks.contains(Marks::UNROUTED) {
            self.unrouted = true;
        } else if copy.marks.contains(Marks::OPEN_TRANSACTION) {
            self.open = self.open.max(Some(copy.at));
        } else {
            self.routed = true;
        }
        if self.is_own(&copy) {
            self.own = true;
        } else if copy.marks.contains(Marks::OPEN_TRANSACTION) {
            // It may yet be undone, as if it had never been there.
        } else {
            self.untimed |= copy.marks.contains(Marks::NO_TIME);
            // Of copies of one moment the same is the first, in whatever order they came.
            let rank = |it: &CopyRef| (it.at, it.place, it.partition, it.position);
            if self
                .first_foreign
                .is_none_or(|first| rank(&copy) < rank(&first))
            {
                self.first_foreign = Some(copy);
            }
        }
    }
}
