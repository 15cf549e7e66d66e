//! All columns of all events together.

use std::borrow::Cow;

use hashbrown::HashMap;
use waybill_model::{ConsumerNo, Marks, NO_VERSION, PlaceId, PlaceRole};

use super::kin::Kin;
use super::{Column, Ids, Names, Near, Spot, Track, Wide};
use crate::Shape;

/// Base times are kept in units of 8.192 ms: 200 days around the first one fit into 32 bits.
const BASE_SHIFT: u32 = 13;

/// What an event is, apart from its evidence. One bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u16);

impl State {
    /// At least one observation belongs to it.
    pub(crate) const SEEN: u16 = 1;
    /// The row or message had no id, so that nothing can be matched with it.
    pub(crate) const NO_ID: u16 = 1 << 1;
    /// It turned out to be another event.
    pub(crate) const MERGED: u16 = 1 << 2;
    /// Made from a business row for which nothing else was found.
    pub(crate) const RECONSTRUCTED: u16 = 1 << 3;
    /// There are more observations than the tracks hold.
    pub(crate) const EXTRAS: u16 = 1 << 4;
    /// Nothing but new evidence can change its verdict.
    pub(crate) const SETTLED: u16 = 1 << 5;
    /// It stands in the time order.
    pub(crate) const ORDERED: u16 = 1 << 6;
    /// There are events that are this one under other ids.
    pub(crate) const HEAD: u16 = 1 << 7;
    /// Another event stands for it.
    pub(crate) const ABSORBED: u16 = 1 << 8;
    /// Its rows tell of several changes, or do not tell: the id may be what several events have in
    /// common.
    pub(crate) const SHARED: u16 = 1 << 9;
    /// Its row was asked for: the outbox by its id, a business table by its aggregate's.
    pub(crate) const ASKED: u16 = 1 << 10;
}

/// Whose word counts for type, aggregate and version; higher wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Inboxes and dead letters.
    Hearsay = 1,
    /// Copies.
    Copy = 2,
    /// The outbox row or the business row.
    Origin = 3,
}

/// An observation beyond the first of its stage.
#[derive(Debug, Clone)]
pub(super) struct Extra {
    pub(super) role: PlaceRole,
    pub(super) spot: Spot<'static>,
}

/// What one observation says about the event itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits<'a> {
    pub(crate) kind: &'a str,
    pub(crate) aggregate: &'a str,
    pub(crate) version: i64,
}

impl Traits<'_> {
    /// Inbox rows mostly say nothing.
    pub(crate) fn are_told(&self) -> bool {
        self.version != NO_VERSION || !self.kind.is_empty() || !self.aggregate.is_empty()
    }
}

/// What adding an observation changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was not known.
    New,
    /// It was known, at another time.
    Moved,
    /// It was known.
    Known,
    /// It is news, and no sign of the stage that others of its place prove: an inbox row that is
    /// not processed.
    Held,
}

/// All events by number.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    pub(crate) ids: Ids,
    pub(crate) aggregates: Names,
    pub(crate) kinds: Names,
    pub(crate) outbox: Track,
    pub(crate) copy: Track,
    pub(crate) inboxes: Vec<Track>,
    /// Whether the rows of each say which of them are processed.
    pub(super) inboxes_tell: Vec<bool>,
    /// One more than the index of the business row; 0 for none.
    pub(crate) stored: Column<u32>,
    epoch: Option<i64>,
    base: Column<i32>,
    aggregate: Wide,
    kind: Wide,
    version: Wide,
    state: Column<u16>,
    ranks: Column<u8>,
    pub(super) extras: HashMap<u32, Vec<Extra>>,
    merged: HashMap<u32, u32>,
    pub(super) kin: Kin,
}

impl Events {
    pub(crate) fn new(shape: &Shape) -> Self {
        let home = |wanted: PlaceRole| {
            let found = shape.places.iter().find(|place| place.role == wanted);
            found.map_or(PlaceId(0), |place| place.id)
        };
        let inbox = |no| Track::new(home(PlaceRole::Inbox(ConsumerNo(no))));
        Self {
            ids: Ids::new(),
            aggregates: Names::new(),
            kinds: Names::new(),
            outbox: Track::new(home(PlaceRole::Outbox)),
            copy: Track::new(home(PlaceRole::Destination)),
            inboxes: (0..=u8::MAX)
                .take(shape.consumers.len())
                .map(inbox)
                .collect(),
            inboxes_tell: shape.consumers.iter().map(|it| it.inbox_tells).collect(),
            stored: Column::new(0),
            epoch: None,
            base: Column::new(0),
            aggregate: Wide::new(),
            kind: Wide::new(),
            version: Wide::new(),
            state: Column::new(0),
            ranks: Column::new(0),
            extras: HashMap::new(),
            merged: HashMap::new(),
            kin: Kin::new(),
        }
    }

