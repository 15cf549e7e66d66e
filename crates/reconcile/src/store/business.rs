//! Business rows: changes that must have led to an event, by aggregate and version.

use hashbrown::{HashMap, HashTable, hash_map::Entry};
use waybill_model::Marks;

use super::{Added, Names, Spot};

/// A version of an aggregate as the business table showed it.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Where it was seen.
    pub(crate) spot: Spot<'static>,
    /// The aggregate's number.
    pub(crate) aggregate: u32,
    /// Its version.
    pub(crate) version: i64,
    /// The event it led to, as far as known.
    pub(crate) event: Option<u32>,
    /// An outbox row of that aggregate and version is known: the change is accounted for.
    pub(crate) claimed: bool,
}

/// All changes seen. A business table holds one row per aggregate, so they are far fewer than
/// events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Business {
    changes: Vec<Change>,
    by_change: HashTable<u32>,
    /// `4711` → `product/4711`, for messages that do not carry the type; `None` where several
    /// types have that id.
    by_bare_id: HashMap<u32, Option<u32>>,
    newest: HashMap<u32, i64>,
    hasher: hashbrown::DefaultHashBuilder,
}

impl Business {
    /// Takes in one row: its number, and whether it was known.
    pub(crate) fn insert(
        &mut self,
        names: &mut Names,
        aggregate: &str,
        version: i64,
        spot: Spot<'static>,
    ) -> (u32, Added) {
        let aggregate_no = names.intern(aggregate);
        if let Some(idx) = self.find(aggregate_no, version) {
            let known = &mut self.changes[idx as usize];
            let before = known.spot.at;
            known.spot = spot;
            if known.spot.marks.contains(Marks::NO_TIME) {
                // Then its time is when it was first seen.
                known.spot.at = before.min(known.spot.at);
            }
            let moved = known.spot.at != before;
            return (idx, if moved { Added::Moved } else { Added::Known });
        }
        if let Some((_, bare)) = aggregate.split_once('/') {
            match self.by_bare_id.entry(names.intern(bare)) {
                Entry::Vacant(entry) => {
                    entry.insert(Some(aggregate_no));
                }
                Entry::Occupied(mut entry) if *entry.get() != Some(aggregate_no) => {
                    entry.insert(None);
                }
                Entry::Occupied(_) => {}
            }
        }
        let newest = self.newest.entry(aggregate_no).or_insert(version);
        *newest = version.max(*newest);
        let idx = u32::try_from(self.changes.len()).expect("there are below four billion rows");
        self.changes.push(Change {
            spot,
            aggregate: aggregate_no,
            version,
            event: None,
            claimed: false,
        });
        let Self {
            changes,
            by_change,
            hasher,
            ..
        } = self;
        let hash_of = |aggregate: u32, version: i64| hash(hasher, aggregate, version);
        by_change.insert_unique(hash_of(aggregate_no, version), idx, |&idx| {
            let change = &changes[idx as usize];
            hash_of(change.aggregate, change.version)
        });
        (idx, Added::New)
    }

    /// The change of an event's aggregate and version.
    pub(crate) fn find(&self, aggregate: u32, version: i64) -> Option<u32> {
        let same = |&idx: &u32| {
            let change = &self.changes[idx as usize];
            (change.aggregate, change.version) == (aggregate, version)
        };
        self.by_change
            .find(hash(&self.hasher, aggregate, version), same)
            .copied()
    }

    /// The aggregate as business rows write it; itself when they do not know it.
    pub(crate) fn aggregate_of(&self, aggregate: u32) -> u32 {
        self.by_bare_id
            .get(&aggregate)
            .copied()
            .flatten()
            .unwrap_or(aggregate)
    }

    /// The newest version of an aggregate that a business row showed.
    pub(crate) fn newest(&self, aggregate: u32) -> Option<i64> {
        self.newest.get(&aggregate).copied()
    }

    pub(crate) fn get(&self, idx: u32) -> &Change {
        &self.changes[idx as usize]
    }

    pub(crate) fn get_mut(&mut self, idx: u32) -> &mut Change {
        &mut self.changes[idx as usize]
    }

    pub(crate) fn len(&self) -> u32 {
        self.changes.len() as u32
    }

    /// All marks of a row, for the event's flags.
    pub(crate) fn marks(&self, idx: u32) -> Marks {
        self.changes[idx as usize].spot.marks
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let keys: usize = self
            .changes
            .iter()
            .map(|change| change.spot.key.len())
            .sum();
        self.changes.capacity() * size_of::<Change>()
            + keys
            + self.by_change.allocation_size()
            + self.by_bare_id.allocation_size()
            + self.newest.allocation_size()
    }
}

fn hash(hasher: &hashbrown::DefaultHashBuilder, aggregate: u32, version: i64) -> u64 {
    use std::hash::BuildHasher as _;
    hasher.hash_one((aggregate, version))
}
