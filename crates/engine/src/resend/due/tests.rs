//! Verdicts and what a resend makes of them.

use waybill_model::{Flags, LagReason, MatchBasis, StuckReason, UnknownReason};

use super::*;

fn verdict(publish: PublishVerdict, consumers: &[ConsumerVerdict], phase: Phase) -> EventVerdict {
    EventVerdict {
        publish,
        consumers: consumers.to_vec(),
        flags: Flags::default(),
        phase,
        basis: MatchBasis::Id,
    }
}

fn names() -> Vec<String> {
    vec!["inventory".to_owned(), "search".to_owned()]
}

#[test]
fn only_confirmed_misses_are_due() {
    use ConsumerVerdict::{Lagging, LostByConsumer, NotDue, Processed};
    use Phase::{Confirmed, Suspected};
    use PublishVerdict::{LostInPublish, Pending, Phantom, Published, Stuck};
    let none = [NotDue, NotDue];
    let lost = [Processed, LostByConsumer];
    let everyone = |v: &EventVerdict| due(v, None, &names());
    assert_eq!(
        everyone(&verdict(LostInPublish, &none, Confirmed)),
        Ok(Due::Publication)
    );
    assert_eq!(
        everyone(&verdict(Stuck(StuckReason::RelayIdle), &none, Confirmed)),
        Ok(Due::Publication)
    );
    assert_eq!(
        everyone(&verdict(Published, &lost, Confirmed)),
        Ok(Due::Consumers)
    );
    for (left_out, why) in [
        (
            verdict(LostInPublish, &none, Suspected),
            "suspected only; a second scan has to confirm it first",
        ),
        (
            verdict(Phantom, &lost, Confirmed),
            "published but never stored; sending it again would spread it",
        ),
        (
            verdict(Published, &[Processed, Processed], Confirmed),
            "it is where it should be",
        ),
        (
            verdict(Pending, &none, Confirmed),
            "it is on its way and not late",
        ),
        (
            verdict(
                Published,
                &[Processed, Lagging(LagReason::Behind)],
                Confirmed,
            ),
            "it is late, but still on its way",
        ),
    ] {
        assert_eq!(everyone(&left_out), Err(why.to_owned()));
    }
}

#[test]
fn one_consumer_gets_only_what_it_lost() {
    use ConsumerVerdict::{DeadLettered, LostByConsumer, NotDue, Processed};
    use Phase::Confirmed;
    use PublishVerdict::{LostInPublish, Published};
    let none = [NotDue, NotDue];
    let lost = [Processed, LostByConsumer];
    let search = Some(ConsumerNo(1));
    assert_eq!(
        due(&verdict(Published, &lost, Confirmed), search, &names()),
        Ok(Due::Consumer(ConsumerNo(1)))
    );
    assert_eq!(
        due(
            &verdict(Published, &[DeadLettered, Processed], Confirmed),
            search,
            &names()
        ),
        Err("search has processed it".to_owned())
    );
    assert_eq!(
        due(&verdict(LostInPublish, &none, Confirmed), search, &names()),
        Err("nobody has it; send it to everyone".to_owned())
    );
}

#[test]
fn looking_again_tells_arrived_from_unclear() {
    use ConsumerVerdict::{InFlight, LostByConsumer, Processed, Unknown};
    use PublishVerdict::{LostInPublish, NotChecked, Published};
    let look = |due_before, publish, consumers: &[ConsumerVerdict]| {
        still(
            due_before,
            &verdict(publish, consumers, Phase::Confirmed),
            &names(),
        )
    };
    let arrived = |text: &str| Still::Arrived(text.to_owned());
    assert_eq!(look(Due::Publication, LostInPublish, &[]), Still::Due);
    assert_eq!(
        look(Due::Publication, Published, &[]),
        arrived("a copy is on the broker by now")
    );
    assert!(matches!(
        look(Due::Publication, NotChecked("down".to_owned()), &[]),
        Still::Unclear(_)
    ));
    assert_eq!(
        look(Due::Consumers, Published, &[Processed, LostByConsumer]),
        Still::Due
    );
    assert_eq!(
        look(Due::Consumers, Published, &[Processed, InFlight]),
        arrived("every consumer has it by now")
    );
    assert!(matches!(
        look(
            Due::Consumers,
            Published,
            &[Processed, Unknown(UnknownReason::SourceFailed)]
        ),
        Still::Unclear(_)
    ));
    assert_eq!(
        look(
            Due::Consumer(ConsumerNo(1)),
            Published,
            &[LostByConsumer, Processed]
        ),
        arrived("search has processed it by now")
    );
}