    /// How many numbers are taken, those of merged events included.
    pub(crate) fn len(&self) -> u32 {
        self.ids.len()
    }

    pub(crate) fn is(&self, no: u32, state: u16) -> bool {
        self.state.get(no) & state != 0
    }

    pub(crate) fn mark(&mut self, no: u32, state: u16) {
        self.state.set(no, self.state.get(no) | state);
    }

    pub(crate) fn unmark(&mut self, no: u32, state: u16) {
        self.state.set(no, self.state.get(no) & !state);
    }

    /// Whether the number is an event that is to be shown and counted.
    pub(crate) fn visible(&self, no: u32) -> bool {
        self.state.get(no) & (State::SEEN | State::MERGED | State::ABSORBED) == State::SEEN
    }

    /// The event that an id is about, made when it is new: its number and whether it was made.
    pub(crate) fn intern(&mut self, id: &str, at: i64, near: &mut Near) -> (u32, bool) {
        let (no, new) = self.ids.intern(id, near);
        if new {
            let epoch = *self.epoch.get_or_insert(at);
            let units = at.saturating_sub(epoch) >> BASE_SHIFT;
            let fitting = units.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            self.base.set(no, fitting as i32);
        }
        (self.resolve(no), new)
    }

    /// The number of an id that is known, of the event that stands for it.
    pub(crate) fn no_of(&self, id: &str) -> Option<u32> {
        self.own_no_of(id).map(|no| self.head(no))
    }

    /// The number of an id that is known.
    pub(crate) fn own_no_of(&self, id: &str) -> Option<u32> {
        let no = self.resolve(self.ids.no_of(id)?);
        self.is(no, State::SEEN).then_some(no)
    }

    /// The event itself, where the number is that of one which turned out to be another.
    pub(crate) fn resolve(&self, no: u32) -> u32 {
        if self.is(no, State::MERGED) {
            self.merged.get(&no).copied().unwrap_or(no)
        } else {
            no
        }
    }

    pub(crate) fn base(&self, no: u32) -> i64 {
        let offset = i64::from(self.base.get(no)) << BASE_SHIFT;
        self.epoch.unwrap_or(0).saturating_add(offset)
    }

    pub(crate) fn aggregate(&self, no: u32) -> u32 {
        self.aggregate.get(no) as u32
    }

    pub(crate) fn aggregate_text(&self, no: u32) -> &str {
        self.aggregates.text(self.aggregate(no))
    }

    /// The event type's number; 0 for none.
    pub(crate) fn kind(&self, no: u32) -> u32 {
        self.kind.get(no) as u32
    }

    pub(crate) fn kind_text(&self, no: u32) -> &str {
        self.kinds.text(self.kind.get(no) as u32)
    }

    /// The aggregate's version, or `NO_VERSION`.
    pub(crate) fn version(&self, no: u32) -> i64 {
        self.version.get_signed(no, NO_VERSION)
    }

    /// Whether a further row of an event, which tells this, may be about another change than the
    /// rows before it.
    pub(crate) fn is_another_change(&self, no: u32, row: Traits<'_>) -> bool {
        let of_rows = |shift: u8| (self.ranks.get(no) >> shift) & 3 == Rank::Origin as u8;
        let version = if of_rows(4) {
            self.version(no)
        } else {
            NO_VERSION
        };
        let known = if of_rows(2) {
            self.aggregate_text(no)
        } else {
            ""
        };
        let (known, told) = (bare(known), bare(row.aggregate));
        let elsewhere = !known.is_empty() && !told.is_empty() && known != told;
        elsewhere || version == NO_VERSION || version != row.version
    }

    /// Notes what an observation says about the event, unless someone better has spoken. Answers
    /// whether anything was news.
    pub(crate) fn note(&mut self, no: u32, rank: Rank, traits: Traits<'_>) -> bool {
        let (before, rank) = (self.ranks.get(no), rank as u8);
        let mut ranks = before;
        let mut changed = false;
        // Among equals the greater value wins, so that the order of arrival does not matter.
        let mut wins = |shift: u8, there: bool, greater: &dyn Fn() -> bool| {
            let known = (before >> shift) & 3;
            let better = there && (rank > known || rank == known && greater());
            if better {
                ranks = ranks & !(3 << shift) | rank << shift;
                changed = true;
            }
            better
        };
        let told = traits.kind;
        if wins(0, !told.is_empty(), &|| told > self.kind_text(no)) {
            let kind = self.kinds.intern(told);
            self.kind.set(no, u64::from(kind));
        }
        let told = traits.aggregate;
        if wins(2, !told.is_empty(), &|| {
            fuller(told) > fuller(self.aggregate_text(no))
        }) {
            let aggregate = self.aggregates.intern(told);
            self.aggregate.set(no, u64::from(aggregate));
        }
        let told = traits.version;
        if wins(4, told != NO_VERSION, &|| told > self.version(no)) {
            self.version.set_signed(no, NO_VERSION, told);
        }
        if ranks != before {
            self.ranks.set(no, ranks);
        }
        changed
    }

