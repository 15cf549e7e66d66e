//! Event ids, each stored once: UUIDs as 16 bytes, short texts in place, long ones in an arena.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Arena, Column};

/// How the 16 bytes of an id are to be read.
const UUID: u8 = 0;
/// `INLINE + n`: the first n bytes are the text.
const INLINE: u8 = 1;
/// The first 8 bytes lead into the arena.
const LONG: u8 = 255;

/// How far ahead an id is looked for before the table is asked.
const NEAR: u32 = 16;
/// Ids that were near are remembered up to this many, and so many misses end the search.
const MAX_LUCK: u8 = 64;

/// Where the ids of one place (and partition) were found last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near {
    last: u32,
    luck: u8,
}

impl Default for Near {
    fn default() -> Self {
        Self {
            last: 0,
            luck: MAX_LUCK,
        }
    }
}

/// All ids, numbered from 0 in the order of their arrival.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    bytes: Column<[u8; 16]>,
    kinds: Column<u8>,
    long: Arena,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    len: u32,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Column::new([0; 16]),
            kinds: Column::new(UUID),
            long: Arena::default(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            len: 0,
        }
    }

    /// How many ids.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The number of an id in canonical spelling, and whether it is a new one. `near` is where it
    /// is looked for first.
    ///
    /// # Panics
    /// Beyond four billion events, which would not fit into any machine's memory before.
    pub(crate) fn intern(&mut self, id: &str, near: &mut Near) -> (u32, bool) {
        let (kind, bytes) = Self::short_form(id);
        if let Some(no) = self.find_near(near, kind, &bytes, id) {
            return (no, false);
        }
        let hash = self.hash(kind, &bytes, id);
        let (no, new) = match self.find(hash, kind, &bytes, id) {
            Some(no) => (no, false),
            None => (self.insert(hash, kind, bytes, id), true),
        };
        if no > near.last && no - near.last <= NEAR {
            near.luck = near.luck.saturating_add(1).min(MAX_LUCK);
        }
        near.last = no;
        (no, new)
    }

    /// Places are read in about the same order, so the next id is mostly one of the next few:
    /// comparing some ids that lie side by side is quicker than one look into a large table.
    fn find_near(&self, near: &mut Near, kind: u8, bytes: &[u8; 16], id: &str) -> Option<u32> {
        let reach = if near.luck > 0 { NEAR } else { 1 };
        let ahead = near.last.saturating_add(1)..self.len.min(near.last.saturating_add(1 + reach));
        let found = ahead.clone().find(|&no| self.is(no, kind, bytes, id));
        match found {
            Some(no) => {
                near.last = no;
                near.luck = near.luck.saturating_add(1).min(MAX_LUCK);
            }
            None if !ahead.is_empty() => near.luck = near.luck.saturating_sub(1),
            None => {}
        }
        found
    }

    fn insert(&mut self, hash: u64, kind: u8, mut bytes: [u8; 16], id: &str) -> u32 {
        let no = self.len;
        self.len = no
            .checked_add(1)
            .expect("an index holds below four billion events");
        if kind == LONG {
            bytes[..8].copy_from_slice(&self.long.push(id).to_le_bytes());
        }
        self.bytes.set(no, bytes);
        self.kinds.set(no, kind);
        if self.numbers.len() == self.numbers.capacity() {
            self.grow();
        }
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.insert_unique(hash, no, |&no| self.stored_hash(no));
        self.numbers = numbers;
        no
    }

    /// The number of an id in canonical spelling.
    pub(crate) fn no_of(&self, id: &str) -> Option<u32> {
        let (kind, bytes) = Self::short_form(id);
        self.find(self.hash(kind, &bytes, id), kind, &bytes, id)
    }

    /// The id as text.
    pub(crate) fn text(&self, no: u32) -> Cow<'_, str> {
        let slot = self.bytes.get(no);
        match self.kinds.get(no) {
            UUID => Cow::Owned(uuid_text(&slot)),
            LONG => Cow::Borrowed(self.long.get(arena_ref(&slot))),
            inline => {
                let text = &slot[..usize::from(inline - INLINE)];
                Cow::Owned(String::from_utf8_lossy(text).into_owned())
            }
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.heap_bytes()
            + self.kinds.heap_bytes()
            + self.long.heap_bytes()
            + self.numbers.allocation_size()
    }

    /// Doubles the table. Filling a new one in the order of numbers reads the ids one after the
    /// other; the table's own way to grow reads them all over the place.
    fn grow(&mut self) {
        let mut numbers = HashTable::with_capacity((self.numbers.capacity() * 2).max(64));
        for no in 0..self.numbers.len() as u32 {
            numbers.insert_unique(self.stored_hash(no), no, |&no| self.stored_hash(no));
        }
        self.numbers = numbers;
    }

    fn stored_hash(&self, no: u32) -> u64 {
        let slot = self.bytes.get(no);
        match self.kinds.get(no) {
            LONG => self.hasher.hash_one(self.long.get(arena_ref(&slot))),
            _ => self.hasher.hash_one(u128::from_le_bytes(slot)),
        }
    }

    fn find(&self, hash: u64, kind: u8, bytes: &[u8; 16], id: &str) -> Option<u32> {
        self.numbers
            .find(hash, |&no| self.is(no, kind, bytes, id))
            .copied()
    }

    fn is(&self, no: u32, kind: u8, bytes: &[u8; 16], id: &str) -> bool {
        let slot = self.bytes.get(no);
        if kind == LONG {
            self.kinds.get(no) == LONG && self.long.get(arena_ref(&slot)) == id
        } else {
            // As numbers: two words are quicker compared than 16 bytes.
            u128::from_le_bytes(slot) == u128::from_le_bytes(*bytes) && self.kinds.get(no) == kind
        }
    }

    fn hash(&self, kind: u8, bytes: &[u8; 16], id: &str) -> u64 {
        match kind {
            LONG => self.hasher.hash_one(id),
            _ => self.hasher.hash_one(u128::from_le_bytes(*bytes)),
        }
    }

    fn short_form(id: &str) -> (u8, [u8; 16]) {
        if let Some(uuid) = uuid_bytes(id.as_bytes()) {
            return (UUID, uuid);
        }
        let mut bytes = [0; 16];
        match bytes.get_mut(..id.len()) {
            Some(slot) => {
                slot.copy_from_slice(id.as_bytes());
                (INLINE + id.len() as u8, bytes)
            }
            None => (LONG, bytes),
        }
    }
}

