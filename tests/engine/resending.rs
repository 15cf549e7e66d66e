//! Resends: guards, order, the last look, outcomes, verification.

use expect_test::expect;
use waybill_model::{AttemptState, Mode, Pace, Warning};
use waybill_protocol::{Code, MakePlan, Preview};
use waybill_source::fake::broker::SendFault;
use waybill_tests::wait::wait_for;

use crate::company::{Company, Fate, LIMIT, TOPIC, body, id, named, now, order, outcome};

/// Waits until a message of ours lies on the topic, and lets the consumer process it.
async fn search_works(company: &Company, events: usize) {
    wait_for("the resend", LIMIT, async || {
        (company.broker.submitted().len() >= events).then_some(())
    })
    .await;
    for parcel in company.broker.submitted() {
        company.inbox_row(&parcel.event, now());
    }
}

#[tokio::test]
async fn a_read_only_profile_sends_nothing() {
    let company = Company::new("read-only");
    company.play(&[Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    assert_eq!(plan.events.len(), 1, "planning only looks");
    assert!(plan.refused.expect("it is refused").contains("read-only"));
    let refused = company
        .core
        .send(order(plan.id))
        .await
        .expect_err("it is refused");
    assert_eq!(refused.code, Code::ReadOnly);
    assert!(company.broker.submitted().is_empty());
    let runs = company
        .core
        .journal_runs(waybill_protocol::GetJournal { limit: 10 })
        .await;
    assert!(runs.expect("the journal can be read").is_empty());
}

#[tokio::test]
async fn a_resend_goes_out_once_in_order_and_is_seen_to_arrive() {
    let company = Company::new("resend");
    // Three versions of one product, the middle one with the oldest clock.
    company.outbox_row(3, now().plus(-600_000_000), true);
    company.outbox_row(1, now().plus(-500_000_000), true);
    company.outbox_row(2, now().plus(-700_000_000), true);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("verdict:missing").await;
    let events: Vec<_> = plan.events.iter().map(|event| named(&event.id)).collect();
    assert_eq!(events, ["e1", "e2", "e3"]);
    let watched = company.core.send_and_watch(order(plan.id), |_| {});
    let (run, ()) = tokio::join!(watched, search_works(&company, 3));
    let run = run.expect("it is sent");
    expect![[r#"
        e1 Effective
        e2 Effective
        e3 Effective
    "#]]
    .assert_eq(&outcome(&run));
    let sent = company.broker.submitted();
    let order: Vec<_> = sent.iter().map(|parcel| named(&parcel.event)).collect();
    assert_eq!(order, ["e1", "e2", "e3"]);
    let first = &sent[0];
    assert_eq!(
        first.payload.as_deref(),
        Some(body(1).as_bytes()),
        "nothing is masked in what is sent"
    );
    assert_eq!(first.route.key.as_deref(), Some(&b"p0"[..]));
    let headers: Vec<_> = first
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        headers,
        [
            "id",
            "type",
            "version",
            "x-waybill-resend-id",
            "x-waybill-resend-at",
            "x-waybill-resend-by",
            "x-waybill-resend-reason",
            "x-waybill-resend-attempt",
        ]
    );

    // A second scan sees copies of ours, and nothing to complain about.
    company.scanned().await;
    expect![[r#"
        e2 published processed
        e3 published processed
        e1 published processed
        e700 published processed
        e701 published processed
        e702 published processed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn a_copy_is_sent_again_byte_by_byte_to_its_own_partition() {
    let company = Company::new("resend");
    company.play(&[Fate::Fine, Fate::LostBySearch], 600);
    company.scanned().await;
    let plan = company.plan("consumer.search:lost-by-consumer").await;
    assert_eq!(plan.events.len(), 1);
    assert!(plan.events[0].route.partition.is_some());
    assert!(
        plan.warnings.contains(&Warning::Stripped {
            names: vec!["x-death".to_owned()]
        }),
        "{:?}",
        plan.warnings
    );
    let preview = Preview {
        plan: plan.id,
        event: id(1),
    };
    let preview = company
        .core
        .preview(preview)
        .await
        .expect("it can be written");
    let shown = String::from_utf8(preview.payload.expect("it has a body")).expect("it is text");
    assert!(shown.contains("•••"), "{shown}");
    let watched = company.core.send_and_watch(order(plan.id), |_| {});
    let (run, ()) = tokio::join!(watched, search_works(&company, 1));
    assert_eq!(
        run.expect("it is sent").attempts[0].state,
        AttemptState::Effective
    );
    let sent = &company.broker.submitted()[0];
    assert_eq!(sent.payload.as_deref(), Some(body(1).as_bytes()));
    assert!(!sent.headers.iter().any(|(name, _)| name == "x-death"));
}

#[tokio::test]
async fn what_never_reached_the_outbox_is_rebuilt_and_marked() {
    let company = Company::new("resend");
    company.play(&[Fate::NoOutboxRow], 600);
    company.published_before();
    company.scanned().await;
    let plan = company.plan("verdict:missing-outbox-row").await;
    assert!(
        plan.warnings
            .contains(&Warning::Reconstructed { events: 1 }),
        "{plan:?}"
    );
    let watched = company.core.send_and_watch(order(plan.id), |_| {});
    let (run, ()) = tokio::join!(watched, search_works(&company, 1));
    assert_eq!(
        run.expect("it is sent").attempts[0].state,
        AttemptState::Effective
    );
    let sent = &company.broker.submitted()[0];
    let text = String::from_utf8(sent.payload.clone().expect("it has a body")).expect("it is text");
    assert_eq!(text, r#"{"id": "lone0", "version": "1", "name": "Otter"}"#);
}

#[tokio::test]
async fn what_has_arrived_since_the_plan_is_skipped() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost, Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    assert_eq!(plan.events.len(), 2);
    // The relay comes to its senses between plan and confirmation.
    company.publish(0, now());
    company.process(0, now());
    let watched = company.core.send_and_watch(order(plan.id), |_| {});
    let (run, ()) = tokio::join!(watched, search_works(&company, 1));
    let run = run.expect("the other one is sent");
    expect![[r#"
        e0 Skipped
        e1 Effective
    "#]]
    .assert_eq(&outcome(&run));
    let AttemptState::Skipped { why } = &run.attempts[0].state else {
        panic!()
    };
    assert_eq!(why, "a copy is on the broker by now");
}

#[tokio::test]
async fn what_cannot_be_looked_at_again_is_not_sent() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost, Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    company.database.set_unreachable(true);
    let run = company
        .core
        .send_and_watch(order(plan.id), |_| {})
        .await
        .expect("it ends");
    expect![[r#"
        e0 Skipped
        e1 Cancelled
    "#]]
    .assert_eq(&outcome(&run));
    assert!(
        run.doing.contains("could not be looked at"),
        "{}",
        run.doing
    );
    assert!(company.broker.submitted().is_empty());
}

#[tokio::test]
async fn an_unknown_outcome_stops_the_run_and_is_not_tried_again() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost, Fate::Lost, Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    company.broker.script_sends([
        SendFault::None,
        SendFault::UnknownLost("the connection broke".to_owned()),
    ]);
    let watched = company.core.send_and_watch(order(plan.id), |_| {});
    let (run, ()) = tokio::join!(watched, search_works(&company, 2));
    let run = run.expect("it ends");
    expect![[r#"
        e0 Effective
        e1 Unknown
        e2 Cancelled
    "#]]
    .assert_eq(&outcome(&run));
    assert_eq!(company.broker.submitted().len(), 2);

    // Event 1 was not stored, but nobody knows; search_works has put it into the inbox, so take
    // another one that is still missing.
    let again = company.plan("").await;
    assert!(
        again.events.iter().all(|event| named(&event.id) != "e1"),
        "{:?}",
        again.events
    );
}

#[tokio::test]
async fn a_refusal_stops_the_run_and_may_be_planned_again() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost, Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    company
        .broker
        .script_sends([SendFault::Refused("too large".to_owned())]);
    let run = company
        .core
        .send_and_watch(order(plan.id), |_| {})
        .await
        .expect("it ends");
    expect![[r#"
        e0 Refused
        e1 Cancelled
    "#]]
    .assert_eq(&outcome(&run));
    let again = company.plan("").await;
    let attempts: Vec<_> = again
        .events
        .iter()
        .map(|e| (named(&e.id), e.attempt))
        .collect();
    assert_eq!(attempts, [("e0".to_owned(), 2), ("e1".to_owned(), 1)]);
}

#[tokio::test]
async fn what_was_sent_and_does_not_arrive_is_said_so_or_waited_for() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    company.core.send(order(plan.id)).await.expect("it begins");
    // The consumer never processes it; the user stops watching.
    wait_for("the watch", LIMIT, async || {
        let run = company.core.status().expect("a session is open").run?;
        run.doing.starts_with("Watching").then_some(())
    })
    .await;
    company.core.stop_send().expect("a session is open");
    let run = company
        .core
        .watch_run(plan.id, |_| {})
        .await
        .expect("it ends");
    assert!(
        matches!(run.attempts[0].state, AttemptState::Sent { .. }),
        "{run:?}"
    );
    // Nobody knows yet what became of it, so it is not sent again.
    let again = company.plan("").await;
    assert!(again.events.is_empty(), "{again:?}");
}

#[tokio::test]
async fn production_wants_its_name_typed_and_a_reason() {
    let company = Company::of("production", "resend");
    company.play(&[Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    assert_eq!(plan.typed_confirmation.as_deref(), Some("toys"));
    for (typed, reason) in [("", "because"), ("toy", "because"), ("toys", " ")] {
        let mut order = order(plan.id);
        typed.clone_into(&mut order.typed);
        reason.clone_into(&mut order.reason);
        let refused = company
            .core
            .send(order)
            .await
            .expect_err("it is not confirmed");
        assert_eq!(refused.code, Code::NotConfirmed, "{typed:?} {reason:?}");
    }
    assert!(company.broker.submitted().is_empty());
    let mut order = order(plan.id);
    "toys".clone_into(&mut order.typed);
    let watched = company.core.send_and_watch(order.clone(), |_| {});
    let (run, ()) = tokio::join!(watched, search_works(&company, 1));
    assert_eq!(run.expect("it is sent").attempts.len(), 1);
    // A plan is sent once.
    let refused = company.core.send(order).await.expect_err("it is gone");
    assert_eq!(refused.code, Code::Stale);
}

#[tokio::test]
async fn a_plan_of_an_earlier_window_is_stale() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("").await;
    crate::company::scan(&company.core).await;
    let refused = company
        .core
        .send(order(plan.id))
        .await
        .expect_err("it is stale");
    assert_eq!(refused.code, Code::Stale);
}

#[tokio::test]
async fn events_that_are_fine_suspected_or_phantom_are_left_out_with_the_reason() {
    let company = Company::new("resend");
    company.play(&[Fate::Fine, Fate::Phantom, Fate::Lost], 600);
    company.published_before();
    company.scanned().await;
    let asked = MakePlan {
        events: (0..6).collect(),
        mode: Mode::Everyone,
        pace: Pace::default(),
        unproven_form: None,
        samples: Vec::new(),
    };
    let plan = company.core.plan(asked).await.expect("it can be made");
    let left_out: Vec<_> = plan
        .left_out
        .iter()
        .map(|(id, why)| format!("{}: {why}\n", named(id)))
        // What else there is came all the way.
        .filter(|line| !line.starts_with("e7"))
        .collect();
    assert_eq!(plan.events.len(), 1);
    let mut left_out = left_out;
    left_out.sort();
    expect![[r#"
        e0: it is where it should be
        e1: published but never stored; sending it again would spread it
    "#]]
    .assert_eq(&left_out.concat());
    let asked = MakePlan {
        events: vec![2],
        mode: Mode::OneConsumer {
            consumer: "search".to_owned(),
        },
        pace: Pace::default(),
        unproven_form: None,
        samples: Vec::new(),
    };
    let plan = company.core.plan(asked).await.expect("it can be made");
    assert!(
        plan.refused
            .expect("a log has no queues")
            .contains("one consumer")
    );
    let checked = company
        .core
        .dry_run(waybill_protocol::DryRun {
            plan: company.plan("").await.id,
        })
        .await;
    let checked = checked.expect("the broker answers");
    assert!(
        checked
            .iter()
            .all(|route| route.check.reachable && route.route.destination == TOPIC)
    );
}
