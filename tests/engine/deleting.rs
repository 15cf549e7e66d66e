//! An outbox that keeps no sent rows: a row that is there waits, one that is gone was sent.

use expect_test::expect;
use waybill_model::{AttemptState, Warning};
use waybill_protocol::{ScanState, TimeSpec};

use crate::company::{Company, Fate, TOPIC, order};

/// A company whose relay deletes what it has sent, and notes nothing else.
fn company() -> Company {
    let company = Company::new("resend");
    company.reword_profile("sent-at = \"sent_at\"", "deletes-after-send = true");
    company
}

#[tokio::test]
async fn a_row_that_goes_before_it_is_confirmed_was_sent() {
    let company = company();
    company.play(&[Fate::Stuck, Fate::Stuck], 600);
    company.open().await;
    let hour = TimeSpec::Last { secs: 3600 };
    let database = company.database.clone();
    let relay_wakes = move |status: &waybill_protocol::Status| {
        if matches!(status.scan, ScanState::Scanning { pass: 2, .. }) {
            database.delete("outbox", "1");
        }
    };
    let scanned = company.core.scan_and_wait(hour, relay_wakes).await;
    scanned.expect("the company can be read");
    expect![[r#"
        e0 stuck not-due Confirmed
        e1 lost-in-publish not-due Suspected
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn a_row_that_goes_before_it_is_sent_again_is_left_alone() {
    let company = company();
    company.play(&[Fate::Stuck], 600);
    company.publishes_others();
    company.scanned().await;
    let plan = company.plan("verdict:stuck").await;
    let waits = |warning: &Warning| matches!(warning, Warning::Note { text } if text.starts_with("1 of these still wait"));
    assert!(plan.warnings.iter().any(waits), "{:?}", plan.warnings);
    company.database.delete("outbox", "0");
    let run = company.core.send_and_watch(order(plan.id), |_| {}).await;
    let run = run.expect("it ends by itself");
    let states: Vec<&AttemptState> = run.attempts.iter().map(|it| &it.state).collect();
    let why = format!("{states:?}");
    assert!(why.contains("its outbox row is gone by now"), "{why}");
    assert_eq!(company.broker.submitted(), []);
}

#[tokio::test]
async fn where_a_copy_may_be_gone_the_plan_says_that_it_may_come_twice() {
    let plan_of = |company: Company| async move {
        company.play(&[Fate::Stuck, Fate::Fine, Fate::Fine], 600);
        company.publishes_others();
        for partition in 0..2 {
            company.broker.expire(TOPIC, partition, 1);
        }
        company.scanned().await;
        (company.told().await, company.plan("verdict:stuck").await)
    };
    let (_, plan) = plan_of(Company::new("resend")).await;
    let doubt = "Nobody can say that no copy of 1 of these is out: retention has removed what could have told.";
    let doubts =
        |warning: &Warning| matches!(warning, Warning::Note { text } if text.starts_with(doubt));
    assert!(plan.warnings.iter().any(doubts), "{:?}", plan.warnings);
    // A row that says nothing itself is no word against what is gone.
    let (told, plan) = plan_of(company()).await;
    assert!(told.contains("e0 unknown not-due"), "{told}");
    assert_eq!(plan.events, []);
}
