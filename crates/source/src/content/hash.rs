//! A hash that is the same on every machine and in every build.

/// Two odd numbers without a pattern: digits of π.
const SEED: u64 = 0x2437_6185_0f6a_8885;
const STEP: u64 = 0x5a30_8d31_3198_a2e1;

/// Eight bytes at a time by one wide multiplication, the step of wyhash. Not for secrets: whoever
/// can write both bodies can make them collide, and gains nothing by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(u64);

impl Hash {
    /// Begins; values of different kinds begin differently.
    pub(super) fn of_kind(kind: u8) -> Self {
        Self(SEED).and(u64::from(kind))
    }

    /// Goes on with a number. What was before counts, so the order does.
    pub(super) fn and(self, number: u64) -> Self {
        let wide = u128::from(self.0 ^ number ^ SEED) * u128::from(STEP);
        Self((wide as u64) ^ ((wide >> 64) as u64).wrapping_add(self.0.rotate_left(23)))
    }

    /// Goes on with bytes and how many they are.
    pub(super) fn and_bytes(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut hash = self;
        for word in words {
            hash = hash.and(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        hash.and(u64::from_le_bytes(last)).and(bytes.len() as u64)
    }

    /// The number that all of it makes.
    pub(super) fn end(self) -> u64 {
        self.and(0).0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(bytes: &[u8]) -> u64 {
        Hash::of_kind(b's').and_bytes(bytes).end()
    }

    #[test]
    fn neither_length_nor_order_nor_kind_is_lost() {
        assert_ne!(of(b""), of(b"\0"));
        assert_ne!(of(b"12345678"), of(b"12345678\0"));
        assert_ne!(of(b"abcdefgh12345678"), of(b"12345678abcdefgh"));
        assert_ne!(Hash::of_kind(b'a').end(), Hash::of_kind(b'b').end());
    }

    #[test]
    fn a_million_small_differences_make_a_million_numbers() {
        let all: BTreeSet<u64> = (0_u32..1_000_000)
            .map(|n| of(format!("price {n}").as_bytes()) >> 2)
            .collect();
        assert_eq!(all.len(), 1_000_000);
    }

    #[test]
    fn it_is_the_same_in_every_build() {
        assert_eq!(of(b"squeaky duck"), 0x00c9_1306_4fe6_4ec9);
    }
}
