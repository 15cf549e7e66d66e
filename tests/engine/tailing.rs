//! The live tail: what arrives is seen, what does not is found missing, failures heal.

use waybill_protocol::{Scan, ScanState, TimeSpec};
use waybill_tests::wait::wait_for;

use crate::company::{Company, Fate, LIMIT, now};

async fn live(company: &Company) {
    company.open().await;
    let scan = Scan {
        window: TimeSpec::Last { secs: 3600 },
        live: true,
    };
    company.core.scan(scan).await.expect("it begins");
    wait_for("the live tail", LIMIT, async || {
        let status = company.core.status().expect("a session is open");
        (status.scan == ScanState::Live).then_some(())
    })
    .await;
}

async fn told(company: &Company, line: &str) {
    let what = format!("{line:?} in the grid");
    wait_for(&what, LIMIT, async || {
        company.told().await.contains(line).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_arrives_is_seen_and_what_does_not_is_found_missing() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine], 600);
    live(&company).await;
    company.play_one(1, Fate::Fine, now());
    told(&company, "e1 published processed").await;
    // Old enough to be late, and it never comes.
    company.play_one(2, Fate::Lost, now().plus(-300_000_000));
    told(&company, "e2 lost-in-publish not-due Confirmed").await;
    // It comes after all.
    company.publish(2, now());
    company.process(2, now());
    told(&company, "e2 published processed").await;
    company.core.live(false).expect("a session is open");
    wait_for("the end of the tail", LIMIT, async || {
        let status = company.core.status().expect("a session is open");
        matches!(status.scan, ScanState::Done { .. }).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_follow_is_never_lost_because_a_scan_is_just_ending() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine], 600);
    company.open().await;
    for _ in 0..50 {
        let window = TimeSpec::Last { secs: 3600 };
        let scanned = company.core.scan_and_wait(window, |_| ()).await;
        scanned.expect("it can be read");
        company.core.live(true).expect("a session is open");
        wait_for("the live tail", LIMIT, async || {
            let status = company.core.status().expect("a session is open");
            (status.scan == ScanState::Live).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_broker_that_goes_and_comes_back_is_followed_again() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine], 600);
    live(&company).await;
    company.broker.set_unreachable(true);
    company.outbox_row(1, now().plus(-300_000_000), true);
    told(&company, "e1 not-checked").await;
    company.broker.set_unreachable(false);
    told(&company, "e1 lost-in-publish not-due Confirmed").await;
    company.play_one(2, Fate::Fine, now());
    told(&company, "e2 published processed").await;
}
