//! Less coverage only ever means to know less.

use proptest::prelude::*;
use waybill_model::{
    ConsumerVerdict, EventVerdict, GapReason, PublishVerdict, StuckReason, UnknownReason,
};

use super::generate::history;
use super::histories::{SPOILT, config};
use super::history::{Fact, History};
use super::opinion::verdicts;

/// Something that was not read as well as in the history as told.
#[derive(Debug, Clone)]
struct Spoil {
    place: usize,
    from: i64,
    len: i64,
    /// The place fails in the last scan as well.
    fails: bool,
}

fn spoil() -> impl Strategy<Value = Spoil> {
    (0_usize..12, -20_i64..130, 1_i64..40, any::<bool>()).prop_map(|(place, from, len, fails)| {
        Spoil {
            place,
            from,
            len,
            fails,
        }
    })
}

/// The history as it would be told with a gap in all reads of one place.
fn spoilt(mut history: History, spoil: &Spoil) -> History {
    let places = &history.shape.places;
    let place = places[spoil.place % places.len()].id;
    let gap = (spoil.from, spoil.from + spoil.len, GapReason::Cap);
    for fact in history.scans.iter_mut().flat_map(|scan| &mut scan.facts) {
        if let Fact::Read(read) = fact
            && read.place == place
        {
            read.gaps.push(gap.clone());
        }
    }
    if spoil.fails
        && let Some(last) = history.scans.last_mut()
    {
        last.failed.push(place);
    }
    history
}

/// Whether a verdict rests on a copy that was seen.
pub(super) fn says_where_it_is(verdict: &PublishVerdict) -> bool {
    matches!(
        verdict,
        PublishVerdict::Phantom
            | PublishVerdict::Published
            | PublishVerdict::Unroutable
            | PublishVerdict::InOpenTransaction
            | PublishVerdict::Stuck(StuckReason::OpenTransaction)
    )
}

/// Whether all that can be said of a copy is why the outbox's silence does not count. Where the
/// outbox was not read there is nothing to hold it against, and the copy is all there is to tell of.
fn held_against_the_outbox(verdict: &PublishVerdict) -> bool {
    use UnknownReason::{NoControl, OneOfThese, OutboxCleaned, RowGone};
    matches!(
        verdict,
        PublishVerdict::Unknown(NoControl | OneOfThese | OutboxCleaned | RowGone)
    )
}

/// Whether `after` says the same as `before` or less.
fn says_less(before: &EventVerdict, after: &EventVerdict) -> bool {
    if held_against_the_outbox(&before.publish) && says_where_it_is(&after.publish) {
        return before.flags == after.flags;
    }
    let publish = match (&before.publish, &after.publish) {
        (_, PublishVerdict::Unknown(_) | PublishVerdict::NotChecked(_)) => true,
        // Where nobody can say that it was never stored, the copy is all there is to tell of.
        (PublishVerdict::Phantom, after) => says_where_it_is(after),
        (before, after) => before == after,
    };
    let mut consumers = before.consumers.iter().zip(&after.consumers);
    let consumers = consumers
        .all(|(before, after)| matches!(after, ConsumerVerdict::Unknown(_)) || before == after);
    publish && consumers && before.flags == after.flags
}

proptest! {
    #![proptest_config(config(SPOILT))]

    #[test]
    fn a_gap_only_takes_away_what_can_be_said(history in history(), spoil in spoil()) {
        let before = verdicts(&history);
        let after = verdicts(&spoilt(history, &spoil));
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(before.len(), after.len());
            for ((id, before), (_, after)) in before.iter().zip(after) {
                prop_assert!(says_less(before, after), "{id}: {before:?}, then {after:?}");
            }
        }
    }
}
