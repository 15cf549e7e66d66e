//! What each verdict on a consumer says: of one event, of many, and what it rests on.

mod dead_lettered;
mod failed;
mod in_flight;
mod lagging;
mod lost;
mod not_due;
mod not_routed;
mod passed;
mod processed;
mod retrying;
mod unknown;

use waybill_model::{ConsumerNo, ConsumerVerdict, Micros};

use super::many::Many;
use super::rest::Rest;
use super::story::Story;

/// Of one event: those that have it in one sentence, then each of the others.
pub(super) fn sentences(story: &Story<'_>) -> Vec<String> {
    let named = || story.index.shape.consumers.iter().zip(&story.row.consumers);
    let (names, times): (Vec<&str>, Vec<Option<Micros>>) = named()
        .filter(|(_, cell)| cell.verdict == ConsumerVerdict::Processed)
        .map(|(consumer, cell)| (consumer.name.as_str(), cell.at))
        .unzip();
    let last = times.into_iter().flatten().max();
    let others = (0..=u8::MAX)
        .zip(named())
        .filter_map(|(no, (consumer, cell))| {
            let who = (ConsumerNo(no), consumer.name.as_str());
            sentence(story, who, &cell.verdict, cell.at)
        });
    processed::sentence(story, &names, last)
        .into_iter()
        .chain(others)
        .collect()
}

fn sentence(
    story: &Story<'_>,
    (no, name): (ConsumerNo, &str),
    verdict: &ConsumerVerdict,
    at: Option<Micros>,
) -> Option<String> {
    Some(match verdict {
        ConsumerVerdict::NotDue | ConsumerVerdict::Processed => return None,
        ConsumerVerdict::DeadLettered => dead_lettered::sentence(story, name, at),
        ConsumerVerdict::Failed => failed::sentence(name),
        ConsumerVerdict::NotRouted => not_routed::sentence(name),
        ConsumerVerdict::Retrying => retrying::sentence(name),
        ConsumerVerdict::InFlight => in_flight::sentence(name),
        ConsumerVerdict::Lagging(reason) => lagging::sentence(name, *reason),
        ConsumerVerdict::LostByConsumer => lost::sentence(name),
        ConsumerVerdict::Passed => passed::sentence(name),
        ConsumerVerdict::Unknown(reason) => unknown::sentence(story, (no, name), *reason),
    })
}

/// Of many: what follows `45 events`.
pub(super) fn fragment(verdict: &ConsumerVerdict, events: Many, name: &str) -> String {
    match verdict {
        ConsumerVerdict::NotDue => not_due::fragment(events, name),
        ConsumerVerdict::Processed => processed::fragment(events, name),
        ConsumerVerdict::DeadLettered => dead_lettered::fragment(events, name),
        ConsumerVerdict::Failed => failed::fragment(events, name),
        ConsumerVerdict::NotRouted => not_routed::fragment(events, name),
        ConsumerVerdict::Retrying => retrying::fragment(events, name),
        ConsumerVerdict::InFlight => in_flight::fragment(events, name),
        ConsumerVerdict::Lagging(reason) => lagging::fragment(events, name, *reason),
        ConsumerVerdict::LostByConsumer => lost::fragment(events, name),
        ConsumerVerdict::Passed => passed::fragment(events, name),
        ConsumerVerdict::Unknown(reason) => unknown::fragment(*reason, name),
    }
}

/// What must have been read without a gap.
pub(super) fn rests_on(verdict: &ConsumerVerdict) -> &'static [Rest] {
    match verdict {
        ConsumerVerdict::NotDue => not_due::RESTS_ON,
        ConsumerVerdict::Processed => processed::RESTS_ON,
        ConsumerVerdict::DeadLettered => dead_lettered::RESTS_ON,
        ConsumerVerdict::Failed => failed::RESTS_ON,
        ConsumerVerdict::NotRouted => not_routed::RESTS_ON,
        ConsumerVerdict::Retrying => retrying::RESTS_ON,
        ConsumerVerdict::InFlight => in_flight::RESTS_ON,
        ConsumerVerdict::Lagging(_) => lagging::RESTS_ON,
        ConsumerVerdict::LostByConsumer => lost::RESTS_ON,
        ConsumerVerdict::Passed => passed::RESTS_ON,
        ConsumerVerdict::Unknown(_) => unknown::RESTS_ON,
    }
}
