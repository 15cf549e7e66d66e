//! Evidence: what was seen where, in columns.

use bitflags::bitflags;
use serde::{Deserialize, Serialize};

use crate::{Clock, Content, Micros, PlaceId, Stamp, Texts};

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The business row.
    Stored,
    /// The outbox row.
    Outbox,
    /// A copy on the broker.
    Published,
    /// Seen by a consumer.
    Consumed,
}

/// How much one observation proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Points that way.
    Circumstantial,
    /// Hard to explain otherwise.
    Strong,
    /// Cannot be otherwise.
    Proof,
}

bitflags! {
    /// What else was noticed about one observation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Marks: u16 {
        /// The outbox row says it was sent, the inbox row that it was processed.
        const SENT = 1;
        /// The row says sending, or processing, failed for good (attempts exhausted, failed state).
        const FAILED = 1 << 1;
        /// The relay tried at least once without success.
        const ATTEMPTED = 1 << 2;
        /// A copy that Waybill itself sent.
        const OWN_RESEND = 1 << 3;
        /// A retry copy: the consumer will try again.
        const RETRY = 1 << 4;
        /// The broker accepted it but no queue was bound for it.
        const UNROUTED = 1 << 5;
        /// Seen only in a transaction that has not ended.
        const OPEN_TRANSACTION = 1 << 6;
        /// The row was there and is gone, as rows of an outbox are once they are sent: then it
        /// comes with [`Marks::SENT`]. An inbox row that is gone tells nothing any more.
        const GONE = 1 << 7;
        /// There was no id where the profile says it should be.
        const NO_ID = 1 << 8;
        /// The id or a needed column was not valid UTF-8; shown with replacement characters.
        const NOT_UTF8 = 1 << 9;
        /// The payload was larger than what we read; only its head was looked at.
        const OVERSIZE = 1 << 10;
        /// A needed column could not be read as its role demands (e.g. a time that is no time).
        const MALFORMED = 1 << 11;
        /// There is no time in the row or message; `at` is when we saw it.
        const NO_TIME = 1 << 12;
        /// The message does not carry what says whose it is: it may be another service's.
        const WHOSE_UNKNOWN = 1 << 13;
        /// The message names another publisher than all those of which a row is there.
        const OTHER_PUBLISHER = 1 << 14;
    }
}

/// A row or message whose position nobody knows.
pub const NO_POSITION: i64 = -1;

/// An observation that carries no aggregate version.
pub const NO_VERSION: i64 = i64::MIN;

/// An outbox row that does not say where it is to be sent.
pub const NO_DESTINATION: u32 = 0;

/// An outbox row that is to be sent where no flow of the profile goes.
pub const OTHER_DESTINATION: u32 = u32::MAX;

/// An outbox row that is to be sent as soon as it is written.
pub const NO_DUE: i64 = i64::MIN;

/// An outbox row that is to be sent later, and does not say when.
pub const DUE_LATER: i64 = i64::MAX;

/// Observations from one place, in columns of equal length.
///
/// `kinds`, `aggregates`, `versions` and `keys` may be empty: the place does not carry them. So may
/// `contents`: nothing is compared; and `dues`: everything is to be sent at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Where all of them were seen.
    pub place: PlaceId,
    /// Whose clock `at` is from.
    pub clock: Clock,
    /// The clock's step in microseconds.
    pub resolution_micros: u32,
    /// Event ids in canonical spelling; `""` with [`Marks::NO_ID`].
    pub ids: Texts,
    /// Event types.
    pub kinds: Texts,
    /// Aggregates as `type/id`, or just `id` where the type is not carried.
    pub aggregates: Texts,
    /// Aggregate versions; [`NO_VERSION`] for none.
    pub versions: Vec<i64>,
    /// When, in microseconds since 1970, as the place's clock says.
    pub at: Vec<i64>,
    /// Partition of a topic; where an outbox row is to be sent (see [`PlaceId::as_destination`],
    /// [`NO_DESTINATION`], [`OTHER_DESTINATION`]); 0 elsewhere.
    pub partitions: Vec<u32>,
    /// Offset of a copy or number of a row; [`NO_POSITION`] when `keys` holds it.
    pub positions: Vec<i64>,
    /// Row keys that are not integers.
    pub keys: Texts,
    /// What else was noticed.
    pub marks: Vec<Marks>,
    /// What the bodies say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<Content>,
    /// From when on an outbox row is to be sent, by the clock of `at`; [`NO_DUE`], [`DUE_LATER`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dues: Vec<i64>,
}

/// One observation, taken out of its batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Where it was seen.
    pub place: PlaceId,
    /// Event id in canonical spelling.
    pub id: String,
    /// Event type or `""`.
    pub kind: String,
    /// Aggregate or `""`.
    pub aggregate: String,
    /// Aggregate version or [`NO_VERSION`].
    pub version: i64,
    /// When.
    pub stamp: Stamp,
    /// Partition, 0 for none.
    pub partition: u32,
    /// Offset or row number, [`NO_POSITION`] for none.
    pub position: i64,
    /// Row key where it is no integer.
    pub key: String,
    /// What else was noticed.
    pub marks: Marks,
    /// What the body says.
    #[serde(default)]
    pub content: Content,
}

