//! Inboxes on RabbitMQ and the queues they belong to.

use serde_json::json;
use waybill_layouts::Dbms;
use waybill_tests::rabbit::Vhost;
use waybill_tests::shop::{Shop, Somebody, has, publish};

/// An inbox beside one queue is that queue's consumer's: what it skipped is lost by it.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_inbox_lacks_is_lost_by_the_consumer_of_its_queue() {
    let shop = Shop::open(Dbms::Postgres, "inboxes_tied").await;
    shop.execute(
        "CREATE TABLE outbox_messages (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
         event_type text NOT NULL, payload jsonb NOT NULL, status text NOT NULL, \
         created_at timestamptz NOT NULL); \
         CREATE TABLE inbox_messages (message_id uuid PRIMARY KEY, processed_at timestamptz); \
         INSERT INTO outbox_messages (event_type, payload, status, created_at) \
         SELECT 'UserCreated', '{}', 'published', now() - interval '20 min' \
         FROM generate_series(1, 20)",
    )
    .await;
    let vhost = Vhost::new("inboxes-tied");
    vhost.exchange("events", "topic", json!({}));
    vhost.queue("crm-inbox", "classic", json!({}));
    vhost.bind("events", "#", "crm-inbox");
    vhost.queue("events.audit", "stream", json!({}));
    vhost.bind("events", "#", "events.audit");
    for row in shop.rows("SELECT id::text FROM outbox_messages").await {
        let id: String = sqlx::Row::get(&row, 0);
        publish(
            &vhost,
            "events",
            "user.created",
            &json!({"message_id": id}),
            "{}",
        );
    }
    shop.execute(
        "INSERT INTO inbox_messages SELECT id, now() FROM outbox_messages ORDER BY id LIMIT 16",
    )
    .await;
    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "queue = \"crm-inbox\"",
            "inbox = { ",
            "inbox_messages",
            "crm-inbox is the only one that receives them, and this the only inbox.",
        ],
    );
    assert_eq!(text.matches("[[flow.consumer]]").count(), 1, "{text}");
    shop.close().await;
}
