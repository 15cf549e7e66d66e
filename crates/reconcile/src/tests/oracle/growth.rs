//! More evidence never makes missing what was there, and alone it proves no absence.

use proptest::prelude::*;
use waybill_model::{
    ConsumerVerdict, EventId, EventVerdict, PlaceId, PlaceRole, PublishVerdict, Recognised,
    StuckReason, UnknownReason,
};

use super::arrival::{begun, shuffled};
use super::feed;
use super::generate::history;
use super::histories::{GROWING, UNREAD, config};
use super::history::Fact;
use super::loss::says_where_it_is;
use crate::Index;

/// Whether what was there is still there. A copy can turn out never to have been stored, or stored
/// after all, or that nobody can say because it cannot be recognised, but not to be absent; what a
/// consumer has processed stays processed.
fn goes_on(before: &EventVerdict, after: &EventVerdict) -> bool {
    use PublishVerdict::{Phantom, Published, Unknown};
    let unrecognised = matches!(
        after.publish,
        Unknown(
            UnknownReason::NoMatchableId
                | UnknownReason::Ambiguous
                | UnknownReason::NoControl
                | UnknownReason::OneOfThese
                | UnknownReason::OutboxCleaned
                | UnknownReason::RowGone
        )
    );
    let publish = unrecognised
        || match &before.publish {
            Published => matches!(after.publish, Published | Phantom),
            Phantom => says_where_it_is(&after.publish),
            _ => true,
        };
    let mut consumers = before.consumers.iter().zip(&after.consumers);
    let processed = consumers.all(|(before, after)| {
        *before != ConsumerVerdict::Processed || *after == ConsumerVerdict::Processed
    });
    publish && processed
}

/// All events with all ids under which they were seen.
fn told_with_ids(index: &Index) -> Vec<(String, EventVerdict, Vec<EventId>)> {
    let numbers = index.in_time_order().iter();
    let all = numbers.map(|&no| {
        let row = index.row(no).expect("what stands in the order is visible");
        (row.id.0, row.verdict, index.ids(no))
    });
    all.collect()
}

/// By what the messages of each destination are recognised.
fn bases(index: &Index) -> Vec<(PlaceId, Recognised)> {
    let places = index.shape().places.iter();
    let destinations = places.filter(|place| place.role == PlaceRole::Destination);
    let bases = destinations.map(|place| {
        let found = index.basis(place.id);
        (place.id, found.map_or(Recognised::ById, |it| it.recognised))
    });
    bases.collect()
}

/// Whether a row or a copy says so itself, whatever rows say of having been sent.
fn is_told(reason: StuckReason) -> bool {
    matches!(
        reason,
        StuckReason::AttemptsExhausted | StuckReason::OpenTransaction
    )
}

/// Whether a verdict rests on absence.
fn claims_absence(verdict: &EventVerdict) -> bool {
    let of_publication = matches!(
        verdict.publish,
        PublishVerdict::LostInPublish | PublishVerdict::MissingOutboxRow | PublishVerdict::Phantom
    );
    of_publication || verdict.consumers.contains(&ConsumerVerdict::LostByConsumer)
}

proptest! {
    #![proptest_config(config(GROWING))]

    #[test]
    fn more_evidence_never_makes_missing_what_was_there(
        history in history(),
        keys in prop::collection::vec(any::<u16>(), 0..60),
    ) {
        let facts: Vec<&Fact> = history.facts().collect();
        let last = history.scans.last().and_then(|scan| scan.judged.last());
        let moment = *last.expect("every scan is judged");
        let mut index = begun(&history);
        let (mut before, mut bases_before) = (told_with_ids(&index), bases(&index));
        for fact in shuffled(&facts, &keys) {
            feed::tell(&mut index, fact);
            feed::judge(&mut index, moment, history.slack);
            let after = told_with_ids(&index);
            let bases = bases(&index);
            for (id, verdict, ids) in &before {
                // An event made from a business row may turn out to be another one; and what was
                // taken for one event may turn out to be several, or the other way round.
                let same = |(known, _, now): &&(String, EventVerdict, Vec<EventId>)| {
                    known == id && ids.iter().all(|id| now.contains(id)) && bases == bases_before
                };
                if let Some((_, now, _)) = after.iter().find(same) {
                    prop_assert!(goes_on(verdict, now), "{id}: {verdict:?}, then {now:?}");
                }
            }
            (before, bases_before) = (after, bases);
        }
    }
}

proptest! {
    #![proptest_config(config(UNREAD))]

    #[test]
    fn where_nothing_was_read_without_loss_nothing_is_said_to_be_absent(mut history in history()) {
        for scan in &mut history.scans {
            scan.facts.retain(|fact| !matches!(fact, Fact::Read(_)));
        }
        for (id, verdict) in super::opinion::verdicts(&history).concat() {
            prop_assert!(!claims_absence(&verdict), "{id}: {verdict:?}");
            if let PublishVerdict::Stuck(reason) = verdict.publish {
                let told = history.shape.outbox_tells_sent
                    || history.shape.deletes_after_send && !history.shape.has_observer
                    || is_told(reason);
                prop_assert!(told, "{id}: {verdict:?}");
            }
        }
    }
}
