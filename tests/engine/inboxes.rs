//! An inbox that keeps rows from their receipt on: that a row is there is no proof of processing.

use expect_test::expect;
use waybill_model::Warning;
use waybill_protocol::{ScanState, TimeSpec};
use waybill_source::fake::database::text;

use crate::company::{Company, Fate, id, now};

/// A company whose consumer notes an event when it receives it, and in which state it is.
fn company() -> Company {
    with_inbox(
        "processed-at = \"processed_at\"\nstatus = \"status\"\nprocessed-states = [\"done\"]\nfailed-states = [\"failed\"]",
    )
}

fn with_inbox(settings: &str) -> Company {
    let company = Company::new("resend");
    company.reword_profile("processed-at = \"processed_at\"", settings);
    company
        .database
        .add_table("search_inbox", &["event_id", "processed_at", "status"]);
    company
}

impl Company {
    /// The consumer has received event `nth`; its row is in this state.
    fn receives(&self, nth: i64, status: &str, secs_ago: Option<i64>) {
        let at = secs_ago.map(|secs| now().plus(-secs * 1_000_000).0.to_string());
        self.database.insert(
            "search_inbox",
            &[
                ("event_id", text(&id(nth).0)),
                ("processed_at", at.and_then(|at| text(&at))),
                ("status", text(status)),
            ],
        );
    }
}

#[tokio::test]
async fn what_was_received_is_neither_processed_nor_lost() {
    let company = company();
    company.play(&[Fate::LostBySearch; 5], 600);
    company.receives(0, "done", Some(590));
    company.receives(1, "new", Some(590));
    company.receives(2, "failed", Some(590));
    company.receives(3, "new", None);
    company.scanned().await;
    expect![[r#"
        e0 published processed
        e1 published lagging
        e2 published failed Confirmed
        e3 published lagging
        e4 published lost-by-consumer Confirmed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn a_time_that_is_empty_says_not_processed() {
    let company = with_inbox("processed-at = \"processed_at\"\nfailed-at = \"status\"");
    company.play(&[Fate::LostBySearch; 3], 600);
    company.receives(0, "", Some(590));
    company.receives(1, "", None);
    company.receives(2, "division by zero", Some(590));
    company.scanned().await;
    expect![[r#"
        e0 published processed
        e1 published lagging
        e2 published failed Confirmed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn what_becomes_of_a_row_is_seen_before_anything_is_confirmed() {
    let company = company();
    // The last one is lost, so that there is a second look.
    company.play(&[Fate::LostBySearch; 5], 600);
    company.receives(0, "new", None);
    company.receives(1, "failed", Some(590));
    company.receives(2, "new", Some(590));
    company.receives(3, "new", Some(590));
    company.open().await;
    let database = company.database.clone();
    let consumer_works = move |status: &waybill_protocol::Status| {
        if !matches!(status.scan, ScanState::Scanning { pass: 2, .. }) {
            return;
        }
        let at = text(&now().0.to_string());
        for (nth, state) in [(0, "done"), (1, "done"), (3, "failed")] {
            database.update("search_inbox", &id(nth).0, "processed_at", &at);
            database.update("search_inbox", &id(nth).0, "status", &text(state));
        }
        // Processed, or purged: nobody can say.
        database.delete("search_inbox", &id(2).0);
    };
    let hour = TimeSpec::Last { secs: 3600 };
    let scanned = company.core.scan_and_wait(hour, consumer_works).await;
    scanned.expect("the company can be read");
    expect![[r#"
        e0 published processed
        e1 published processed
        e2 published unknown
        e3 published failed Confirmed
        e4 published lost-by-consumer Confirmed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn what_was_just_received_is_on_its_way() {
    let company = company();
    company.play(&[Fate::LostBySearch], 5);
    company.receives(0, "new", Some(4));
    company.scanned().await;
    expect![[r#"
        e0 published in-flight
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn of_an_inbox_that_is_cleaned_nothing_older_is_called_lost() {
    let company = with_inbox("processed-at = \"processed_at\"\nkept-secs = 300");
    company.play(&[Fate::LostBySearch, Fate::Fine], 600);
    company.play_one(2, Fate::LostBySearch, now().plus(-120_000_000));
    company.play_one(3, Fate::Fine, now().plus(-119_000_000));
    company.search_passes_everything();
    company.scanned().await;
    expect![[r#"
        e0 published unknown
        e1 published processed
        e2 published lost-by-consumer Confirmed
        e3 published processed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn who_has_a_row_may_skip_what_is_sent_again() {
    let company = company();
    company.play(&[Fate::LostBySearch; 2], 600);
    company.receives(0, "failed", Some(590));
    company.scanned().await;
    let plan = company
        .plan("verdict:failed or verdict:lost-by-consumer")
        .await;
    assert_eq!(plan.events.len(), 2);
    let skipped = "1 of these stand in the inbox of search as failed or waiting.";
    let skips = |it: &Warning| matches!(it, Warning::Note { text } if text.starts_with(skipped));
    assert!(plan.warnings.iter().any(skips), "{:?}", plan.warnings);
}
