//! How many histories each property is held against.

use proptest::prelude::*;

/// Histories compared verdict by verdict: most, because every rule shows here.
pub(super) const COMPARED: u32 = 70_000;
/// Histories told in another order.
pub(super) const SHUFFLED: u32 = 40_000;
/// Histories judged after every single fact, which costs as much as thirty of the others.
pub(super) const GROWING: u32 = 5_000;
/// Histories of which nothing was read without loss.
pub(super) const UNREAD: u32 = 5_000;
/// Histories with one more gap, or one more failure.
pub(super) const SPOILT: u32 = 40_000;

// What CI runs with every change: fewer would leave rare coincidences of faults to luck.
const _: () = assert!(COMPARED + SHUFFLED + GROWING + UNREAD + SPOILT >= 100_000);

/// So many cases. A counterexample is printed in full, so no file of seeds is kept.
pub(super) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
