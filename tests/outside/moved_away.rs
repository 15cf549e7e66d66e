//! Dead letters of the outbox side: rows that a relay has given up, and moved to another table.

use waybill_tests::service::{Said, Service, verdicts};

const DEAD: &str = "CREATE TABLE outbox_dlq (id bigserial PRIMARY KEY, original_id uuid, \
    aggregate_type text, aggregate_id text, type text, payload jsonb, failed_at timestamptz, reason text); \
    INSERT INTO outbox_dlq (original_id, aggregate_type, aggregate_id, type, failed_at, reason) \
    SELECT id, aggregate_type, aggregate_id, type, now() - interval '1 min', 'too large' \
    FROM outbox WHERE aggregate_id IN ('a3', 'a17'); \
    DELETE FROM outbox WHERE aggregate_id IN ('a3', 'a17')";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_away_is_told_as_given_up() {
    let service = Service::with_outbox("moved_away").await;
    service
        .publish_rows("aggregate_id NOT IN ('a3', 'a17')")
        .await;
    service.shop.execute(DEAD).await;
    let topic = service.topic.as_str();
    let new = service.proposes(&["--outbox", "outbox", "--destination", topic, "--save"]);
    assert_eq!(new.code, Some(0), "{}{}", new.stdout, new.stderr);
    assert!(
        new.stdout.contains("[outbox.dead-letters]"),
        "{}",
        new.stdout
    );
    assert!(
        new.stdout.contains("What the relay gives up is moved to"),
        "{}",
        new.stdout
    );
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(ended.code, Some(1), "{document:#}");
    assert_eq!(verdicts(&document).get("stuck"), Some(&2), "{document:#}");
    let reasons = document["findings"].as_array().into_iter().flatten();
    for finding in reasons {
        assert_eq!(
            finding["publish"]["reason"], "attempts-exhausted",
            "{finding:#}"
        );
    }
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_may_name_the_table() {
    let service = Service::with_outbox("moved_named").await;
    service
        .publish_rows("aggregate_id NOT IN ('a3', 'a17')")
        .await;
    service.shop.execute(DEAD).await;
    let usual = Said::default();
    let outbox = usual.outbox.clone()
        + "dead-letters = { table = \"outbox_dlq\", key = \"id\", id = \"original_id\", failed-at = \"failed_at\" }\n";
    service.profile(&Said { outbox, ..usual });
    let document = service.check(&[]).json();
    assert_eq!(verdicts(&document).get("stuck"), Some(&2), "{document:#}");
    service.shop.close().await;
}
