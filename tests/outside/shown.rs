//! What the reader is shown is not all there is.

use url::Url;
use waybill_tests::service::{Said, Service, verdicts};

/// A policy shows our role four fifths of the outbox: what is not shown may be there.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_row_level_security_hides_make_no_phantoms() {
    let service = Service::with_outbox("hidden_rows").await;
    service.publish_rows("true").await;
    let reader = "waybill_hidden_rows";
    service
        .shop
        .execute(&format!(
            "DROP ROLE IF EXISTS {reader}; \
             CREATE ROLE {reader} LOGIN PASSWORD '{password}'; \
             ALTER TABLE outbox ADD tenant text; \
             UPDATE outbox SET tenant = CASE WHEN aggregate_id LIKE '%5' THEN 'b' ELSE 'a' END; \
             INSERT INTO outbox (aggregate_id, tenant, created_at) \
             VALUES ('stuck', 'b', now() - interval '5 min'); \
             ALTER TABLE outbox ENABLE ROW LEVEL SECURITY; \
             CREATE POLICY p ON outbox USING (tenant = 'a'); \
             GRANT SELECT ON outbox TO {reader}",
            password = service.shop.password()
        ))
        .await;
    let mut url: Url = service.shop.url().parse().expect("an address");
    url.set_username(reader).expect("it has a host");
    service.profile(&Said {
        database: Some(url.to_string()),
        ..Said::default()
    });
    let ended = service.check(&[]);
    let found = verdicts(&ended.json());
    assert_eq!(found.get("unknown (rows-hidden)"), Some(&3), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    let text = service.run("check", &[]).stdout;
    assert!(text.contains("BYPASSRLS"), "{text}");
    let rights = service.waybill.run(&["profiles", "check", service.name()]);
    assert!(rights.stdout.contains("BYPASSRLS"), "{}", rights.stdout);
    service
        .shop
        .execute(&format!("DROP OWNED BY {reader}; DROP ROLE {reader}"))
        .await;
    service.shop.close().await;
}
