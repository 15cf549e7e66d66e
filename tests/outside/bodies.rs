//! Bodies and headers that are written otherwise than expected.

use waybill_tests::service::{Said, Service, verdicts};

/// The scene of most reports: every row has its copy, and nothing is missing.
#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_service_is_fine() {
    let service = Service::with_outbox("ordinary").await;
    service.publish_rows("true").await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(verdicts(&ended.json()).is_empty(), "{}", ended.stdout);
    service.shop.close().await;
}
