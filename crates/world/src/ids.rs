//! What ids the messages of a past carry, and where Waybill is told to look for them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What ids the messages of a past carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageIds {
    /// The event's own, as the outbox has it.
    #[default]
    Own,
    /// One that the relay makes; consumers know the event by that.
    Relay,
    /// None that anybody could name; consumers take the event's own from elsewhere.
    None,
    /// The event's own, but the profile names another header, and no version.
    Wrong,
    /// The event's own, which is a number that the database counts up from one.
    Bigserial,
    /// None, and no version either: nothing but what it says.
    Content,
}

/// Our own name space for UUID version 5 (a random UUID, fixed for ever).
const OF_RELAY: Uuid = Uuid::from_u128(0x2c4b_7a90_1d1e_4c52_8f3a_90b6_6f0e_d417);

impl MessageIds {
    /// The id that the message of an event carries.
    pub(crate) fn in_message(self, event: Uuid) -> Option<Uuid> {
        match self {
            Self::Own | Self::Wrong | Self::Bigserial => Some(event),
            Self::Relay => Some(of_relay(event)),
            Self::None | Self::Content => None,
        }
    }

    /// The id under which consumers note that they have processed it.
    pub(crate) fn in_inbox(self, event: Uuid) -> Uuid {
        self.in_message(event).unwrap_or(event)
    }
}

impl fmt::Display for MessageIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::Relay => "relay",
            Self::None => "none",
            Self::Wrong => "wrong",
            Self::Bigserial => "bigserial",
            Self::Content => "content",
        })
    }
}

fn of_relay(event: Uuid) -> Uuid {
    Uuid::new_v5(&OF_RELAY, event.as_bytes())
}
