//! The whole way on the built-in demo, over three processes, against its ledger.

use waybill_world::Ledger;

use crate::ledger::{assert_evidence, assert_same, list};
use waybill_tests::waybill::Waybill;

fn truth(waybill: &Waybill) -> Ledger {
    let truth = waybill.run(&["demo", "truth"]);
    assert_eq!(truth.code, Some(0), "{}", truth.stderr);
    serde_json::from_str(&truth.stdout).expect("the truth is a ledger")
}

#[test]
fn what_is_missing_is_found_resent_and_then_nothing_is() {
    let waybill = Waybill::new();
    let check = waybill.check(&["--demo"]);
    assert_eq!(check.code, Some(1), "{}", check.stderr);
    let document = check.json();
    assert_eq!(document["schema"], "waybill.check/1");
    assert_same(&document, &truth(&waybill));
    assert_evidence(&document);
    let n_missing = list(&document["findings"]).len();
    assert!(
        n_missing >= 20,
        "the demo has something to show: {n_missing}"
    );

    let filter = "verdict:missing or verdict:dead-lettered";
    let resend = waybill.run(&[
        "resend", "--demo", "--filter", filter, "--rate", "200", "--yes", "--json",
    ]);
    assert_eq!(resend.code, Some(0), "{}\n{}", resend.stdout, resend.stderr);
    assert_eq!(list(&resend.json()["events"]).len(), n_missing);

    let again = waybill.check(&["--demo"]);
    assert_eq!(again.code, Some(0), "{}\n{}", again.stdout, again.stderr);
    assert!(list(&again.json()["findings"]).is_empty());
    let twice = truth(&waybill)
        .entries()
        .iter()
        .filter(|entry| entry.resends() > 1)
        .count();
    assert_eq!(twice, 0, "nothing was sent twice");
}

#[test]
fn a_dry_run_sends_nothing() {
    let waybill = Waybill::new();
    let filter = "verdict:missing";
    let dry = waybill.run(&["resend", "--demo", "--filter", filter, "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    let ledger = truth(&waybill);
    assert!(!ledger.missing().is_empty());
    assert!(ledger.entries().iter().all(|entry| entry.resends() == 0));
}

#[test]
fn without_confirmation_nothing_is_sent() {
    let waybill = Waybill::new();
    let refused = waybill.run(&["resend", "--demo", "--filter", "verdict:missing"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(
        refused.stderr.contains("nothing was sent"),
        "{}",
        refused.stderr
    );
    assert!(
        truth(&waybill)
            .entries()
            .iter()
            .all(|entry| entry.resends() == 0)
    );
}
