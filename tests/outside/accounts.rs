//! Rows that a look does not read, or cannot place in time, are told all the same.

use serde_json::Value;
use waybill_tests::service::{Said, Service, verdicts};

/// What is said of the outbox.
fn outbox(document: &Value) -> &Value {
    let mut places = document["places"].as_array().into_iter().flatten();
    places
        .find(|place| place["role"] == "outbox")
        .expect("it was read")
}

#[tokio::test(flavor = "multi_thread")]
async fn unsent_rows_outside_the_window_are_counted() {
    let service = Service::with_outbox("accounts_outside").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute(
            "INSERT INTO outbox (aggregate_id, created_at) VALUES \
             ('three days', now() - interval '3 days'), ('two days', now() - interval '2 days'), \
             ('tomorrow', now() + interval '5 h')",
        )
        .await;
    service.profile(&Said::default());
    let ended = service.check(&["--since", "1h"]);
    let document = ended.json();
    let accounts = &outbox(&document)["accounts"];
    assert_eq!(accounts["in_window"], 30, "{accounts}");
    assert_eq!(accounts["before"]["rows"], 2, "{accounts}");
    assert_eq!(accounts["unsent_before"]["rows"], 2, "{accounts}");
    assert_eq!(accounts["unsent_after"]["rows"], 1, "{accounts}");
    let text = service.run("check", &["--since", "1h"]).stdout;
    assert!(text.contains("2 older rows wait unsent, from "), "{text}");
    assert!(text.contains("1 later row waits unsent, from "), "{text}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsent_row_without_a_time_is_not_on_its_way_for_ever() {
    let service = Service::with_outbox("accounts_timeless").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute(
            "INSERT INTO outbox (aggregate_id, created_at) \
             SELECT 't', t::timestamptz FROM unnest(ARRAY[NULL, 'infinity', '-infinity', \
             '0001-01-01 00:00:00+00']) t",
        )
        .await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    let document = ended.json();
    let found = verdicts(&document);
    assert_eq!(found.get("unknown (no-time)"), Some(&4), "{found:?}");
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    let accounts = &outbox(&document)["accounts"];
    assert_eq!(accounts["no_time"], 1, "{accounts}");
    assert_eq!(accounts["sentinel"], 3, "{accounts}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_holds_no_times_covers_nothing() {
    let service = Service::with_outbox("accounts_unreadable").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute("INSERT INTO outbox (aggregate_id, created_at) VALUES ('stuck', now() - interval '16 min')")
        .await;
    let usual = Said::default();
    service.profile(&Said {
        outbox: usual.outbox.replace(
            "created-at = \"created_at\"",
            "created-at = \"aggregate_type\"",
        ),
        ..usual
    });
    let ended = service.check(&[]);
    let document = ended.json();
    let found = verdicts(&document);
    assert_eq!(found.get("unknown (no-time)"), Some(&1), "{found:?}");
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    let outbox = outbox(&document);
    assert_eq!(outbox["accounts"]["unreadable"], 31, "{outbox}");
    assert_eq!(outbox["covered"], 0.0, "{outbox}");
    service.shop.close().await;
}

/// Some relays move the time on when they have sent a row, to when it may be deleted.
#[tokio::test(flavor = "multi_thread")]
async fn sent_rows_in_the_future_are_no_coverage() {
    let service = Service::with_outbox("accounts_moved").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute("UPDATE outbox SET created_at = created_at + interval '7 days'")
        .await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    let document = ended.json();
    let outbox = outbox(&document);
    assert_eq!(outbox["accounts"]["sent_after"], 30, "{outbox}");
    assert_eq!(outbox["covered"], 0.0, "{outbox}");
    assert!(
        !verdicts(&document).contains_key("phantom"),
        "{}",
        ended.stdout
    );
    service.shop.close().await;
}
