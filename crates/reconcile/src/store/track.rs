//! Where each event was seen at one stage: the first observation of each, in columns.

use std::borrow::Cow;

use hashbrown::HashMap;
use waybill_model::{Content, Marks, NO_DUE, NO_POSITION, PlaceId};

use super::column::{fold, unfold};
use super::{Arena, Column, Wide};

/// Not seen at this stage.
const ABSENT: i32 = i32::MIN;
/// Seen so long before or after the event's base time that the time is kept apart.
const FAR: i32 = i32::MIN + 1;

/// One observation without what identifies the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot<'a> {
    pub(crate) place: PlaceId,
    pub(crate) partition: u32,
    pub(crate) position: i64,
    pub(crate) key: Cow<'a, str>,
    pub(crate) at: i64,
    pub(crate) marks: Marks,
    pub(crate) content: Content,
    /// From when on it is to be sent.
    pub(crate) due: i64,
}

impl Spot<'_> {
    pub(crate) fn to_owned_spot(&self) -> Spot<'static> {
        Spot {
            key: Cow::Owned(self.key.clone().into_owned()),
            ..*self
        }
    }

    /// Whether it is the same row or message, whatever its time and marks are by now.
    pub(crate) fn same_coordinate(&self, other: &Spot<'_>) -> bool {
        self.place == other.place
            && self.position == other.position
            && self.partition == other.partition
            && same(&self.key, &other.key)
    }
}

/// The first observation of each event at one stage.
///
/// Times are microseconds from the event's base time (35 minutes either way fit, the rest is kept
/// apart); a row key that is the event's id, as in most inbox tables, is not stored again.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    home: PlaceId,
    place: Column<u16>,
    delta: Column<i32>,
    far: HashMap<u32, i64>,
    partition: Wide,
    /// Positions as distance from what the event's number lets expect.
    position: Wide,
    /// Position minus number of the first observation.
    lead: Option<i64>,
    key: Wide,
    keys: Arena,
    marks: Column<u16>,
    /// Empty, and without memory, where nothing is compared.
    contents: Column<u64>,
    /// From when on rows are to be sent that say so: few do, and of those only what waits.
    dues: HashMap<u32, i64>,
}

impl Track {
    /// A track whose observations mostly come from `home`.
    pub(crate) fn new(home: PlaceId) -> Self {
        Self {
            home,
            place: Column::new(0),
            delta: Column::new(ABSENT),
            far: HashMap::new(),
            partition: Wide::new(),
            position: Wide::new(),
            lead: None,
            key: Wide::new(),
            keys: Arena::default(),
            marks: Column::new(0),
            contents: Column::new(0),
            dues: HashMap::new(),
        }
    }

    pub(crate) fn has(&self, no: u32) -> bool {
        self.delta.get(no) != ABSENT
    }

    pub(crate) fn at(&self, no: u32, base: i64) -> Option<i64> {
        match self.delta.get(no) {
            ABSENT => None,
            FAR => self.far.get(&no).copied(),
            delta => Some(base + i64::from(delta)),
        }
    }

    pub(crate) fn place(&self, no: u32) -> PlaceId {
        PlaceId(self.place.get(no) ^ self.home.0)
    }

    pub(crate) fn partition(&self, no: u32) -> u32 {
        self.partition.get(no) as u32
    }

    pub(crate) fn position(&self, no: u32) -> i64 {
        match self.position.get(no) {
            0 => NO_POSITION,
            stored => unfold(stored - 1).wrapping_add(self.expected(no)),
        }
    }

    pub(crate) fn marks(&self, no: u32) -> Marks {
        Marks::from_bits_retain(self.marks.get(no))
    }

    pub(crate) fn content(&self, no: u32) -> Content {
        Content::from_bits(self.contents.get(no))
    }

    pub(crate) fn due(&self, no: u32) -> i64 {
        if self.dues.is_empty() {
            return NO_DUE;
        }
        self.dues.get(&no).copied().unwrap_or(NO_DUE)
    }

