//! The truth: what really happened to every event, and what Waybill must therefore say.

mod expected;

mod heard;

mod told;
pub(crate) use told::Vantage;

mod unmatched;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use heard::Heard;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use waybill_model::{
    ConsumerVerdict, EventId, Flags, Micros, PublishVerdict, UnknownReason, VerdictClass,
};

use crate::event::ProductEvent;
use crate::spelling::{read, written};
use crate::{Error, Fault, MessageIds, Result};

/// Every event of a world.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    numbers: BTreeMap<Uuid, u32>,
    /// Counts changes, so that an unchanged ledger need not be saved.
    revision: u64,
}

/// What really happened to one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id; for an event that never got one, the id that a reconstruction gets.
    pub id: Uuid,
    /// Event type.
    pub kind: String,
    /// The product.
    pub product: i64,
    /// The product's version.
    pub version: i64,
    /// When the service made the change.
    pub at: Micros,
    /// The business row is there.
    pub stored: bool,
    /// The outbox row is there.
    pub outbox: bool,
    /// The outbox row says sent.
    pub sent: bool,
    /// The relay gave up on it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gave_up: bool,
    /// The outbox row was there and was deleted after sending.
    #[serde(default, skip_serializing_if = "is_default")]
    pub row_deleted: bool,
    /// Copies that the company itself put on the destination and that consumers could see.
    pub copies: u32,
    /// When the latest copy was written that lies in a transaction which has not ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub open: Option<Micros>,
    /// Nobody can see its copies: retention or compaction has removed them all, or nothing keeps
    /// what passed there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: bool,
    /// Retention or compaction has removed some copies.
    #[serde(default, skip_serializing_if = "is_default")]
    pub thinned: bool,
    /// A newer version of the product lies before it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overtaken: bool,
    /// Its copies say something else than its outbox row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub changed: bool,
    /// Some consumer's clock says that it was processed seconds before it was published.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skewed: bool,
    /// Its first copy says that it was published seconds before its outbox row was written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub copied_early: bool,
    /// That a copy is absent cannot be known, and why.
    #[serde(default, skip_serializing_if = "is_default")]
    pub blind: Option<UnknownReason>,
    /// Rows are deleted once they are sent: that one is absent says nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rows_go: bool,
    /// No column says whether a row was sent: nothing but its being there does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unmarked: bool,
    /// What ids its messages carry.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ids: MessageIds,
    /// The request that caused it, where Waybill takes that for the id of its messages.
    #[serde(default, skip_serializing_if = "is_default")]
    pub request: Option<Uuid>,
    /// Each consumer, in the order of [`ConsumerName::ALL`].
    pub consumers: [ConsumerEntry; 3],
    /// What was done to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// What one consumer did with an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerEntry {
    /// Copies that reached it, resends included.
    #[serde(skip_serializing_if = "is_default")]
    pub received: u32,
    /// Of these, Waybill's resends through topic or exchange.
    #[serde(skip_serializing_if = "is_default")]
    pub resends: u32,
    /// Of these, Waybill's resends to this consumer alone.
    #[serde(skip_serializing_if = "is_default")]
    pub resends_alone: u32,
    /// Its inbox row is there.
    #[serde(skip_serializing_if = "is_default")]
    pub processed: bool,
    /// It moved on without processing.
    #[serde(skip_serializing_if = "is_default")]
    pub skipped: bool,
    /// It was registered only after the last copy went out.
    #[serde(skip_serializing_if = "is_default")]
    pub not_expected: bool,
    /// Whether it was there when the last copy went out cannot be told from that copy's clock.
    #[serde(skip_serializing_if = "is_default")]
    pub blurred: bool,
    /// It was never started, so that its copies wait for it.
    #[serde(skip_serializing_if = "is_default")]
    pub waits: bool,
    /// It put the message with its dead letters.
    #[serde(skip_serializing_if = "is_default")]
    pub dead_lettered: bool,
}

/// What Waybill must say about an event once every grace has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its id.
    pub id: EventId,
    /// Its id for whoever saw its outbox row before that was deleted, where it is another.
    pub id_before: Option<EventId>,
    /// Event type, as the service wrote it.
    pub kind: String,
    /// `product/17`
    pub aggregate: String,
    /// The product's version.
    pub version: i64,
    /// When the service made the change.
    pub at: Micros,
    /// The group it belongs to.
    pub class: VerdictClass,
    /// The verdict on its publication. The reason inside `Stuck` is the true one; the evidence
    /// may carry a weaker one only.
    pub publish: PublishVerdict,
    /// Each consumer's verdict, in the order of the profile.
    pub consumers: Vec<ConsumerVerdict>,
    /// Flags that must be raised.
    pub flags: Flags,
    /// Flags that may be raised besides.
    pub flags_or: Flags,
    /// Verdicts on its publication that are right too, because the evidence that is left carries
    /// no more. Whoever says `Unknown` with another reason than one of these has missed something.
    pub publish_or: Vec<PublishVerdict>,
    /// The same for each consumer.
    pub consumers_or: Vec<Vec<ConsumerVerdict>>,
    /// Nothing that could be read tells of it any more.
    pub traceless: bool,
    /// Its messages cannot be put together with the rest of it, so that they seem to be events of
    /// their own: under this id, or under none.
    pub apart: Option<Apart>,
    /// What was done to it.
    pub faults: Vec<Fault>,
}

