//! Outboxes with rows that are no messages: a row per listener, of which one publishes.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::service::verdicts;
use waybill_tests::shop::{Shop, Somebody, has, letter, uuids};

const EXTERNALISER: &str = "org.springframework.modulith.events.support.DelegatingEventExternalizer.externalize(java.lang.Object)";

/// spring-projects/spring-modulith#1008: every event has a row for the externaliser and one for a
/// listener inside the service; the id that messages share stands in the body of both. One
/// externaliser never came to it, and one listener.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_externalisers_rows_count() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("listeners", 1, &[]).await;
    let shop = Shop::open(Dbms::Postgres, "listeners").await;
    shop.library_table("spring-modulith-v1", None).await;
    let ids = uuids(40);
    for (nth, id) in ids.iter().enumerate() {
        for (listener, open) in [
            (EXTERNALISER, 3),
            ("shop.InventoryListener.on(shop.OrderCompleted)", 5),
        ] {
            let (minutes, order) = (50 - nth, nth * 7919);
            let at = format!("now() - interval '{minutes} minutes'");
            let done = if nth == open { "NULL" } else { &at };
            shop.execute(&format!(
                "INSERT INTO event_publication (id, listener_id, event_type, serialized_event, publication_date, completion_date) \
                 VALUES (gen_random_uuid(), '{listener}', 'shop.OrderCompleted', '{{\"eventId\": \"{id}\", \"order\": {order}}}', {at}, {done})"
            ))
            .await;
        }
    }
    let letters: Vec<_> = ids
        .iter()
        .enumerate()
        .filter(|(nth, _)| *nth != 3)
        .map(|(nth, id)| {
            let order = nth * 7919;
            letter(
                &[],
                "k",
                &format!("{{\"eventId\": \"{id}\", \"order\": {order}}}"),
            )
        })
        .collect();
    kafka.publish(&topic, &letters);

    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&["--destination", &topic]);
    has(
        &text,
        &[
            "listener_id = \"org.springframework.modulith.events.support.DelegatingEventExternalizer*\"",
            "id = \"serialized_event#/eventId\"",
        ],
    );
    let document = somebody.checks().json();
    assert_eq!(document["counts"]["total"], 40, "{document:#}");
    let told: Vec<_> = verdicts(&document).into_iter().collect();
    assert_eq!(told, [("stuck".to_owned(), 1)], "{document:#}");
    assert_eq!(document["findings"][0]["id"], ids[3].as_str());
    shop.close().await;
}

/// Two services share an outbox and each has its topic: a profile is about one of them.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_tenant_are_not_asked_about() {
    let service = waybill_tests::service::Service::with_outbox("tenants").await;
    service
        .shop
        .execute(
            "ALTER TABLE outbox ADD tenant text DEFAULT 'a'; \
             INSERT INTO outbox (aggregate_id, created_at, tenant) \
             SELECT 'b' || g, now() - interval '9 minutes', 'b' FROM generate_series(1, 5) g",
        )
        .await;
    service
        .publish_rows("tenant = 'a' AND aggregate_id <> 'a7'")
        .await;
    let said = waybill_tests::service::Said::default();
    service.profile(&waybill_tests::service::Said {
        outbox: format!("{}where = {{ tenant = [\"a\", \"c*\"] }}\n", said.outbox),
        ..said
    });
    let document = service.check(&[]).json();
    assert_eq!(document["counts"]["total"], 30, "{document:#}");
    let told: Vec<_> = verdicts(&document).into_iter().collect();
    assert_eq!(told, [("lost-in-publish".to_owned(), 1)], "{document:#}");
    service.shop.close().await;
}
