//! Pictures of the window for people, in both sizes and both themes: at work with an event open,
//! with nothing opened yet, and in front of a database that does not answer.

use waybill_model::Access;
use waybill_tests::profile::{environment, save};
use waybill_world::{BrokerKind, DatabaseKind, Membership, World, WorldConfig};

use crate::window::Window;

const SIZES: [(u32, u32); 2] = [(1280, 800), (1920, 1080)];

#[tokio::test]
async fn pictures_are_taken_in_both_themes_and_sizes() {
    let window = Window::open(&["--demo", "--demo-rate", "0"], &[]).await;
    window.choose_all("tab-never-published").await;
    window.click("row").await;
    window.find("plan").await;
    take(&window, "demo").await;
    window.close().await;
}

#[tokio::test]
async fn a_start_without_a_profile_offers_the_next_step() {
    let window = Window::open(&[], &[]).await;
    window.find("open-demo").await;
    window.find("new-profile").await;
    take(&window, "start").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_named_with_what_to_do() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let world = World::create(WorldConfig {
        seed: 8,
        database: DatabaseKind::Postgres {
            url: servers.postgres_url,
        },
        broker: BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
        prefix: format!("window-broken-{}-", std::process::id()),
        membership: Membership::Assigned,
    })
    .await
    .expect("the world can be made");
    let mut profile = world.profile(Access::ReadOnly);
    // The port of "discard", where nobody listens.
    profile.database.url = "postgres://waybill@127.0.0.1:9/shop".to_owned();
    save(&folder.path().join("config"), &profile);
    let secrets = environment(world.secrets().0);
    let window = Window::open_in(folder, &["--profile", &profile.name], &secrets).await;
    let told = window.text("failure-message").await;
    assert!(told.contains("127.0.0.1:9"), "it says what: {told:?}");
    window.find("failure-retry").await;
    window.find("grid-unread").await;
    assert!(
        window.lacks("grid-empty").await,
        "nothing is said of a window that was not read"
    );
    take(&window, "broken").await;
    window.close().await;
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

/// All pictures of one state.
async fn take(window: &Window, name: &str) {
    for theme in ["dark", "light"] {
        switch_to(window, theme).await;
        for (width, height) in SIZES {
            window
                .picture(&format!("{name}-{theme}"), width, height)
                .await;
        }
    }
}

/// The same of a dialog. It keeps the button for the theme from being clicked.
pub(crate) async fn take_dialog(window: &Window, name: &str) {
    for theme in ["dark", "light"] {
        let wear = format!("document.documentElement.dataset.theme = '{theme}'; return true");
        window.run(&wear).await;
        for (width, height) in SIZES {
            window
                .picture(&format!("{name}-{theme}"), width, height)
                .await;
        }
    }
}

/// The button goes from the system's theme over light to dark and round again.
async fn switch_to(window: &Window, theme: &str) {
    for _ in 0..3 {
        if window
            .run("return document.documentElement.dataset.theme")
            .await
            == theme
        {
            return;
        }
        window.click("theme").await;
    }
    assert_eq!(
        window
            .run("return document.documentElement.dataset.theme")
            .await,
        theme
    );
}