/// Under what the messages of an event are seen that belong to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Apart {
    /// An id that other events' messages may carry too.
    As(EventId),
    /// No id; each by its place on the broker.
    Nameless,
}

impl Ledger {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing ever happened.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All events in the order they were made.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One event.
    pub fn get(&self, id: &EventId) -> Option<&Entry> {
        let id = read(id.as_str())?;
        let no = self.numbers.get(&id)?;
        self.entries.get(*no as usize)
    }

    /// What Waybill must say about each event.
    pub fn expected(&self) -> impl Iterator<Item = Expected> {
        let heard = Heard::of(&self.entries);
        let each = self.entries.iter();
        each.map(move |entry| heard.widen(entry, entry.expected()))
    }

    /// The events that somebody should have and does not: class missing, phantom or dead-lettered.
    pub fn missing(&self) -> Vec<Expected> {
        self.expected()
            .filter(|expected| expected.class.needs_action())
            .collect()
    }

    /// Writes it as JSON; the file is either the old or the new one, never half of it.
    pub fn save(&self, path: &Path) -> Result<()> {
        let failed = |what| {
            let path = path.to_owned();
            move |source| Error::File { what, path, source }
        };
        let json = serde_json::to_vec(&self.entries).map_err(|source| Error::Ledger {
            path: path.to_owned(),
            source,
        })?;
        let beside = path.with_extension("json.new");
        fs::write(&beside, json).map_err(failed("write"))?;
        fs::rename(&beside, path).map_err(failed("replace"))
    }

    /// Reads what [`Ledger::save`] wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let json = fs::read(path).map_err(|source| Error::File {
            what: "read",
            path: path.to_owned(),
            source,
        })?;
        let entries: Vec<Entry> =
            serde_json::from_slice(&json).map_err(|source| Error::Ledger {
                path: path.to_owned(),
                source,
            })?;
        let mut ledger = Self::default();
        for entry in entries {
            ledger.push(entry);
        }
        Ok(ledger)
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        let no =
            u32::try_from(self.entries.len()).expect("a world has fewer than 4 billion events");
        self.revision += 1;
        self.numbers.insert(entry.id, no);
        self.entries.push(entry);
    }

    /// For what happens later; events nobody knows (a stranger's message) have no entry.
    pub(crate) fn entry_mut(&mut self, id: Uuid) -> Option<&mut Entry> {
        let no = self.numbers.get(&id)?;
        self.revision += 1;
        self.entries.get_mut(*no as usize)
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes out an event that did not happen after all.
    pub(crate) fn forget(&mut self, id: Uuid) {
        let Some(no) = self.numbers.remove(&id) else {
            return;
        };
        self.revision += 1;
        self.entries.remove(no as usize);
        for later in self.numbers.values_mut().filter(|it| **it > no) {
            *later -= 1;
        }
    }

    pub(crate) fn entries_mut(&mut self) -> &mut [Entry] {
        self.revision += 1;
        &mut self.entries
    }
}

impl Entry {
    /// A change that was just made, before anything else happened.
    pub(crate) fn new(event: &ProductEvent, stored: bool, outbox: bool) -> Self {
        let id = if stored && !outbox {
            let rebuilt = event.id_when_rebuilt();
            Uuid::try_parse(rebuilt.as_str()).expect("a reconstructed id is a UUID")
        } else {
            event.id
        };
        Self {
            id,
            kind: event.kind.wire_name().to_owned(),
            product: event.product.id,
            version: event.product.version,
            at: event.at,
            stored,
            outbox,
            sent: false,
            gave_up: false,
            row_deleted: false,
            copies: 0,
            open: None,
            expired: false,
            thinned: false,
            overtaken: false,
            changed: false,
            skewed: false,
            copied_early: false,
            blind: None,
            rows_go: false,
            unmarked: false,
            ids: MessageIds::Own,
            request: None,
            consumers: [ConsumerEntry::default(); 3],
            faults: Vec::new(),
        }
    }

    /// Its id as Waybill writes it.
    pub fn event_id(&self) -> EventId {
        EventId(written(self.id))
    }

    /// How many copies Waybill put on the destination.
    pub fn resends(&self) -> u32 {
        self.consumers
            .iter()
            .map(|it| it.resends)
            .max()
            .unwrap_or(0)
    }
}

/// Ledgers are equal when the same happened in them.
impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Ledger {}

/// A ledger is written as the list of its entries.
impl Serialize for Ledger {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        let mut ledger = Self::default();
        for entry in Vec::<Entry>::deserialize(deserializer)? {
            ledger.push(entry);
        }
        Ok(ledger)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
