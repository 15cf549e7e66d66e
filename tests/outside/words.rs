//! Sentences that name what they count, causes that are told, and flags that somebody asked for.

use waybill_layouts::Dbms;
use waybill_tests::service::{Said, Service};
use waybill_tests::shop::Shop;

/// A row that says sent is not stuck, and the other way round: each is counted by its own name.
#[tokio::test(flavor = "multi_thread")]
async fn a_summary_counts_what_it_names() {
    let service = Service::with_outbox("words_counts").await;
    service.publish_rows("aggregate_id <> 'a20'").await;
    service
        .shop
        .execute(
            "INSERT INTO outbox (aggregate_id, created_at) VALUES ('a31', now() - interval '1 min')",
        )
        .await;
    service.profile(&Said::default());
    let ended = service.run("check", &[]);
    for told in [
        "1 event is lost in publish",
        "1 event is stuck in the outbox",
    ] {
        assert!(ended.stdout.contains(told), "{told} in\n{}", ended.stdout);
    }
    service.shop.close().await;
}

/// A place that failed says why, and what to do, in text and as JSON.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_told_with_its_cause() {
    let service = Service::with_outbox("words_causes").await;
    service.profile(&Said {
        database: Some("postgres://w@127.0.0.1:1/nowhere".to_owned()),
        ..Said::default()
    });
    let text = service.run("check", &[]);
    let document = service.check(&[]).json();
    let outbox = &document["places"][0];
    assert_eq!(text.code, Some(2), "{}", text.stdout);
    for (told, part) in [
        ("cause", "refused"),
        ("advice", "Check that the server runs"),
    ] {
        let said = outbox[told].as_str().unwrap_or_default();
        assert!(said.contains(part), "{told}: {outbox}");
        assert!(text.stdout.contains(said), "{said} in\n{}", text.stdout);
    }
    assert!(!text.stdout.contains("-0 %"), "{}", text.stdout);
    service.shop.close().await;
}

/// A filter that names flags asks for the events that have them, wherever they arrived; what is
/// counted is what it lets through.
#[tokio::test(flavor = "multi_thread")]
async fn flagged_events_that_arrived_are_shown() {
    let service = Service::with_outbox("words_flags").await;
    service.publish_rows("true").await;
    service.publish_rows("aggregate_id = 'a7'").await;
    service.profile(&Said::default());
    let ended = service.check(&["--filter", "flag:duplicate or flag:payload-mismatch"]);
    let document = ended.json();
    let findings = document["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{}", ended.stdout);
    assert_eq!(findings[0]["aggregate"], "order/a7");
    assert_eq!(document["filtered"]["total"], 1, "{}", ended.stdout);
    assert_eq!(document["counts"]["total"], 30, "{}", ended.stdout);
    // Whatever else is asked of it: what needs no action stays out of sight.
    let quiet = service.check(&["--filter", "aggregate:a7"]).json();
    assert_eq!(quiet["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(quiet["filtered"]["arrived"], 1);
    service.shop.close().await;
}

/// An empty window is an answer, and says how long nothing was written.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_window_says_when_the_last_event_was() {
    let service = Service::with_outbox("words_empty").await;
    service
        .shop
        .execute(
            "UPDATE outbox SET created_at = created_at - interval '14 h', \
             sent_at = sent_at - interval '14 h'",
        )
        .await;
    service.publish_rows("true").await;
    service.profile(&Said::default());
    let ended = service.run("check", &["--since", "1h"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let told = "Nothing was written in this window; the last event is 14 h old.";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    service.shop.close().await;
}

/// A number stands once before what it counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_said_once() {
    let service = Service::with_outbox("words_once").await;
    service.publish_rows("aggregate_id > 'a20'").await;
    service.profile(&Said::default());
    let text = service.run("check", &[]).stdout;
    let lost = text
        .lines()
        .find(|line| line.contains("are lost in publish"));
    let words: Vec<&str> = lost.unwrap_or_default().split_whitespace().collect();
    assert_eq!(words.get(1), Some(&"events"), "{text}");
    service.shop.close().await;
}

/// A table that a migration holds is locked, not slow.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_called_a_lock() {
    let service = Service::with_outbox("words_locked").await;
    service.publish_rows("true").await;
    service.profile(&Said::default());
    let lock = "BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE";
    let held = service.shop.hold(lock).await;
    let of_postgres = service.run("check", &[]);
    held.release().await;
    let shop = Shop::open(Dbms::Sqlite, "locked").await;
    shop.execute(
        "CREATE TABLE outbox (id TEXT PRIMARY KEY, aggregate_type TEXT, aggregate_id TEXT, \
         type TEXT, payload TEXT, created_at TEXT, sent_at TEXT)",
    )
    .await;
    service.profile(&Said {
        database: Some(shop.url()),
        ..Said::default()
    });
    let held = shop.hold("BEGIN EXCLUSIVE").await;
    let of_sqlite = service.run("check", &[]);
    held.release().await;
    for ended in [of_postgres, of_sqlite] {
        let text = ended.stdout;
        assert_eq!(ended.code, Some(2), "{text}");
        let told = "waited for a lock that somebody else holds";
        assert!(text.contains(told), "{text}");
        assert!(!text.contains("took longer than"), "{text}");
    }
    service.shop.close().await;
}
