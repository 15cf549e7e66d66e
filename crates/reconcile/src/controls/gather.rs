//! Counts what was found where, over all events at once.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use hashbrown::HashSet;
use waybill_model::{Content, Marks, PlaceId, PlaceRole, Recognised, SilentFlow};

use super::identity::{Pair, Pairs};
use super::{Controls, Form, Heard, Kinds, Left, Leftovers, Loose, Stray, is_no_chance};
use crate::GraceRule;
use crate::index::Index;
use crate::ingest::is_own_copy;
use crate::rules::{Destinations, Since};
use crate::sentence;
use crate::store::{CopyRef, State};

/// So many times of rows say how they lie.
const ROWS: usize = 8192;

/// When rows were written: all of them, or every so many.
#[derive(Debug, Default)]
pub(crate) struct Times {
    at: Vec<i64>,
    apart: usize,
    seen: usize,
}

impl Times {
    pub(crate) fn add(&mut self, at: i64) {
        if self.seen.is_multiple_of(self.apart.max(1)) {
            if self.at.len() == ROWS {
                let mut nth = 0;
                self.at.retain(|_| {
                    nth += 1;
                    nth % 2 == 1
                });
                self.apart = self.apart.max(1) * 2;
            }
            self.at.push(at);
        }
        self.seen += 1;
    }

    /// All or every so many, and that number.
    pub(super) fn thinned(self) -> (Vec<i64>, usize) {
        let apart = self.apart.max(1);
        (self.in_order(), apart)
    }

    pub(crate) fn in_order(mut self) -> Vec<i64> {
        self.at.sort_unstable();
        self.at
    }
}

/// The counts in the making.
struct Gathering<'a> {
    index: &'a Index,
    places: Vec<PlaceId>,
    heard: Controls,
    pairs: Vec<Pairs>,
    written: Times,
    /// Copies without a row.
    copies: Vec<(u32, i64)>,
    /// Aggregates of rows without a copy.
    wanted: HashSet<u64>,
    destinations: Destinations,
    doubted: Option<Doubted>,
}

/// What is left at the destinations whose ids are in doubt.
#[derive(Debug, Default)]
struct Doubted {
    rows: Vec<Left>,
    copies: Vec<Left>,
    /// When messages came whose ids are known.
    found: Times,
}

impl Index {
    /// Counts the controls of publication.
    pub(super) fn gather(&self) -> Controls {
        let mut gathering = Gathering::new(self);
        for no in 0..self.events.len() {
            if self.events.visible(no) {
                gathering.take(no);
            }
        }
        gathering.done()
    }

    /// What of an event may be held against messages or rows that found nothing.
    pub(crate) fn stray(&self, no: u32, at: i64) -> Stray {
        let form = if self.events.is(no, State::NO_ID) {
            Form::Nameless
        } else {
            Form::of(&self.events.id(no))
        };
        Stray {
            at: Some(at),
            form,
            aggregate: self.bare_aggregate(no),
            version: self.events.version(no),
        }
    }

    /// The same, where it may be under another id.
    pub(super) fn left(&self, no: u32, at: i64) -> Left {
        Left {
            at,
            kind: self.events.kind(no),
            aggregate: self.bare_aggregate(no),
            version: self.events.version(no),
        }
    }

    /// Whether nobody else can have what row and message have in common: the event's id, or, where
    /// the row is a business row, its aggregate's.
    fn is_identity_no_chance(&self, no: u32) -> bool {
        if self.shape.has_outbox {
            return is_no_chance(&self.events.id(no));
        }
        let text = self.events.aggregate_text(no);
        is_no_chance(text.split_once('/').map_or(text, |(_, id)| id))
    }

