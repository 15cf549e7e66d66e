//! What a queue gets and the audit stream does not.

use std::time::Duration;

use serde_json::json;
use sqlx::Row as _;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{Service, verdicts};
use waybill_tests::shop::publish;
use waybill_tests::waybill::Waybill;

/// An exchange whose queue takes all orders and whose stream takes what `audited` says; every fifth
/// row is an order that was paid.
async fn service(name: &str, audited: &str) -> (Service, Vhost) {
    let mut service = Service::with_outbox(name).await;
    let vhost = Vhost::new(name);
    vhost.exchange("events", "topic", json!({}));
    vhost.queue("search", "classic", json!({}));
    vhost.queue("audit", "stream", json!({}));
    vhost.bind("events", "order.#", "search");
    vhost.bind("events", audited, "audit");
    let rows = service
        .shop
        .rows(
            "SELECT id::text, aggregate_id, extract(epoch FROM created_at)::bigint + 1 FROM outbox \
             ORDER BY created_at",
        )
        .await;
    for row in &rows {
        let (id, aggregate, at): (String, String, i64) = (row.get(0), row.get(1), row.get(2));
        let key = match aggregate.ends_with('5') {
            true => "order.paid",
            false => "order.placed",
        };
        let properties = json!({"message_id": id, "timestamp": at});
        publish(&vhost, "events", key, &properties, "{}");
    }
    let all = rows.len();
    vhost
        .queue_once("search", Duration::from_secs(20), |state| {
            state["messages"] == json!(all)
        })
        .await;
    service.waybill = Waybill::with_secrets(
        [
            ("shop-db", service.shop.password()),
            ("mq", vhost.password()),
        ]
        .map(|(name, password)| (name.to_owned(), password.to_owned()))
        .into(),
    );
    save(&service, &vhost);
    (service, vhost)
}

fn save(service: &Service, vhost: &Vhost) {
    let text = format!(
        "name = \"{name}\"\n[database]\nurl = \"{url}\"\nsecret = \"shop-db\"\n\
         [broker]\nurl = \"{amqp}\"\nmanagement-url = \"{management}\"\nsecret = \"mq\"\n\
         [outbox]\ntable = \"outbox\"\nkey = \"id\"\nid = \"id\"\naggregate-id = \"aggregate_id\"\n\
         created-at = \"created_at\"\nsent-at = \"sent_at\"\n\
         [[flow]]\nname = \"f\"\ndestination = \"events\"\naudit-stream = \"audit\"\n\
         match = {{ id = [\"message-id\"] }}\n\
         [grace]\npublish-secs = 5\nconsume-secs = 5\nconfirm-secs = 1\n",
        name = service.name(),
        url = service.shop.url(),
        amqp = vhost.url(),
        management = vhost.management_url(),
    );
    let config = service.waybill.config();
    std::fs::create_dir_all(&config).expect("the config folder can be made");
    let path = config.join(format!("{}.toml", service.name()));
    std::fs::write(path, text).expect("the profile can be written");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_is_not_bound_for_is_unknown() {
    let (service, _vhost) = service("unbound", "order.placed").await;
    let ended = service.check(&[]);
    let found = verdicts(&ended.json());
    assert!(!found.contains_key("lost-in-publish"), "{}", ended.stdout);
    assert_eq!(
        found.get("unknown (not-bound)"),
        Some(&3),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("not bound for order.#"),
        "{}",
        ended.stdout
    );
    service.shop.close().await;
}
