//! What a body says, as a number: two bodies of one kind with different numbers differ.

use serde::{Deserialize, Serialize};

/// The content of an outbox row or of a copy, without how it is spelled. The default is content
/// that cannot be compared: none, encoded, or not looked at.
///
/// The lowest bits say of which kind it is, so that JSON is never compared with other text. 62
/// bits are left for the content. Two different ones are taken for equal once in 4·10¹⁸ times,
/// and equal ones never for different: a chance can hide a mismatch, but not make one up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Content(u64);

/// The bits that say of which kind a content is.
const KIND: u64 = 3;
const JSON: u64 = 1;
const TEXT: u64 = 2;

impl Content {
    /// Nothing to compare.
    pub const NONE: Self = Self(0);

    /// A JSON document with this hash.
    pub const fn json(hash: u64) -> Self {
        Self(hash & !KIND | JSON)
    }

    /// Any other text with this hash.
    pub const fn text(hash: u64) -> Self {
        Self(hash & !KIND | TEXT)
    }

    /// Whether there is nothing to compare.
    pub const fn is_none(self) -> bool {
        self.0 & KIND == 0
    }

    /// Whether both can be compared and are not the same.
    pub const fn differs_from(self, other: Self) -> bool {
        !self.is_none() && self.0 & KIND == other.0 & KIND && self.0 != other.0
    }

    /// As it is kept in a column of numbers; 0 for nothing to compare.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// As it was kept.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_one_kind_and_not_the_same_differs() {
        for (one, other, expected) in [
            (Content::json(8), Content::json(16), true),
            (Content::text(8), Content::text(16), true),
            (Content::json(8), Content::json(8), false),
            (Content::json(8), Content::text(16), false),
            (Content::NONE, Content::json(8), false),
            (Content::json(8), Content::NONE, false),
            (Content::NONE, Content::NONE, false),
        ] {
            assert_eq!(one.differs_from(other), expected, "{one:?} {other:?}");
        }
        // A hash of zero is a content like any other.
        assert!(Content::json(0).differs_from(Content::json(4)));
    }
}