    /// Takes in an observation of an event. Reading the same coordinate again only renews it.
    pub(crate) fn add(&mut self, no: u32, role: PlaceRole, id: &str, spot: &Spot<'_>) -> Added {
        self.state
            .set(no, self.state.get(no) & !State::SETTLED | State::SEEN);
        if self.is_held(role, spot.marks) {
            return self.hold(no, role, id, spot);
        }
        self.no_longer_held(no, role, spot);
        let base = self.base(no);
        let track = match role {
            PlaceRole::Outbox => Some(&mut self.outbox),
            PlaceRole::Destination => Some(&mut self.copy),
            PlaceRole::Inbox(consumer) => self.inboxes.get_mut(usize::from(consumer.0)),
            _ => None,
        };
        match track {
            Some(track) if !track.has(no) => {
                track.set(no, base, id, spot);
                Added::New
            }
            Some(track) if track.holds(no, id, spot) => {
                let before = track.at(no, base);
                let at = first_seen(before.unwrap_or(spot.at), spot);
                track.renew(no, base, at, spot.marks);
                track.renew_content(no, spot.content);
                track.renew_due(no, spot.due);
                if before == Some(at) {
                    Added::Known
                } else {
                    Added::Moved
                }
            }
            _ => self.add_extra(no, role, spot),
        }
    }

    pub(super) fn add_extra(&mut self, no: u32, role: PlaceRole, spot: &Spot<'_>) -> Added {
        self.mark(no, State::EXTRAS);
        let extras = self.extras.entry(no).or_default();
        let same = |extra: &&mut Extra| extra.role == role && extra.spot.same_coordinate(spot);
        match extras.iter_mut().find(same) {
            Some(known) => {
                let before = known.spot.at;
                known.spot.at = first_seen(before, spot);
                known.spot.marks = spot.marks;
                known.spot.content = spot.content;
                known.spot.due = spot.due;
                if before == known.spot.at {
                    Added::Known
                } else {
                    Added::Moved
                }
            }
            None => {
                extras.push(Extra {
                    role,
                    spot: spot.to_owned_spot(),
                });
                Added::New
            }
        }
    }

    pub(super) fn extras(&self, no: u32) -> &[Extra] {
        if self.is(no, State::EXTRAS) {
            self.extras.get(&no).map_or(&[], Vec::as_slice)
        } else {
            &[]
        }
    }

    /// Observations beyond the first of each stage that were told under its own id, by role.
    pub(crate) fn extra_spots(&self, no: u32) -> impl Iterator<Item = (PlaceRole, &Spot<'static>)> {
        self.extras(no)
            .iter()
            .map(|extra| (extra.role, &extra.spot))
    }

    /// Whether it may have more than one observation of one stage. Few events have, and a judgement
    /// asks for further ones of every event many times over: whoever does asks this first (or for
    /// `EXTRAS`, where kin do not count).
    pub(crate) fn is_plural(&self, no: u32) -> bool {
        self.is(no, State::EXTRAS | State::HEAD)
    }

    /// When the consumer processed the event, as its inbox row says.
    pub(crate) fn inbox_at(&self, no: u32, consumer: ConsumerNo) -> Option<i64> {
        let own = self.own_inbox_at(no, consumer);
        if !self.is(no, State::HEAD) {
            return own;
        }
        let kin = self.kin(no);
        let theirs = kin.filter_map(|member| self.own_inbox_at(member, consumer));
        theirs.fold(own, |first, at| {
            Some(first.map_or(at, |first| first.min(at)))
        })
    }

    /// The same of what is known under its own id.
    pub(crate) fn own_inbox_at(&self, no: u32, consumer: ConsumerNo) -> Option<i64> {
        let track = self.inboxes.get(usize::from(consumer.0))?;
        let first = track.at(no, self.base(no))?;
        if !self.is(no, State::EXTRAS) {
            return Some(first);
        }
        let others = self.further_processed(no, consumer);
        Some(others.map(|spot| spot.at).fold(first, Ord::min))
    }

