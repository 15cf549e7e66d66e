//! Outbox rows and copies are compared where the profile asks for it.

use waybill_model::Flags;

use crate::company::{Company, named, now};

/// The events that are flagged for their payload, outside the window as well.
async fn flagged(company: &Company) -> Vec<String> {
    let mut flagged = Vec::new();
    for no in 0..4 {
        let detail = company.core.detail(no).await.expect("it was read");
        let flags = detail.row.verdict.flags;
        if flags.contains(Flags::PAYLOAD_MISMATCH) {
            flagged.push(named(&detail.row.id));
        }
    }
    flagged.sort_unstable();
    flagged
}

/// Four events, of which two were published as no row has them. The rows of the last two are older
/// than the window, so they are looked up.
fn play(company: &Company) {
    let at = now().plus(-600_000_000);
    let long_ago = now().plus(-7_200_000_000);
    for (nth, written) in [(0, at), (1, at), (2, long_ago), (3, long_ago)] {
        company.outbox_row(nth, written, true);
        company.process(nth, at.plus(20_000));
    }
    let published = at.plus(10_000);
    company.publish_saying(0, published, r#"{"secret": "seal", "nth": 0.0}"#);
    company.publish_saying(1, published, r#"{"nth": 7, "secret": "otter"}"#);
    company.publish_saying(2, published, r#"{"nth": 2}"#);
    company.publish_saying(3, published, r#"{"nth": 7}"#);
    company.search_passes_everything();
}

#[tokio::test]
async fn a_copy_that_says_something_else_is_flagged_wherever_its_row_was_found() {
    let company = Company::new("read-only");
    let compare = "[flow.compare]\nignore = [\"/secret\"]\n\n[flow.template]";
    company.reword_profile("[flow.template]", compare);
    play(&company);
    company.scanned().await;
    assert_eq!(flagged(&company).await, ["e1", "e3"]);
}

#[tokio::test]
async fn nothing_is_compared_that_nobody_asked_for() {
    let company = Company::new("read-only");
    play(&company);
    company.scanned().await;
    assert_eq!(flagged(&company).await, Vec::<String>::new());
}
