//! A read-only profile: nothing can be sent, and the window says why.

use std::time::Duration;

use waybill_model::Access;
use waybill_tests::profile::save;
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, Membership, Planted, World, WorldConfig,
};

use crate::window::Window;

#[tokio::test(flavor = "multi_thread")]
async fn the_button_is_disabled_with_its_reason() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let world = World::create(WorldConfig {
        seed: 5,
        database: DatabaseKind::Sqlite {
            dir: folder.path().join("shop"),
        },
        broker: BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
        prefix: format!("window-{}-", std::process::id()),
        membership: Membership::Assigned,
    })
    .await
    .expect("the world can be made");
    let planted = Planted {
        fault: Fault::PublishFailsAfterCommit,
        events: 3,
        consumer: None,
    };
    let span = HistorySpan {
        events: 100,
        span: Duration::from_secs(1200),
        end: None,
    };
    world
        .history(span, &[planted])
        .await
        .expect("a past can be written");
    let profile = world.profile(Access::ReadOnly);
    save(&folder.path().join("config"), &profile);

    let window = Window::open_in(folder, &["--profile", &profile.name], &[]).await;
    assert!(window.config().exists());
    window.find("read-only").await;
    window.choose_all("tab-never-published").await;
    let button = window.find("resend").await;
    assert!(
        !button.is_enabled().await.expect("it can be asked"),
        "nothing can be sent"
    );
    let why = button
        .attr("title")
        .await
        .expect("it can be asked")
        .unwrap_or_default();
    assert!(why.contains("read-only"), "the reason is shown: {why:?}");
    window.close().await;
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}