    /// A number for the aggregate without its type.
    fn bare_aggregate(&self, no: u32) -> Option<u64> {
        let text = self.events.aggregate_text(no);
        let bare = text.split_once('/').map_or(text, |(_, id)| id);
        if bare.is_empty() {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        bare.hash(&mut hasher);
        Some(hasher.finish())
    }

    /// Whether a row says that it was sent.
    pub(crate) fn says_sent(&self, no: u32) -> bool {
        self.events.outbox.has(no) && self.events.outbox_marks(no).contains(Marks::SENT)
    }

    /// How far a message may be from its row where nothing but time speaks for them: what the
    /// profile says, or what holds before anything is learnt. What is learnt rests on the very
    /// pairs that are in question.
    pub(crate) fn near(&self) -> i64 {
        near(self.shape.grace.publish)
    }

    /// Whether a copy is of somebody else's making, and cannot be undone.
    pub(crate) fn is_foreign(&self, no: u32, copy: &CopyRef) -> bool {
        !copy.marks.contains(Marks::OPEN_TRANSACTION) && !is_own_copy(copy, self.resends(no))
    }

    fn has_any_copy(&self) -> bool {
        (0..self.events.len()).any(|no| self.events.has_copy(no))
    }

    /// The flows of which nothing was ever seen where it should be, as of the latest judgement.
    pub fn silent(&self) -> Vec<SilentFlow> {
        let heard = match self.controls.get() {
            Some(heard) => heard,
            // Consumers have it all, from wherever: nobody has missed anything yet.
            None if !self.has_any_copy() => self.heard(),
            None => return Vec::new(),
        };
        let places = heard.published.iter().zip(&heard.unidentified);
        let silent = places.filter(|(heard, _)| !heard.was_heard());
        let of = |(place, &unidentified): (&Heard, &u64)| {
            let by_chance = place.found_by_chance();
            let (expected, since) = heard.kinds.due(by_chance == 0)?;
            let mut flow = SilentFlow {
                place: place.place(),
                consumer: None,
                expected,
                since,
                unidentified,
                by_chance,
                sentence: String::new(),
            };
            flow.sentence = sentence::silent(&flow, &self.shape);
            Some(flow)
        };
        silent.filter_map(of).collect()
    }
}

pub(super) fn near(rule: GraceRule) -> i64 {
    match rule {
        GraceRule::Set(micros) => micros,
        GraceRule::Learnt(learning) => learning.cold_micros,
    }
}

impl<'a> Gathering<'a> {
    fn new(index: &'a Index) -> Self {
        let of_role = |role| {
            let places = index.shape.places.iter();
            let places = places.filter(move |place| place.role == role);
            places.map(|place| place.id).collect::<Vec<_>>()
        };
        let places = of_role(PlaceRole::Destination);
        let tables = [PlaceRole::Outbox, PlaceRole::Business].into_iter();
        let outbox = tables.flat_map(of_role).next();
        let outbox = outbox.unwrap_or(PlaceId(0));
        let of_outbox = index.coverage.proof(outbox);
        let by_copy = |&place: &PlaceId| Heard::new(place, index.coverage.proof(place).spans());
        let by_row = |&place: &PlaceId| Heard::new(outbox, of_outbox.spans()).of_copies_at(place);
        let mut pairs = vec![Pairs::default(); places.len()];
        for (place, pairs) in places.iter().zip(&mut pairs) {
            if index.bases.recognised(*place) == Recognised::ByVersion {
                pairs.trust();
            }
        }
        Self {
            index,
            heard: Controls {
                published: places.iter().map(by_copy).collect(),
                stored: places.iter().map(by_row).collect(),
                recorded: Heard::new(outbox, of_outbox.spans()),
                kinds: Kinds::default(),
                copies: Loose::default(),
                rows: Loose::default(),
                unidentified: vec![0; places.len()],
                leftovers: None,
            },
            places,
            pairs,
            written: Times::default(),
            copies: Vec::new(),
            wanted: HashSet::new(),
            destinations: index.destinations_now(),
            doubted: index.bases.is_any_in_doubt().then(Doubted::default),
        }
    }

    fn take(&mut self, no: u32) {
        let events = &self.index.events;
        match events.outbox_at(no) {
            Some(written) => {
                if self.pairs.iter().any(|pairs| !pairs.is_sure()) {
                    self.written.add(written);
                }
                if events.stored.get(no) != 0 {
                    self.heard.recorded.find(written);
                }
                if !self.take_pairs(no, written) {
                    self.take_lone_row(no, written);
                }
            }
            None if !self.index.shape.has_outbox && events.stored.get(no) != 0 => {
                // A copy that tells no version may be its.
                self.wanted.extend(self.index.bare_aggregate(no));
                let change = events.stored.get(no) - 1;
                let changed = self.index.business.get(change).spot.at;
                self.written.add(changed);
                self.take_pairs(no, changed);
            }
            None => self.take_lone_copies(no),
        }
    }

