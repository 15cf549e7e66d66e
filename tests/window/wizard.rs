//! The wizard, by clicks: from two addresses to a saved profile, with a role set by hand on the
//! way; and what it says where it cannot get through, or finds no outbox.

use std::time::Duration;

use waybill_tests::profile::environment;
use waybill_tests::wait::wait_for;

use crate::looks::take_dialog;
use crate::shop::{EVENTS, Shop};
use crate::window::Window;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_become_a_profile_that_finds_what_is_missing() {
    let shop = Shop::open("wizard").await;
    let secrets = environment(
        [
            ("shop-db".to_owned(), shop.password()),
            ("shop-rabbit".to_owned(), shop.vhost.password().to_owned()),
        ]
        .into(),
    );
    let window = Window::open(&[], &secrets).await;
    window.click("new-profile").await;
    enter_addresses(&window, &shop).await;

    window.click("wizard-next").await;
    on_page(&window, "Outbox").await;
    let reasons = window.text("wizard-reasons").await;
    assert!(reasons.contains("created_at"), "why it is one: {reasons}");
    take_dialog(&window, "wizard-outbox").await;

    window.click("wizard-next").await;
    on_page(&window, "Columns").await;
    set_the_version_by_hand(&window).await;
    take_dialog(&window, "wizard-columns").await;

    window.click("wizard-next").await;
    on_page(&window, "Flow").await;
    assert_eq!(window.text("wizard-destination").await, "parcels");
    let flow = window.text("wizard-flow").await;
    for part in [
        "queue search.parcels · inbox public.search_inbox",
        "22 of its 22 rows",
    ] {
        assert!(flow.contains(part), "{part} in: {flow}");
    }
    take_dialog(&window, "wizard-flow").await;
    window.click("wizard-change-0-0").await;
    let inbox = window
        .run("return document.querySelector('[data-test=\"wizard-consumer-0-0-inbox-id\"]')?.value")
        .await;
    assert_eq!(inbox, "message_id", "the inbox's own column is chosen");
    take_dialog(&window, "wizard-consumer").await;

    window.click("wizard-next").await;
    on_page(&window, "Preview").await;
    look_at_the_preview(&window).await;

    window.click("wizard-next").await;
    on_page(&window, "Save").await;
    window.replace("wizard-name", "parcel-shop").await;
    window.click("wizard-staging").await;
    take_dialog(&window, "wizard-save").await;
    window.click("wizard-next").await;
    window.find("grid-body").await;
    window.find("tab-never-published").await;
    assert!(window.lacks("wizard").await, "the wizard is done");

    let saved = std::fs::read_to_string(window.config().join("parcel-shop.toml"));
    let saved = saved.expect("it was saved");
    for line in [
        "access = \"read-only\"",
        "environment = \"staging\"",
        "secret = \"shop-db\"",
        "version = \"rev\"",
        "# version was set by hand.",
        "queue = \"search.parcels\"",
    ] {
        assert!(saved.contains(line), "{line} in: {saved}");
    }
    assert!(!saved.contains(&shop.password()), "no password is saved");
    window.close().await;
    shop.close().await;
}

/// Addresses as people have them, with the passwords inside; the passwords do not stay there.
async fn enter_addresses(window: &Window, shop: &Shop) {
    let url = shop.url_with_password();
    window.type_into("wizard-database", &url).await;
    window.find("wizard-moved").await;
    let shown = window
        .run("return document.querySelector('[data-test=\"wizard-database\"]').value")
        .await;
    let shown = shown.as_str().unwrap_or_default();
    let with_password = format!(":{}@", shop.password());
    assert!(
        !shown.is_empty() && !shown.contains(&with_password),
        "the password is taken out: {shown}"
    );
    window.click("wizard-database-stored").await;
    window
        .type_into("wizard-database-password", "shop-db")
        .await;
    window
        .type_into("wizard-broker", &shop.vhost.url_with_password())
        .await;
    window.click("wizard-broker-stored").await;
    window
        .type_into("wizard-broker-password", "shop-rabbit")
        .await;
    window
        .type_into("wizard-management", &shop.vhost.management_url())
        .await;
    take_dialog(window, "wizard-addresses").await;
}

/// Nobody can tell which number is the version. Rows show it as soon as it is chosen.
async fn set_the_version_by_hand(window: &Window) {
    wait_for("rows by the mapping", PATIENCE, async || {
        (window.count("wizard-row").await == 8).then_some(())
    })
    .await;
    let before = window.text("wizard-sample").await;
    assert!(before.contains("parcel/p23"), "the youngest: {before}");
    assert!(!before.contains("v3"), "no version yet: {before}");
    window.choose("wizard-role-version", "rev").await;
    wait_for("rows to show the version", PATIENCE, async || {
        let rows = window.text("wizard-sample").await;
        rows.contains("parcel/p23 v3").then_some(())
    })
    .await;
}

