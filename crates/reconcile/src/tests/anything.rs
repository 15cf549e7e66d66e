//! Whatever a source yields, nothing is lost and nothing breaks.

use proptest::prelude::*;
use waybill_model::{Marks, Micros, Observation, PlaceId};

use super::company::*;
use crate::Judgement;

/// An observation with anything in it.
fn anything() -> impl Strategy<Value = Observation> {
    let time = prop_oneof![any::<i64>(), -10_000_000_i64..3_000_000_000];
    let text = "[a-c]{0,2}(/[a-c])?|.{0,40}";
    let number = || prop_oneof![any::<i64>(), -3_i64..40];
    let marks = any::<u16>().prop_map(Marks::from_bits_truncate);
    (
        0_u16..8,
        text,
        text,
        time,
        (number(), number(), 0_u32..3),
        marks,
        0_u32..2_000_000_000,
    )
        .prop_map(
            |(
                place,
                id,
                aggregate,
                at,
                (version, position, partition),
                marks,
                resolution_micros,
            )| {
                let mut observation = seen(PlaceId(place), &id, 0);
                observation.stamp.at = Micros(at);
                observation.stamp.resolution_micros = resolution_micros;
                Observation {
                    aggregate,
                    version,
                    partition,
                    position,
                    marks,
                    ..observation
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn whatever_a_source_yields_every_observation_is_in_an_event_or_told_as_odd(
        observations in prop::collection::vec(anything(), 1..40),
        now in any::<i64>(),
    ) {
        let mut company = Company::new().covered();
        for observation in &observations {
            company = company.see(observation.clone());
        }
        company.index.judge(&Judgement::new(Micros(now), Micros(now)));
        let index = &company.index;
        for &no in index.in_time_order() {
            prop_assert!(index.row(no).is_some() && !index.facts(no).is_empty());
            prop_assert!(!index.sentence(no).is_empty() && !index.siblings(no, 3).is_empty());
        }
        let known = |observation: &Observation| {
            let facts = index.in_time_order().iter().flat_map(|&no| index.facts(no));
            let mut here = facts.filter(|fact| fact.place == observation.place);
            here.any(|fact| fact.stamp.at == observation.stamp.at)
        };
        for observation in &observations {
            // A later reading of the same coordinate replaces the time of an earlier one.
            let again = observations.iter().filter(|other| other.place == observation.place).count() > 1;
            prop_assert!(known(observation) || again || index.oddities().count > 0);
        }
    }
}