    /// Counts the copies of a row; whether there are any.
    fn take_pairs(&mut self, no: u32, written: i64) -> bool {
        let index = self.index;
        if !index.events.has_copy(no) {
            return false;
        }
        let mut any = false;
        for copy in index.events.copies(no) {
            let at = self.places.iter().position(|&place| place == copy.place);
            let Some(at) = at.filter(|_| index.is_foreign(no, &copy)) else {
                continue;
            };
            if !any {
                self.heard.kinds.find(index.events.kind(no));
            }
            any = true;
            if let Some(doubted) = &mut self.doubted
                && index.bases.is_in_doubt(copy.place)
            {
                doubted.found.add(copy.at);
            }
            self.heard.published[at].find(copy.at);
            self.heard.stored[at].find(written);
            let timed = !copy.marks.contains(Marks::NO_TIME);
            let pair = Pair {
                written,
                came: if timed { copy.at } else { i64::MAX },
                contents: (row_content(index, no), copy.content),
            };
            self.pairs[at].add(pair, || index.is_identity_no_chance(no));
        }
        any
    }

    fn take_lone_row(&mut self, no: u32, written: i64) {
        let index = self.index;
        let stray = index.stray(no, written);
        self.wanted.extend(stray.aggregate);
        let may_be_sent = index.says_sent(no) || !index.shape.outbox_tells_sent;
        if let Some(doubted) = self.doubted.as_mut().filter(|_| may_be_sent) {
            let timed = !index.events.outbox_marks(no).contains(Marks::NO_TIME);
            let at = if timed { written } else { i64::MIN };
            doubted.rows.push(index.left(no, at));
        }
        let reached =
            !index.resends(no).is_empty() || crate::row::consumed(&index.events, no).is_some();
        if !index.says_sent(no) {
            return;
        }
        let timed = !index.events.outbox_marks(no).contains(Marks::NO_TIME);
        let since = Since {
            at: written,
            from: if timed { written } else { i64::MIN },
        };
        let late = index.looked_at().saturating_sub(written) > index.publish_grace_micros();
        let due = late && self.destinations.no_copy_since(since).is_ok();
        if reached {
            // Not lost; but it was not seen where it should be.
            if due {
                self.heard.kinds.pass_by(index.events.kind(no), written);
            }
            return;
        }
        self.heard.kinds.miss(index.events.kind(no), written, due);
        for heard in &mut self.heard.published {
            heard.miss(written);
        }
        self.heard.rows.add(stray, true);
    }

    fn take_lone_copies(&mut self, no: u32) {
        let index = self.index;
        let other = State::RECONSTRUCTED;
        if index.events.stored.get(no) != 0 || index.events.is(no, other) {
            // Its change may be asked for among the copies that nobody can name.
            self.wanted.extend(index.bare_aggregate(no));
            return;
        }
        for copy in index.events.copies(no) {
            if !index.is_foreign(no, &copy) {
                continue;
            }
            let timed = !copy.marks.contains(Marks::NO_TIME);
            let came = if timed { copy.at } else { i64::MIN };
            self.copies.push((no, came));
            if let Some(doubted) = &mut self.doubted
                && index.bases.is_in_doubt(copy.place)
            {
                doubted.copies.push(index.left(no, came));
            }
            if let Some(at) = self.places.iter().position(|&place| place == copy.place) {
                self.heard.unidentified[at] += 1;
                self.heard.stored[at].miss(copy.at);
            }
        }
    }

    fn done(mut self) -> Controls {
        let rows = self.written.in_order();
        let (near, slack) = (self.index.near(), self.index.slack());
        for (nth, pairs) in self.pairs.iter().enumerate() {
            let closely = !self.index.shape.has_outbox;
            let sure = pairs.are_no_chance(&rows, near, slack)
                || closely && pairs.lie_closely(&rows, slack);
            self.heard.published[nth].judge(sure);
            self.heard.stored[nth].judge(sure);
        }
        self.heard.recorded.judge(true);
        for &(no, at) in &self.copies {
            let mut stray = self.index.stray(no, at);
            if at == i64::MIN {
                stray.at = None;
            }
            let asked_for = stray.aggregate.is_none_or(|it| self.wanted.contains(&it));
            self.heard.copies.add(stray, asked_for);
        }
        self.heard.copies.sort();
        self.heard.rows.sort();
        if let Some(doubted) = self.doubted {
            let (index, kinds) = (self.index, &self.heard.kinds);
            self.heard.leftovers = Some(Leftovers::new(
                doubted.rows,
                doubted.copies,
                doubted.found.thinned(),
                |at| index.rows_of(at),
                |kind| kinds.is_heard(kind),
            ));
        }
        self.heard
    }
}

fn row_content(index: &Index, no: u32) -> Content {
    index.events.row_contents(no).next().unwrap_or_default()
}
