//! By what the messages of one destination are recognised, found by sampling.

use serde::{Deserialize, Serialize};

use crate::{PlaceId, UnknownReason};

/// By what one place's messages or rows find their event, and the sample that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FlowBasis {
    /// A destination; or a consumer's inbox or dead letters.
    pub place: PlaceId,
    /// What was found.
    pub recognised: Recognised,
    /// How many messages (rows of an inbox) were looked at.
    pub sampled: u32,
    /// Of these, how many carry an id that was found on the other side: in the outbox; for what a
    /// consumer has, anywhere.
    pub by_id: u32,
    /// Of these, how many have an aggregate and version that was found in the outbox; counted only
    /// where ids do not do.
    pub by_version: u32,
}

/// By what messages are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recognised {
    /// By the id they carry; also where too few were seen to say otherwise.
    ById,
    /// By aggregate and version, because their ids are not the outbox's.
    ByVersion,
    /// What they carry fits several outbox rows: nothing can be said to be absent.
    Ambiguously,
    /// Nothing they carry is found in the outbox: nothing can be said to be absent.
    Not,
}

impl Recognised {
    /// Why what is not found cannot be called absent; `None` where it can.
    pub fn doubt(self) -> Option<UnknownReason> {
        match self {
            Self::ById | Self::ByVersion => None,
            Self::Ambiguously => Some(UnknownReason::Ambiguous),
            Self::Not => Some(UnknownReason::NoMatchableId),
        }
    }
}