impl Batch {
    /// An empty batch of one place, with room for `n` observations.
    pub fn new(place: PlaceId, clock: Clock, resolution_micros: u32, n: usize) -> Self {
        Self {
            place,
            clock,
            resolution_micros,
            ids: Texts::with_capacity(n, 36),
            kinds: Texts::default(),
            aggregates: Texts::default(),
            versions: Vec::new(),
            at: Vec::with_capacity(n),
            partitions: Vec::with_capacity(n),
            positions: Vec::with_capacity(n),
            keys: Texts::default(),
            marks: Vec::with_capacity(n),
            contents: Vec::new(),
            dues: Vec::new(),
        }
    }

    /// How many observations.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The version at `idx`, or [`NO_VERSION`].
    pub fn version(&self, idx: usize) -> i64 {
        self.versions.get(idx).copied().unwrap_or(NO_VERSION)
    }

    /// What the body at `idx` says.
    pub fn content(&self, idx: usize) -> Content {
        self.contents.get(idx).copied().unwrap_or_default()
    }

    /// From when on the row at `idx` is to be sent, or [`NO_DUE`].
    pub fn due(&self, idx: usize) -> i64 {
        self.dues.get(idx).copied().unwrap_or(NO_DUE)
    }

    /// Says from when on the row that came in last is to be sent.
    pub fn set_due(&mut self, due: i64) {
        // Left empty until there is one; rows behind it that say nothing need no place.
        if due != NO_DUE && !self.is_empty() {
            self.dues.resize(self.at.len() - 1, NO_DUE);
            self.dues.push(due);
        }
    }

    /// One observation by its place in the batch.
    ///
    /// # Panics
    /// When `idx` is not below [`Batch::len`].
    pub fn observation(&self, idx: usize) -> Observation {
        Observation {
            place: self.place,
            id: self.ids.get(idx).to_owned(),
            kind: self.kinds.get(idx).to_owned(),
            aggregate: self.aggregates.get(idx).to_owned(),
            version: self.version(idx),
            stamp: Stamp {
                at: Micros(self.at[idx]),
                clock: self.clock,
                resolution_micros: self.resolution_micros,
            },
            partition: self.partitions.get(idx).copied().unwrap_or(0),
            position: self.positions.get(idx).copied().unwrap_or(NO_POSITION),
            key: self.keys.get(idx).to_owned(),
            marks: self.marks.get(idx).copied().unwrap_or_default(),
            content: self.content(idx),
        }
    }

    /// Appends one observation to every column.
    pub fn push(&mut self, seen: &Observation) {
        self.ids.push(&seen.id);
        self.kinds.push(&seen.kind);
        self.aggregates.push(&seen.aggregate);
        self.versions.push(seen.version);
        self.at.push(seen.stamp.at.0);
        self.partitions.push(seen.partition);
        self.positions.push(seen.position);
        self.keys.push(&seen.key);
        self.marks.push(seen.marks);
        // Left empty where nothing is compared; the first content fills it up to here.
        if !seen.content.is_none() || !self.contents.is_empty() {
            self.contents.resize(self.at.len() - 1, Content::NONE);
            self.contents.push(seen.content);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(content: Content) -> Observation {
        Observation {
            place: PlaceId(1),
            id: "e".to_owned(),
            kind: String::new(),
            aggregate: String::new(),
            version: NO_VERSION,
            stamp: Stamp {
                at: Micros(0),
                clock: Clock::App,
                resolution_micros: 1,
            },
            partition: 0,
            position: 0,
            key: String::new(),
            marks: Marks::empty(),
            content,
        }
    }

    #[test]
    fn contents_take_no_room_until_there_is_one_and_then_stand_by_their_observation() {
        let mut batch = Batch::new(PlaceId(1), Clock::App, 1, 3);
        batch.push(&seen(Content::NONE));
        assert_eq!(batch.contents.capacity(), 0);
        let json = serde_json::to_string(&batch).expect("a batch is data");
        assert!(!json.contains("contents"), "{json}");
        for content in [Content::json(4), Content::NONE, Content::text(8)] {
            batch.push(&seen(content));
        }
        let all: Vec<Content> = (0..4).map(|idx| batch.observation(idx).content).collect();
        let expected = [
            Content::NONE,
            Content::json(4),
            Content::NONE,
            Content::text(8),
        ];
        assert_eq!(all, expected);
        let json = serde_json::to_string(&batch).expect("a batch is data");
        assert_eq!(serde_json::from_str::<Batch>(&json).ok(), Some(batch));
    }
}
