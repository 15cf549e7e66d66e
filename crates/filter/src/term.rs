//! One term: a field, a comparison, a value, checked when parsed.

use waybill_model::{Flags, Micros, Phase};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `:` or `=`: is.
    Is,
    /// `!=`: is not.
    IsNot,
    /// `~`: matches a pattern with `*` and `?`.
    Like,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
}

impl Op {
    pub(crate) fn compare<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Is | Self::Like => left == right,
            Self::IsNot => left != right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
        }
    }
}

/// A checked term.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A bare word: in id, type or aggregate.
    Contains(String),
    /// `id`, `type` or `aggregate` against a text.
    Text(TextField, Op, String),
    /// `verdict`: the class, the publish verdict or any consumer's.
    Verdict(Op, String),
    /// `consumer:NAME`: this consumer does not have it.
    Wanting(Op, String),
    /// `consumer.NAME:VERDICT`.
    ConsumerVerdict(String, Op, String),
    /// `reason`: why a verdict is unknown or an event stuck.
    Reason(Op, String),
    /// `flag`.
    Flag(Op, Flags),
    /// `phase`.
    Phase(Op, Phase),
    /// `version`.
    Version(Op, i64),
    /// `age` in microseconds.
    Age(Op, i64),
    /// `at`.
    At(Op, Micros),
}

/// A field that is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// Event id.
    Id,
    /// Event type.
    Kind,
    /// Aggregate, `type/id`; a value without `/` is compared with the id alone.
    Aggregate,
}
