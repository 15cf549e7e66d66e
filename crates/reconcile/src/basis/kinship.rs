//! Events by aggregate and version, for flows whose ids do not do.

use hashbrown::{HashMap, HashSet};
use waybill_model::NO_VERSION;

use crate::store::{Business, Column, Events, State, Wide};

/// So many events of one aggregate and version are no accident: it is no key there.
const MAX_MEMBERS: usize = 64;

/// A bare aggregate id, and a version.
type Key = (u32, i64);

/// Events by aggregate and version. Numbers of events are kept plus one; 0 is nobody.
#[derive(Debug, Clone)]
pub(crate) struct Kinship {
    /// What each event is filed under: the bare aggregate id, 0 for nothing, …
    bare: Column<u32>,
    /// … and the version.
    version: Wide,
    /// The first event of each key …
    first: HashMap<Key, u32>,
    /// … and the one behind each.
    next: Column<u32>,
    /// Events with numbers from here on have not been filed.
    filed_below: u32,
    touched: HashSet<Key>,
}

/// What an event finds in the outbox by aggregate and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It has none, or does not tell them.
    Nothing,
    /// The one event with a row.
    One(u32),
    /// Nobody can say which of several rows.
    Several,
}

impl Kinship {
    pub(super) fn new() -> Self {
        Self {
            bare: Column::new(0),
            version: Wide::new(),
            first: HashMap::new(),
            next: Column::new(0),
            filed_below: 0,
            touched: HashSet::new(),
        }
    }

    /// Files what is new or may have changed.
    pub(super) fn file(&mut self, events: &mut Events, business: &Business, changes: &[u32]) {
        for no in 0..events.len() {
            if no < self.filed_below && events.is(no, State::SETTLED) {
                continue;
            }
            let key = key(events, no);
            let known = self.key(no);
            self.touched.extend(key);
            if key != known {
                self.touched.extend(known);
                self.refile(no, known, key);
            }
        }
        self.filed_below = events.len();
        self.touch_completed(events, business, changes);
    }

    /// What an event is filed under.
    fn key(&self, no: u32) -> Option<Key> {
        let bare = self.bare.get(no);
        (bare != 0).then(|| (bare, self.version.get_signed(no, NO_VERSION)))
    }

    fn members(&self, key: Key) -> impl Iterator<Item = u32> {
        let first = self.first.get(&key).copied();
        let first = first.and_then(|first| first.checked_sub(1));
        std::iter::successors(first, |&no| self.next.get(no).checked_sub(1))
    }

    fn refile(&mut self, no: u32, known: Option<Key>, key: Option<Key>) {
        if let Some(known) = known {
            let before = self.members(known).take_while(|&other| other != no).last();
            let after = self.next.get(no);
            match before {
                Some(before) => self.next.set(before, after),
                None if after == 0 => {
                    self.first.remove(&known);
                }
                None => {
                    self.first.insert(known, after);
                }
            }
        }
        let (bare, version) = key.unwrap_or((0, NO_VERSION));
        self.bare.set(no, bare);
        self.version.set_signed(no, NO_VERSION, version);
        if let Some(key) = key {
            let after = self.first.insert(key, no + 1);
            self.next.set(no, after.unwrap_or(0));
        }
    }

    /// A new business row may say of what type an aggregate is that others name by its bare id.
    fn touch_completed(&mut self, events: &mut Events, business: &Business, changes: &[u32]) {
        let mut bare = HashSet::new();
        for &change in changes {
            bare.insert(bare_number(events, business.get(change).aggregate));
        }
        if !bare.is_empty() {
            let known = self.first.keys().filter(|(id, _)| bare.contains(id));
            self.touched.extend(known.copied());
        }
    }

    /// The members of each key of which something has changed since this was asked for last; of
    /// every key when `all`.
    pub(super) fn take_touched(&mut self, all: bool) -> Vec<u32> {
        let touched = std::mem::take(&mut self.touched);
        if all {
            let filed = (0..self.filed_below).filter(|&no| self.has_key(no));
            return filed.collect();
        }
        let mut members: Vec<u32> = touched.iter().flat_map(|&key| self.members(key)).collect();
        members.sort_unstable();
        members
    }

    /// Nobody wants to know what was touched.
    pub(super) fn forget_touched(&mut self) {
        self.touched.clear();
    }

    /// Whether an event tells its aggregate and version.
    pub(crate) fn has_key(&self, no: u32) -> bool {
        self.bare.get(no) != 0
    }

    /// What an event finds in the outbox.
    pub(crate) fn fit(&self, no: u32, events: &Events, business: &Business) -> Fit {
        let Some(key) = self.key(no) else {
            return Fit::Nothing;
        };
        let members = || self.members(key);
        if members().nth(MAX_MEMBERS).is_some() {
            return Fit::Several;
        }
        let fits = |one: u32, other: u32| {
            one != other
                && same_aggregate(one, other, events, business)
                && same_kind(one, other, events)
        };
        let with_row = || members().filter(|&it| events.outbox.has(it));
        let contested = |row: u32| with_row().any(|other| fits(row, other));
        if events.outbox.has(no) {
            // A message that could be any of several rows' may be this one's.
            let mut others = members().filter(|&it| !events.outbox.has(it));
            let undecided =
                |it: u32| fits(no, it) && with_row().filter(|&row| fits(row, it)).count() > 1;
            let several = contested(no) || others.any(undecided);
            return if several { Fit::Several } else { Fit::One(no) };
        }
        let mut rows = with_row().filter(|&row| fits(no, row));
        match (rows.next(), rows.next()) {
            (None, _) => Fit::Nothing,
            (Some(row), None) if !contested(row) => Fit::One(row),
            _ => Fit::Several,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.bare.heap_bytes()
            + self.version.heap_bytes()
            + self.first.allocation_size()
            + self.next.heap_bytes()
            + self.touched.allocation_size()
    }
}

/// What an event is filed under; `None` where it does not tell, or is no event of its own.
fn key(events: &mut Events, no: u32) -> Option<Key> {
    let (aggregate, version) = (events.aggregate(no), events.version(no));
    // What was made from a business row is no message.
    let made = events.is(no, State::RECONSTRUCTED) && !events.outbox.has(no);
    let counts = events.is(no, State::SEEN) && !events.is(no, State::MERGED) && !made;
    if !counts || aggregate == 0 || version == NO_VERSION {
        return None;
    }
    Some((bare_number(events, aggregate), version))
}

/// `product/4711` → the number of `4711`.
fn bare_number(events: &mut Events, aggregate: u32) -> u32 {
    let text = events.aggregates.text(aggregate);
    match text.split_once('/') {
        None => aggregate,
        Some((_, bare)) => {
            let bare = bare.to_owned();
            events.aggregates.intern(&bare)
        }
    }
}

/// Whether two aggregates with the same bare id may be the same one.
fn same_aggregate(one: u32, other: u32, events: &Events, business: &Business) -> bool {
    let of = |no: u32| business.aggregate_of(events.aggregate(no));
    let (one, other) = (of(one), of(other));
    let is_bare = |aggregate: u32| !events.aggregates.text(aggregate).contains('/');
    one == other || is_bare(one) || is_bare(other)
}

/// Event types tell apart only where both sides tell one.
fn same_kind(one: u32, other: u32, events: &Events) -> bool {
    let (one, other) = (events.kind_text(one), events.kind_text(other));
    one.is_empty() || other.is_empty() || one == other
}
