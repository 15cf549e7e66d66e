//! Texts that many events share, each stored once: event types and aggregates.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Arena, Wide};

/// Texts by number; number 0 is `""`.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    texts: Arena,
    refs: Wide,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    len: u32,
    /// Neighbours often share their text.
    latest: u32,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            texts: Arena::default(),
            refs: Wide::new(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            len: 1,
            latest: 0,
        }
    }

    /// The number of a text; 0 for `""`.
    ///
    /// # Panics
    /// Beyond four billion different texts.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let Self {
            texts,
            refs,
            numbers,
            hasher,
            len,
            latest,
        } = self;
        let same = |no: u32| texts.bytes(refs.get(no)) == text.as_bytes();
        if *latest != 0 && same(*latest) {
            return *latest;
        }
        let hash = hasher.hash_one(text.as_bytes());
        if let Some(&no) = numbers.find(hash, |&no| same(no)) {
            *latest = no;
            return no;
        }
        let no = *len;
        *len = no
            .checked_add(1)
            .expect("there are below four billion texts");
        refs.set(no, texts.push(text));
        numbers.insert_unique(hash, no, |&no| hasher.hash_one(texts.bytes(refs.get(no))));
        *latest = no;
        no
    }

    /// The text of a number.
    pub(crate) fn text(&self, no: u32) -> &str {
        if no == 0 {
            ""
        } else {
            self.texts.get(self.refs.get(no))
        }
    }

    /// How many numbers there are, `""` included.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.texts.heap_bytes() + self.refs.heap_bytes() + self.numbers.allocation_size()
    }
}