    /// When each of the consumer's inbox rows was processed, and what was noticed about it.
    pub(crate) fn inbox_rows(
        &self,
        no: u32,
        consumer: ConsumerNo,
    ) -> impl Iterator<Item = (i64, Marks)> {
        let track = self.inboxes.get(usize::from(consumer.0));
        let first = track.and_then(|track| Some((track.at(no, self.base(no))?, track.marks(no))));
        let others = self.further_processed(no, consumer);
        first
            .into_iter()
            .chain(others.map(|spot| (spot.at, spot.marks)))
    }

    /// The marks of all of the consumer's inbox rows of the event that are processed.
    pub(crate) fn inbox_marks(&self, no: u32, consumer: ConsumerNo) -> Marks {
        if !self.is(no, State::HEAD) {
            return self.own_inbox_marks(no, consumer);
        }
        self.members(no).fold(Marks::empty(), |all, member| {
            all | self.own_inbox_marks(member, consumer)
        })
    }

    fn own_inbox_marks(&self, no: u32, consumer: ConsumerNo) -> Marks {
        let Some(track) = self.inboxes.get(usize::from(consumer.0)) else {
            return Marks::empty();
        };
        let first = if track.has(no) {
            track.marks(no)
        } else {
            Marks::empty()
        };
        if !self.is(no, State::EXTRAS) {
            return first;
        }
        let others = self.further_processed(no, consumer);
        others.fold(first, |all, spot| all | spot.marks)
    }

    /// What lies where the consumer's failures go: times and marks.
    pub(crate) fn dead_letters(
        &self,
        no: u32,
        consumer: ConsumerNo,
    ) -> impl Iterator<Item = (i64, Marks)> {
        let role = PlaceRole::DeadLetters(consumer);
        self.members(no)
            .flat_map(|member| self.extra_spots(member))
            .filter(move |(found, _)| *found == role)
            .map(|(_, spot)| (spot.at, spot.marks))
    }

    /// Moves all observations of `from` to `to`: they are the same event.
    pub(crate) fn merge(&mut self, from: u32, to: u32) {
        let id = self.ids.text(from).into_owned();
        let target_id = self.ids.text(to).into_owned();
        let base = self.base(from);
        let mut spots: Vec<(PlaceRole, Spot<'static>)> = Vec::new();
        let mut take = |role, track: &mut Track| {
            if let Some(spot) = track.spot(from, base, &id) {
                spots.push((role, spot.to_owned_spot()));
                track.clear(from);
            }
        };
        take(PlaceRole::Outbox, &mut self.outbox);
        take(PlaceRole::Destination, &mut self.copy);
        for (consumer, track) in (0..).zip(&mut self.inboxes) {
            take(PlaceRole::Inbox(ConsumerNo(consumer)), track);
        }
        let extras = self.extras.remove(&from).unwrap_or_default();
        spots.extend(extras.into_iter().map(|extra| (extra.role, extra.spot)));
        for (role, spot) in spots {
            self.add(to, role, &target_id, &spot);
        }
        self.unmark(from, State::EXTRAS);
        self.mark(from, State::MERGED);
        self.merged.insert(from, to);
    }

    /// An id's text.
    pub(crate) fn id(&self, no: u32) -> Cow<'_, str> {
        self.ids.text(no)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let extras = self.extras.len() * 2 * size_of::<Extra>();
        let inboxes: usize = self.inboxes.iter().map(Track::heap_bytes).sum();
        self.ids.heap_bytes()
            + self.aggregates.heap_bytes()
            + self.kinds.heap_bytes()
            + self.outbox.heap_bytes()
            + self.copy.heap_bytes()
            + inboxes
            + self.stored.heap_bytes()
            + self.base.heap_bytes()
            + self.aggregate.heap_bytes()
            + self.kind.heap_bytes()
            + self.version.heap_bytes()
            + self.state.heap_bytes()
            + self.ranks.heap_bytes()
            + self.extras.allocation_size()
            + extras
            + self.merged.allocation_size()
            + self.kin.heap_bytes()
    }
}

/// The time that counts when a row or message is read again: without one of its own, it is the
/// first time it was seen.
fn first_seen(before: i64, spot: &Spot<'_>) -> i64 {
    if spot.marks.contains(Marks::NO_TIME) {
        before.min(spot.at)
    } else {
        spot.at
    }
}

/// `product/4711` → `4711`.
fn bare(aggregate: &str) -> &str {
    aggregate.split_once('/').map_or(aggregate, |(_, id)| id)
}

/// Orders aggregates so that one with its type is greater than a bare id.
fn fuller(aggregate: &str) -> (bool, &str) {
    (aggregate.contains('/'), aggregate)
}
