//! Which events of a past lie behind a newer version of their product. Pure.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::bus::Placed;

/// A copy that consumers can see, in the order in which the broker took them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lying {
    pub(super) event: Uuid,
    pub(super) product: i64,
    pub(super) version: i64,
    /// Where; RabbitMQ does not say.
    pub(super) placed: Option<Placed>,
    pub(super) at: waybill_model::Micros,
}

/// The events whose first copy lies behind that of a newer version.
pub(super) fn overtaken<'a>(copies: impl Iterator<Item = &'a Lying>) -> BTreeSet<Uuid> {
    let mut seen = BTreeSet::new();
    let mut newest: BTreeMap<i64, i64> = BTreeMap::new();
    let mut late = BTreeSet::new();
    for copy in copies {
        if !seen.insert(copy.event) {
            continue;
        }
        let newest = newest.entry(copy.product).or_insert(copy.version);
        if copy.version < *newest {
            late.insert(copy.event);
        }
        *newest = copy.version.max(*newest);
    }
    late
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_copies_count_and_only_within_a_product() {
        let copy = |event: u128, product, version| Lying {
            event: Uuid::from_u128(event),
            product,
            version,
            placed: None,
            at: waybill_model::Micros(0),
        };
        let copies = [
            copy(1, 7, 1),
            copy(3, 7, 3),
            copy(9, 8, 1),
            copy(1, 7, 1),
            copy(2, 7, 2),
        ];
        let late: Vec<_> = overtaken(copies.iter()).into_iter().collect();
        assert_eq!(late, [Uuid::from_u128(2)]);
    }
}
