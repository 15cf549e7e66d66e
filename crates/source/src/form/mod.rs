//! How a relay makes a message of an outbox row: learnt from rows and the messages they became,
//! and used to make the message of another row.
//!
//! Pure, and the same for every broker. A [`Sheet`] is a row with every place in it that a message
//! may take something from; [`learn`] finds for each part of a message (key, headers, properties,
//! body) the ways that hold for *all* samples; [`Form::rebuild`] makes a message by them, and says
//! so where ways that agreed until now disagree about a row. Nothing is guessed: what stands in a
//! message and nowhere in its row is a difference, in words; and a form counts only once it has
//! made every sample's message anew.

mod sheet;
pub use sheet::{Place, Roles, Sheet, StateRoles};

mod spelling;

mod time;

mod way;

mod choice;

mod state;
pub use state::of_the_same_kind;

mod layers;

mod spread;

mod body;

mod learn;
pub use learn::{Sample, learn, learn_partly};

mod rebuild;
pub use rebuild::{Care, Form, Made, Rebuilt};

#[cfg(test)]
mod tests;

/// A message as it was received, without what tells of its journey.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wire {
    /// Kafka key, or AMQP routing key.
    pub key: Option<Vec<u8>>,
    /// Headers in order; a value may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// AMQP properties by name, with dashes.
    pub properties: Vec<(String, String)>,
    /// The body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
}

/// What one part of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// It is not there.
    Nothing,
    /// It is there and empty: a null.
    Null,
    /// It is this.
    Bytes(Vec<u8>),
}

impl Said {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Nothing | Self::Null => None,
        }
    }
}

impl From<Option<Vec<u8>>> for Said {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        bytes.map_or(Self::Nothing, Self::Bytes)
    }
}