async fn look_at_the_preview(window: &Window) {
    wait_for("the preview to be over", PATIENCE, async || {
        let busy = window.attribute("wizard-preview", "aria-busy").await;
        (busy.as_deref() == Some("false")).then_some(())
    })
    .await;
    assert_eq!(window.count("wizard-event").await, 20);
    let preview = window.text("wizard-preview").await;
    for part in [
        format!("{EVENTS} events since"),
        "Never published".to_owned(),
        // Its copy may have been published before the stream begins.
        "Cannot know".to_owned(),
        "Arrived".to_owned(),
    ] {
        assert!(preview.contains(&part), "{part} in: {preview}");
    }
    let first = window.text("wizard-sentence").await;
    assert!(!first.is_empty(), "a verdict has its sentence");
    take_dialog(window, "wizard-preview").await;
}

/// Where it cannot get through it says where and why; where it finds no outbox, one is mapped by
/// hand, and what was entered is kept.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_found_is_said_and_mapped_by_hand() {
    let kafka = waybill_tests::kafka::Kafka::shared();
    let topic = kafka.topic("wizard-letters", 1, &[]).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("letters.db");
    letters(&file).await;
    let window = Window::open_in(folder, &[], &[]).await;
    window.click("new-profile").await;
    // The port of "discard", where nobody listens.
    window
        .type_into("wizard-database", "postgres://waybill@127.0.0.1:9/shop")
        .await;
    window
        .type_into("wizard-broker", &format!("kafka://{}", kafka.bootstrap()))
        .await;
    window.click("wizard-next").await;
    let told = window.text("failure-message").await;
    assert!(
        told.contains("the database") && told.contains("127.0.0.1:9"),
        "{told}"
    );
    window.find("probe-step").await;
    take_dialog(&window, "wizard-unreachable").await;

    let url = format!("sqlite:{}", file.display());
    window.replace("wizard-database", &url).await;
    window.click("wizard-next").await;
    let told = window.text("wizard-no-outbox").await;
    assert!(
        told.contains("No outbox was recognised in 2 tables: letters, stamps."),
        "{told}"
    );
    take_dialog(&window, "wizard-no-outbox").await;

    window.click("wizard-table-letters").await;
    window.click("wizard-next").await;
    on_page(&window, "Columns").await;
    let needed = window.text("wizard-status").await;
    assert_eq!(needed.trim(), "Still needed: Event id.");
    take_dialog(&window, "wizard-by-hand").await;
    window.choose("wizard-role-id", "label").await;
    window.choose("wizard-role-created-at", "written").await;
    wait_for("rows by the mapping", PATIENCE, async || {
        let rows = window.text("wizard-sample").await;
        rows.contains("letter-2").then_some(())
    })
    .await;
    window.click("wizard-next").await;
    on_page(&window, "Flow").await;
    // Nothing tells where they go, and other tests have topics here, too.
    if !window.text("wizard-flow").await.contains(&topic) {
        take_dialog(&window, "wizard-no-destination").await;
        window.choose("wizard-add-destination", &topic).await;
    }
    wait_for("the flow", PATIENCE, async || {
        let flow = window.text("wizard-flow").await;
        flow.contains(&topic).then_some(())
    })
    .await;
    window.click("wizard-back").await;
    window.click("wizard-back").await;
    window.click("wizard-back").await;
    let kept = window
        .run("return document.querySelector('[data-test=\"wizard-database\"]').value")
        .await;
    assert_eq!(kept, url, "what was entered is kept");
    window.press_escape().await;
    assert!(window.lacks("wizard").await, "Escape closes it");
    window.close().await;
}

async fn letters(file: &std::path::Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await;
    let pool = pool.expect("it is made");
    let sql = "CREATE TABLE letters (no INTEGER PRIMARY KEY, label TEXT, written TEXT); \
         CREATE TABLE stamps (no INTEGER PRIMARY KEY, cents INTEGER); \
         INSERT INTO letters VALUES (1, 'letter-1', '2026-11-20T14:03:12Z'), (2, 'letter-2', '2026-11-20T14:05:00Z')";
    sqlx::raw_sql(sql)
        .execute(&pool)
        .await
        .expect("it may write");
    pool.close().await;
}

async fn on_page(window: &Window, title: &str) {
    window
        .until(&format!("the page {title}"), "wizard", "data-step", title)
        .await;
    // What is looked for on the way to a page ends before it is shown.
    window
        .until("the wizard to rest", "wizard", "aria-busy", "false")
        .await;
}
