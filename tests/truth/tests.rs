//! A small run of everything that needs no server, so that nobody has to remember to make one.

use clap::Parser as _;

use super::*;

async fn check(words: &str) {
    let words = words.split_whitespace();
    let arguments = arguments::Arguments::parse_from(["truth"].into_iter().chain(words));
    let report = run(&arguments).await.expect("a mock needs no server");
    let told = serde_json::to_string_pretty(&report).expect("a report is JSON");
    assert!(report.all_true(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_marks_what_was_sent() {
    check("--seed 1 --events 1000 --one-in 20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_deletes_what_was_sent() {
    // A consumer that came late; nothing besides.
    check("--seed 3 --events 1000 --one-in 20 --outbox deletes").await;
    check("--seed 2 --events 1000 --one-in 20 --outbox deletes").await;
}
