//! Messages of changes that were undone, where the outbox cannot be asked for an id.

use std::collections::BTreeMap;

use waybill_tests::service::{SOON, Said, Service, verdicts};

/// A service whose ids stand in the bodies alone; one message has no row.
async fn service(name: &str) -> Service {
    let service = Service::with_outbox(name).await;
    service
        .shop
        .execute("UPDATE outbox SET payload = jsonb_build_object('event', gen_random_uuid())")
        .await;
    let rows = format!("SELECT aggregate_id, '[]', {SOON}, payload::text FROM outbox");
    service.publish(&service.topic, &rows).await;
    let undone = "SELECT 'undone', '[]', ((extract(epoch FROM now()) - 60) * 1000)::bigint, \
                  jsonb_build_object('event', gen_random_uuid())::text";
    service.publish(&service.topic, undone).await;
    let usual = Said::default();
    service.profile(&Said {
        outbox: usual
            .outbox
            .replace("\nid = \"id\"", "\nid = \"payload#/event\""),
        matching: "id = [\"json:/event\"], aggregate = [\"key\"]".to_owned(),
        ..usual
    });
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_phantom_where_the_whole_outbox_was_read() {
    let service = service("undone_whole").await;
    let ended = service.check(&["--since", "1h"]);
    let phantom = BTreeMap::from([("phantom".to_owned(), 1)]);
    assert_eq!(verdicts(&ended.json()), phantom, "{}", ended.stdout);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_knows_where_its_row_may_be_older_than_what_was_read() {
    let service = service("undone_older").await;
    service
        .shop
        .execute(
            "INSERT INTO outbox (aggregate_id, created_at, sent_at, payload) VALUES \
             ('old', now() - interval '3 h', now() - interval '3 h', '{\"event\": \"old\"}')",
        )
        .await;
    let ended = service.check(&["--since", "1h"]);
    let unknown = BTreeMap::from([("unknown (not-covered)".to_owned(), 1)]);
    assert_eq!(verdicts(&ended.json()), unknown, "{}", ended.stdout);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    service.shop.close().await;
}