fn arena_ref(slot: &[u8; 16]) -> u64 {
    let [head @ .., _, _, _, _, _, _, _, _] = slot;
    u64::from_le_bytes(*head)
}

/// Where the 16 bytes of a UUID begin in its text.
const BYTE_AT: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// Reads a UUID in lower case. Without branches and tables, so that a processor does many digits
/// at once.
fn uuid_bytes(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if text[8] != b'-' || text[13] != b'-' || text[18] != b'-' || text[23] != b'-' {
        return None;
    }
    let mut digits = [0; 32];
    digits[..8].copy_from_slice(&text[..8]);
    digits[8..12].copy_from_slice(&text[9..13]);
    digits[12..16].copy_from_slice(&text[14..18]);
    digits[16..20].copy_from_slice(&text[19..23]);
    digits[20..].copy_from_slice(&text[24..]);
    let mut all_hex = true;
    for digit in &mut digits {
        let (number, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
        all_hex &= (number < 10) | (letter < 6);
        *digit = if number < 10 {
            number
        } else {
            letter.wrapping_add(10)
        };
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = pair[0] << 4 | pair[1];
    }
    all_hex.then_some(bytes)
}

fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = [b'-'; 36];
    for (byte, at) in bytes.iter().zip(BYTE_AT) {
        text[at] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[at + 1] = b"0123456789abcdef"[usize::from(byte & 0xf)];
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_one_number_and_comes_back() {
        let texts = [
            "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20",
            "42",
            "",
            "sixteen-bytes-ok",
            "seventeen-bytes-x",
            "01J9Z4K8ABCDEFGHJKMNPQC2Q7",
            "0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20",
            "\0\0",
            "\0\0\0",
            "ünï",
        ];
        let mut ids = Ids::new();
        for (no, text) in (0..).zip(texts) {
            assert_eq!(ids.intern(text, &mut Near::default()), (no, true), "{text}");
        }
        for (no, text) in (0..).zip(texts) {
            assert_eq!(
                ids.intern(text, &mut Near::default()),
                (no, false),
                "{text}"
            );
            assert_eq!(ids.no_of(text), Some(no));
            assert_eq!(ids.text(no), text);
        }
        assert_eq!(ids.no_of("43"), None);
    }

    #[test]
    fn only_hex_in_lower_case_is_a_uuid() {
        let uuid = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b29";
        let hex = u128::from_str_radix(&uuid.replace('-', ""), 16).expect("it is one");
        assert_eq!(uuid_bytes(uuid.as_bytes()), Some(hex.to_be_bytes()));
        for at in 0..36 {
            for wrong in [b'/', b':', b'`', b'g', b'A', b'F', b' ', 0, 0xff] {
                let mut text = uuid.as_bytes().to_vec();
                text[at] = wrong;
                assert_eq!(uuid_bytes(&text), None, "{wrong} at {at}");
            }
        }
    }

    #[test]
    fn where_an_id_is_looked_for_first_does_not_matter() {
        let mut ids = Ids::new();
        let mut near = Near::default();
        for no in 0..1000 {
            ids.intern(&no.to_string(), &mut near);
        }
        // In order, every seventh, backwards.
        let walk = (0..1000).chain((0..1000).step_by(7)).chain((0..1000).rev());
        for no in walk {
            assert_eq!(ids.intern(&no.to_string(), &mut near), (no, false));
        }
    }

    #[test]
    fn growing_the_table_keeps_every_number() {
        let mut ids = Ids::new();
        let name = |no: u32| format!("order/{no:020}");
        for no in 0..20_000 {
            ids.intern(&name(no), &mut Near::default());
        }
        for no in 0..20_000 {
            assert_eq!(ids.no_of(&name(no)), Some(no));
        }
    }
}
