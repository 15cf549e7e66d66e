//! What was told already: rows near the settled horizon are read again, and told once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use waybill_model::{Marks, Micros};

/// How many rows near the horizon are remembered. Beyond, rows are told again, which costs the
/// reader some work and changes nothing.
const MAX_TOLD: usize = 20_000;

/// Rows that were told, each in the state it had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Told(BTreeSet<u64>);

impl Told {
    /// Whether this row was told in this state.
    pub(crate) fn has(&self, fingerprint: u64) -> bool {
        self.0.contains(&fingerprint)
    }

    /// Remembers what another read told, while there is room.
    pub(crate) fn add_all(&mut self, other: &Self) {
        other
            .0
            .iter()
            .for_each(|fingerprint| self.add(*fingerprint));
    }

    /// Remembers it, while there is room.
    pub(crate) fn add(&mut self, fingerprint: u64) {
        if self.0.len() < MAX_TOLD {
            self.0.insert(fingerprint);
        }
    }
}

/// A row in one state as a number (FNV-1a). Two rows with one number would hide a change of one
/// of them near the horizon: among 20 000, one chance in 90 thousand million.
pub(crate) fn fingerprint(key: &str, at: Option<Micros>, version: i64, marks: Marks) -> u64 {
    let parts = [
        key.as_bytes(),
        &at.map_or(i64::MIN, |at| at.0).to_le_bytes(),
        &version.to_le_bytes(),
        &marks.bits().to_le_bytes(),
    ];
    parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_state_counts() {
        let base = fingerprint("7", Some(Micros(1)), 1, Marks::empty());
        for other in [
            fingerprint("8", Some(Micros(1)), 1, Marks::empty()),
            fingerprint("7", Some(Micros(2)), 1, Marks::empty()),
            fingerprint("7", None, 1, Marks::empty()),
            fingerprint("7", Some(Micros(1)), 2, Marks::empty()),
            fingerprint("7", Some(Micros(1)), 1, Marks::SENT),
        ] {
            assert_ne!(base, other);
        }
    }
}
