//! Times that producers write, and that say something else than when a message was published.

use std::collections::BTreeMap;

use waybill_tests::service::{ID_HEADER, SOON, Said, Service, verdicts};

/// Publishes all rows but the last with a time by this expression, and says what `check` finds.
async fn found(name: &str, millis: &str, more: &str) -> (BTreeMap<String, usize>, String) {
    let mut service = Service::with_outbox(name).await;
    // A broker may refuse what is too far ahead; older ones never do.
    let any_time = [("message.timestamp.after.max.ms", "9223372036854775807")];
    service.topic = service.kafka.topic(name, 1, &any_time).await;
    let rows = format!(
        "SELECT aggregate_id, {ID_HEADER}, ({millis})::bigint, '{{}}' FROM outbox \
         WHERE aggregate_id <> 'a30' ORDER BY created_at"
    );
    service.publish(&service.topic, &rows).await;
    service.profile(&Said {
        more: more.to_owned(),
        ..Said::default()
    });
    let ended = service.check(&["--since", "1h"]);
    let found = verdicts(&ended.json());
    service.shop.close().await;
    (found, ended.stdout)
}

/// The last row, and nothing else, is lost.
async fn one_is_lost(name: &str, millis: &str) {
    let (found, said) = found(name, millis, "").await;
    let lost = BTreeMap::from([("lost-in-publish".to_owned(), 1)]);
    assert_eq!(found, lost, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn seconds_where_milliseconds_should_stand_hide_nothing() {
    one_is_lost("seconds", &format!("{SOON} / 1000")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_business_days_ago_hides_nothing() {
    one_is_lost("business", &format!("{SOON} - 3 * 86400000")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_in_the_future_hide_nothing() {
    one_is_lost("future", &format!("{SOON} + 30::bigint * 86400000")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_times_hide_nothing() {
    one_is_lost("none", "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nanoseconds_and_seconds_and_true_times_may_be_mixed() {
    let each = "CASE WHEN substr(aggregate_id, 2)::int % 3 = 0 THEN created * 1000000 \
                WHEN substr(aggregate_id, 2)::int % 3 = 1 THEN created / 1000 ELSE created END";
    one_is_lost("mixed", &each.replace("created", SOON)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_true_time_leads_to_no_other() {
    // The youngest says when it was published, all the others the time of their business.
    let each = format!(
        "CASE WHEN aggregate_id = 'a29' THEN {SOON} ELSE {SOON} - 3::bigint * 86400000 END"
    );
    one_is_lost("outlier", &each).await;
}

/// What lies beyond the limit is no proof of anything.
#[tokio::test(flavor = "multi_thread")]
async fn where_no_time_leads_the_limit_is_told() {
    let limit = "[scan]\nmax-messages = 12\n";
    let (found, said) = found("limited", &format!("{SOON} / 1000"), limit).await;
    assert!(!found.contains_key("lost-in-publish"), "{said}");
    assert_eq!(found.get("unknown (untrue-times)"), Some(&18), "{said}");
}

/// A limit on what time does lead to, too: the newest are read.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_scan_is_told() {
    let limit = "[scan]\nmax-messages = 12\n";
    let (found, said) = found("capped", SOON, limit).await;
    assert_eq!(found.get("lost-in-publish"), Some(&1), "{said}");
    assert_eq!(found.get("unknown (scan-limit)"), Some(&17), "{said}");
}

/// The producer's host, or the service's, is half an hour ahead: its last event waits unsent, and
/// one message comes from a change that was undone.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_that_is_ahead_wrote_is_neither_hidden_nor_fine() {
    let service = Service::with_outbox("ahead").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute("INSERT INTO outbox (aggregate_id, created_at) VALUES ('early', now() + interval '30 min')")
        .await;
    let undone = "SELECT 'undone', json_build_array(json_build_array('id', gen_random_uuid()))::text, \
                  ((extract(epoch FROM now()) + 1800) * 1000)::bigint, '{}'";
    service.publish(&service.topic, undone).await;
    service.profile(&Said::default());
    let ended = service.check(&["--since", "1h"]);
    let found = verdicts(&ended.json());
    let ahead = BTreeMap::from([("unknown (clock-ahead)".to_owned(), 2)]);
    assert_eq!(found, ahead, "{}", ended.stdout);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    service.shop.close().await;
}
