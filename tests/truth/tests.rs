//! A small run of everything that needs no server, so that nobody has to remember to make one.

use std::path::Path;

use clap::Parser as _;
use waybill_world::{BrokerKind, Situation};

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
async fn ids_that_anybody_counts_and_none_at_all() {
    tokio::join!(
        check("--seed 1 --events 500 --one-in 20 --ids bigserial"),
        check("--seed 1 --events 500 --one-in 20 --ids content"),
    );
}

/// Of one, three and twenty events.
#[tokio::test(flavor = "multi_thread")]
async fn small_worlds_are_told_word_by_word() {
    let mut checks = tokio::task::JoinSet::new();
    for situation in Situation::ALL {
        for events in [1, 3, 20] {
            if situation.works_on(&BrokerKind::Mock).is_ok() {
                let words = format!("--situation {situation} --events {events} --seed {events}");
                checks.spawn(async move { check(&words).await });
            }
        }
    }
    checks.join_all().await;
}

/// Most of what may be known of these rests on a neighbour or two.
#[tokio::test(flavor = "multi_thread")]
async fn a_handful_of_small_worlds_by_dice() {
    let arguments = arguments::Arguments::parse_from(["truth", "--small", "6", "--seed", "4"]);
    let worlds = arguments.small.expect("it was asked for");
    let summary = small::run(&arguments, worlds).await;
    let told = serde_json::to_string_pretty(&summary).expect("a report is JSON");
    assert!(summary.all_true(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = ["truth", "--situation", "topic-anew", "--events", "1"];
    let arguments = arguments::Arguments::parse_from(words);
    let stage = stage::set_in(&arguments, folder.path()).await;
    let stage = stage.expect("a mock needs no server");
    assert_eq!(entries(folder.path()), 1);
    play(&arguments, &stage.world)
        .await
        .expect_err("the mock cluster cannot delete a topic");
    stage.remove().await.expect("it was ours to remove");
    assert_eq!(entries(folder.path()), 0);
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a folder").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_deletes_what_was_sent() {
    // A consumer that came late; nothing besides.
    check("--seed 3 --events 1000 --one-in 20 --outbox deletes").await;
    check("--seed 2 --events 1000 --one-in 20 --outbox deletes").await;
}
