//! After sending: watches until each event is where it should be, or says that it is not.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use waybill_model::{
    AttemptState, ConsumerVerdict, EventVerdict, PublishVerdict, UnknownReason, VerdictClass,
};
use waybill_protocol::ScanState;

use super::due::Due;
use super::run::Run;
use super::runs::{Item, StoredPlan};
use crate::failure;
use crate::scan::refresh;

/// How long a resend may take to show.
const WATCH: Duration = Duration::from_secs(60);

/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(300);

/// What a look says about an event that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is where it should be.
    There,
    /// Not yet; what is still missing, a sentence.
    NotYet(String),
}

/// Watches all events of a run that were sent.
pub(super) async fn watch(run: &mut Run, plan: &StoredPlan) {
    let deadline = Instant::now() + WATCH;
    let names: Vec<String> = run
        .session
        .layout
        .consumers
        .iter()
        .map(|c| c.name.clone())
        .collect();
    loop {
        let sent: Vec<&Item> = plan
            .items
            .iter()
            .filter(|item| is_sent(run, item))
            .collect();
        if sent.is_empty() {
            return;
        }
        run.say(&format!("Watching until {} arrive", events(sent.len())));
        let stop = run.stop.clone();
        if stop.run_until_cancelled(look(run)).await.is_none() {
            return;
        }
        let over = Instant::now() >= deadline;
        for item in sent {
            let verdict = {
                let book = run.session.book();
                book.index.verdict(item.no(&book.index))
            };
            let state = match verdict.map(|verdict| arrival(item.due, &verdict, &names)) {
                Some(Arrival::There) => AttemptState::Effective,
                Some(Arrival::NotYet(why)) if over => AttemptState::NotEffective { why },
                Some(Arrival::NotYet(_)) | None => continue,
            };
            if let Err(error) = run.set(item, state).await {
                tracing::error!(error = %failure::chain(&error), "Could not write an outcome");
            }
        }
        if over || stop.run_until_cancelled(sleep(BETWEEN)).await.is_none() {
            return;
        }
    }
}

/// Reads on everything, unless the live tail does.
async fn look(run: &Run) {
    let session = &run.session;
    let (reach, state) = {
        let book = session.book();
        (book.reach, book.state.clone())
    };
    let Some(reach) = reach.filter(|_| state != ScanState::Live) else {
        return;
    };
    let reading = session.reading.lock().await;
    refresh(&Arc::clone(session), &reach).await;
    drop(reading);
}

fn is_sent(run: &Run, item: &Item) -> bool {
    matches!(run.state(item), Some(AttemptState::Sent { .. }))
}

/// Whether a resend took effect.
pub(super) fn arrival(due: Due, verdict: &EventVerdict, names: &[String]) -> Arrival {
    if matches!(due, Due::Publication | Due::Consumers) {
        let unseen = match &verdict.publish {
            PublishVerdict::Published | PublishVerdict::Phantom => None,
            // The broker has confirmed it, and nothing could show it: that has to do.
            PublishVerdict::Unknown(UnknownReason::NoObserver) => None,
            _ => Some("no copy of it was seen on the broker"),
        };
        if let Some(why) = unseen {
            return Arrival::NotYet(why.to_owned());
        }
    }
    let concerned = (0_u8..)
        .zip(&verdict.consumers)
        .filter(|(no, _)| match due {
            Due::Consumer(one) => one.0 == *no,
            Due::Publication | Due::Consumers => true,
        });
    for (no, consumer) in concerned {
        if !has_it(consumer) {
            let name = names
                .get(usize::from(no))
                .map_or("a consumer", String::as_str);
            return Arrival::NotYet(format!("{name}: {}", still(consumer)));
        }
    }
    Arrival::There
}

fn has_it(verdict: &ConsumerVerdict) -> bool {
    match verdict {
        ConsumerVerdict::Processed | ConsumerVerdict::Passed => true,
        // Nothing is configured that could ever tell.
        ConsumerVerdict::Unknown(UnknownReason::NoProbe) => true,
        _ => false,
    }
}

fn still(verdict: &ConsumerVerdict) -> &'static str {
    if *verdict == ConsumerVerdict::Failed {
        return "failed on it, as its inbox says";
    }
    match verdict.class() {
        VerdictClass::DeadLettered => "dead-lettered it",
        VerdictClass::Pending | VerdictClass::Late | VerdictClass::Arrived => {
            "has not processed it yet"
        }
        VerdictClass::Unknown => "nobody can know whether it has processed it",
        VerdictClass::Missing | VerdictClass::Phantom => "still does not have it",
    }
}

fn events(n: usize) -> String {
    if n == 1 {
        "1 event".to_owned()
    } else {
        format!("{n} events")
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::{Flags, MatchBasis, Phase};

    use super::*;

    fn check(
        due: Due,
        publish: PublishVerdict,
        consumers: &[ConsumerVerdict],
        expected: Result<(), &str>,
    ) {
        let verdict = EventVerdict {
            publish,
            consumers: consumers.to_vec(),
            flags: Flags::default(),
            phase: Phase::Confirmed,
            basis: MatchBasis::Id,
        };
        let found = arrival(
            due,
            &verdict,
            &["inventory".to_owned(), "search".to_owned()],
        );
        let found = match &found {
            Arrival::There => Ok(()),
            Arrival::NotYet(why) => Err(why.as_str()),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_resend_took_effect_when_everyone_it_was_for_has_it() {
        use ConsumerVerdict::{DeadLettered, Failed, InFlight, LostByConsumer, Processed};
        use PublishVerdict::{LostInPublish, Published};
        check(Due::Publication, Published, &[Processed, Processed], Ok(()));
        check(
            Due::Publication,
            LostInPublish,
            &[Processed, Processed],
            Err("no copy of it was seen on the broker"),
        );
        check(
            Due::Consumers,
            Published,
            &[Processed, InFlight],
            Err("search: has not processed it yet"),
        );
        check(
            Due::Consumers,
            Published,
            &[DeadLettered, Processed],
            Err("inventory: dead-lettered it"),
        );
        check(
            Due::Consumers,
            Published,
            &[Processed, Failed],
            Err("search: failed on it, as its inbox says"),
        );
        check(
            Due::Consumer(waybill_model::ConsumerNo(1)),
            Published,
            &[LostByConsumer, Processed],
            Ok(()),
        );
    }
}
