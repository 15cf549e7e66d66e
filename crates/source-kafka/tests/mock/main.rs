//! The adapter on librdkafka's built-in cluster: no server is needed.

mod faults;
mod stage;

use waybill_source::conformance::broker as conformance;

use stage::Mock;

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let mock = Mock::start().await;
    conformance::check_all(&mock).await;
    let server = mock.broker.server().await.expect("it answers");
    assert_eq!(server.product, "librdkafka mock cluster");
}
