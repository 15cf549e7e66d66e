//! Runs written, cut off and read back.

use expect_test::{Expect, expect};
use waybill_model::Pace;

use super::*;
use crate::journal::PlannedAttempt;

const AT: Micros = Micros(1_000_000);

fn run(id: u128, events: &[&str]) -> NewRun {
    NewRun {
        id: ResendId(uuid::Uuid::from_u128(id)),
        profile: "toys".to_owned(),
        mode: Mode::Everyone,
        pace: Pace::default(),
        by: "somebody".to_owned(),
        reason: "the relay was down".to_owned(),
        unproven_form: None,
        at: AT,
        attempts: events
            .iter()
            .map(|event| PlannedAttempt {
                event: EventId((*event).to_owned()),
                event_at: Micros(5),
                attempt: 1,
            })
            .collect(),
    }
}

async fn check(journal: &Journal, expect: Expect) {
    let mut text = String::new();
    for run in journal.runs(10).await.expect("the journal can be read") {
        text += &format!("{} unfinished {}\n", run.id.0.as_u128(), run.unfinished);
        for attempt in run.attempts {
            text += &format!("  {} {}\n", attempt.event, word(&attempt.state));
        }
    }
    expect.assert_eq(&text);
}

#[tokio::test]
async fn a_run_that_ends_is_finished() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let journal = Journal::open(folder.path()).await.expect("it opens");
    let run = run(1, &["a", "b"]);
    let owner = journal.own(run.id).expect("it is ours");
    journal.begin(&run).await.expect("it is written");
    for event in ["a", "b"] {
        let sent = AttemptState::Sent { coordinate: None };
        journal
            .record(run.id, &EventId(event.to_owned()), &sent, AT)
            .await
            .expect("it is written");
    }
    journal.end(run.id).await.expect("it is written");
    drop(owner);
    check(
        &journal,
        expect![[r#"
            1 unfinished false
              a sent
              b sent
        "#]],
    )
    .await;
    let earlier = journal
        .earlier("toys", &[EventId("a".to_owned()), EventId("x".to_owned())])
        .await
        .expect("it can be read");
    assert_eq!(earlier.len(), 1);
    assert_eq!(earlier[&EventId("a".to_owned())].attempts, 1);
}

#[tokio::test]
async fn what_was_being_sent_at_a_crash_is_unknown_and_the_rest_is_not_sent() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let journal = Journal::open(folder.path()).await.expect("it opens");
    let run = run(1, &["a", "b", "c"]);
    let owner = journal.own(run.id).expect("it is ours");
    journal.begin(&run).await.expect("it is written");
    let event = |name: &str| EventId(name.to_owned());
    let sent = AttemptState::Sent { coordinate: None };
    journal
        .record(run.id, &event("a"), &sent, AT)
        .await
        .expect("it is written");
    journal
        .record(run.id, &event("b"), &AttemptState::Sending, AT)
        .await
        .expect("it is written");

    // Another process looks while the first one lives: nothing is called crashed.
    let other = Journal::open(folder.path())
        .await
        .expect("two may have it open");
    check(
        &other,
        expect![[r#"
            1 unfinished false
              a sent
              b sending
              c planned
        "#]],
    )
    .await;

    drop(owner);
    drop(journal);
    let reopened = Journal::open(folder.path()).await.expect("it opens again");
    check(
        &reopened,
        expect![[r#"
            1 unfinished true
              a sent
              b unknown
              c planned
        "#]],
    )
    .await;
    assert_eq!(
        reopened.unfinished("toys").await.expect("it can be read"),
        [run.id]
    );
    assert!(
        reopened
            .unfinished("other")
            .await
            .expect("it can be read")
            .is_empty()
    );
}

#[tokio::test]
async fn a_journal_of_a_newer_waybill_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let journal = Journal::open(folder.path()).await.expect("it opens");
    sqlx::raw_sql("PRAGMA user_version = 99")
        .execute(&journal.pool)
        .await
        .expect("it can be written");
    journal.pool.close().await;
    let error = Journal::open(folder.path())
        .await
        .expect_err("it is too new");
    assert!(matches!(
        error,
        JournalError::TooNew {
            found: 99,
            known: 2
        }
    ));
}