    /// The observation as a whole; `None` when there is none.
    pub(crate) fn spot<'a>(&'a self, no: u32, base: i64, id: &'a str) -> Option<Spot<'a>> {
        Some(Spot {
            at: self.at(no, base)?,
            place: self.place(no),
            partition: self.partition(no),
            position: self.position(no),
            key: Cow::Borrowed(self.key(no, id)),
            marks: self.marks(no),
            content: self.content(no),
            due: self.due(no),
        })
    }

    /// Whether the observation is there and of the same row or message.
    pub(crate) fn holds(&self, no: u32, id: &str, other: &Spot<'_>) -> bool {
        self.has(no)
            && self.position(no) == other.position
            && self.partition(no) == other.partition
            && self.place(no) == other.place
            && same(self.key(no, id), &other.key)
    }

    /// Sets the observation of an event that has none yet.
    pub(crate) fn set(&mut self, no: u32, base: i64, id: &str, spot: &Spot<'_>) {
        self.place.set(no, spot.place.0 ^ self.home.0);
        self.partition.set(no, u64::from(spot.partition));
        let stored = if spot.position == NO_POSITION {
            0
        } else {
            self.lead
                .get_or_insert(spot.position.wrapping_sub(i64::from(no)));
            fold(spot.position.wrapping_sub(self.expected(no))).wrapping_add(1)
        };
        self.position.set(no, stored);
        let implied = if spot.position == NO_POSITION { id } else { "" };
        if !same(&spot.key, implied) {
            let kept = self.keys.push(&spot.key);
            self.key.set(no, kept + 1);
        }
        self.renew(no, base, spot.at, spot.marks);
        self.renew_content(no, spot.content);
        self.renew_due(no, spot.due);
    }

    /// Adds marks to an observation.
    pub(crate) fn mark(&mut self, no: u32, more: Marks) {
        self.marks.set(no, (self.marks(no) | more).bits());
    }

    /// Sets time and marks of an observation that was read again.
    pub(crate) fn renew(&mut self, no: u32, base: i64, at: i64, marks: Marks) {
        self.marks.set(no, marks.bits());
        let delta = at
            .checked_sub(base)
            .and_then(|delta| i32::try_from(delta).ok());
        match delta {
            Some(delta) if delta > FAR => self.delta.set(no, delta),
            _ => {
                self.delta.set(no, FAR);
                self.far.insert(no, at);
            }
        }
    }

    /// Sets what the body says by now.
    pub(crate) fn renew_content(&mut self, no: u32, content: Content) {
        self.contents.set(no, content.to_bits());
    }

    /// Sets from when on it is to be sent by now.
    pub(crate) fn renew_due(&mut self, no: u32, due: i64) {
        if due != NO_DUE {
            self.dues.insert(no, due);
        } else if !self.dues.is_empty() {
            self.dues.remove(&no);
        }
    }

    /// Forgets the observation (when its event turned out to be another one).
    pub(crate) fn clear(&mut self, no: u32) {
        self.delta.set(no, ABSENT);
        self.renew_due(no, NO_DUE);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.place.heap_bytes()
            + self.delta.heap_bytes()
            + self.far.allocation_size()
            + self.partition.heap_bytes()
            + self.position.heap_bytes()
            + self.key.heap_bytes()
            + self.keys.heap_bytes()
            + self.marks.heap_bytes()
            + self.contents.heap_bytes()
            + self.dues.allocation_size()
    }

    /// Rows and events are mostly numbered alike, so that what is left takes few bytes.
    fn expected(&self, no: u32) -> i64 {
        self.lead.unwrap_or(0).wrapping_add(i64::from(no))
    }

    fn key<'a>(&'a self, no: u32, id: &'a str) -> &'a str {
        match self.key.get(no) {
            0 if self.position(no) == NO_POSITION => id,
            0 => "",
            kept => self.keys.get(kept - 1),
        }
    }
}

/// From when on a row is to be sent. Of one without a time nothing else says when.
pub(crate) fn to_send_at(written: i64, marks: Marks, due: i64) -> i64 {
    if due != NO_DUE && marks.contains(Marks::NO_TIME) {
        due
    } else {
        written.max(due)
    }
}

/// Whether two keys are equal. Most are empty, and comparing two empty texts that have no memory
/// behind them costs a processor with masked loads as much as a hundred bytes would.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}
