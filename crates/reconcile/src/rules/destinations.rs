//! What all destinations together prove of copies that were not seen.

use waybill_model::PlaceRole;

use super::Since;
use super::context::Proofs;
use crate::Judgement;
use crate::coverage::Unproven;
use crate::index::Index;

/// How far what is followed may be behind: its coverage is told about once a second. What would
/// have come in that time is found by the second scan, before anything is confirmed.
const TAIL_MICROS: i64 = 5_000_000;

/// The destinations at one judgement.
#[derive(Debug)]
pub(crate) struct Destinations {
    proofs: Proofs,
    slack: i64,
    scan_at: i64,
    publish_grace: i64,
}

impl Destinations {
    /// Those of an index, as far as they are covered now.
    pub(crate) fn now(index: &Index, judgement: &Judgement, publish_grace: i64) -> Self {
        let proofs = Proofs::of(index, PlaceRole::Destination);
        Self::new(proofs, judgement, publish_grace)
    }

    pub(super) fn new(proofs: Proofs, judgement: &Judgement, publish_grace: i64) -> Self {
        Self {
            proofs,
            slack: judgement.slack_micros,
            scan_at: judgement.scan_at.0,
            publish_grace,
        }
    }

    /// Whether no copy can have been missed of something that happened then.
    pub(crate) fn no_copy_since(&self, since: Since) -> Result<(), Unproven> {
        let from = since.from.saturating_sub(self.slack);
        let answer = self.proofs.absence(from, self.scan_at);
        if let Err(Unproven::Because(_)) = answer {
            let enough = self
                .scan_at
                .saturating_sub(TAIL_MICROS)
                .max(since.at.saturating_add(self.publish_grace));
            if self.proofs.proven_until(from) >= enough {
                return Ok(());
            }
        }
        answer
    }

    /// Whether a copy could have been missed only because nothing kept a record.
    pub(super) fn only_unwatched_since(&self, since: Since) -> bool {
        let from = since.from.saturating_sub(self.slack);
        self.proofs.only_unwatched(from, self.scan_at)
    }
}
