//! The index and the second opinion say the same of every event.

use proptest::prelude::*;

use super::generate::history;
use super::histories::{COMPARED, config};
use super::history::History;
use super::opinion::{opinions, verdicts};

/// Says where both differ; `None` when they agree.
fn difference(history: &History) -> Option<String> {
    let (opinions, verdicts) = (opinions(history), verdicts(history));
    for (nth, (mut opinions, verdicts)) in opinions.into_iter().zip(verdicts).enumerate() {
        opinions.sort_by(|one, other| one.id.cmp(&other.id));
        let ids = |all: Vec<&String>| all.into_iter().cloned().collect::<Vec<_>>();
        let expected = ids(opinions.iter().map(|opinion| &opinion.id).collect());
        let found = ids(verdicts.iter().map(|(id, _)| id).collect());
        if expected != found {
            return Some(format!(
                "judgement {nth}: events {expected:?} and {found:?}"
            ));
        }
        for (opinion, (_, verdict)) in opinions.iter().zip(&verdicts) {
            if !opinion.agrees(verdict) {
                return Some(format!("judgement {nth}: {opinion:#?}\nbut {verdict:#?}"));
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(config(COMPARED))]

    #[test]
    fn the_index_and_the_second_opinion_agree(history in history()) {
        let difference = difference(&history);
        prop_assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    }
}
