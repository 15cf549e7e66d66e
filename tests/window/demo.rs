//! The main job, by clicks, on the demo: find, choose, preview, confirm, watch the verdict change;
//! and the "break it" panel: a fault is switched on, and its verdict shows up.

use std::time::Duration;

use waybill_tests::wait::wait_for;

use crate::window::Window;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_was_never_published_is_found_resent_and_arrives() {
    // At rest: what is missing is exactly what the demo begins with.
    let window = Window::open(&["--demo", "--demo-rate", "0"], &[]).await;
    let chosen = window.choose_all("tab-never-published").await;

    look_at_the_first(&window).await;
    window
        .until("the plan to be made", "plan", "aria-busy", "false")
        .await;
    assert_eq!(
        window.count("recipient").await,
        3,
        "all three consumers receive it"
    );
    window.click("preview").await;
    wait_for("our headers to be shown", PATIENCE, async || {
        let preview = window.text("preview-panel").await;
        preview.contains("x-waybill-resend-id").then_some(())
    })
    .await;
    assert!(
        window.lacks("run-state").await,
        "nothing was sent by looking"
    );

    window.click("resend").await;
    window
        .type_into("confirm-reason", "the relay was down")
        .await;
    window.picture("confirm", 1280, 800).await;
    window.click("confirm-send").await;
    window
        .until("the run to end", "run-state", "data-running", "false")
        .await;
    let effective = window.attribute("run-state", "data-effective").await;
    assert_eq!(
        effective.as_deref(),
        Some(chosen.as_str()),
        "all that were sent arrived"
    );
    wait_for("the verdict to change", PATIENCE, async || {
        window.lacks("tab-never-published").await.then_some(())
    })
    .await;
    window.picture("resent", 1280, 800).await;
    let violations = window
        .run("return document.documentElement.dataset.cspViolations || ''")
        .await;
    assert_eq!(
        violations, "",
        "the page keeps to its content security policy"
    );
    window.close().await;
}

/// The detail names row and reason.
async fn look_at_the_first(window: &Window) {
    window.click("row").await;
    wait_for("the detail to name its rows", PATIENCE, async || {
        let verdict = window.text("detail-verdict").await;
        let stages = window.text("stages").await;
        let named = stages.contains("product_changes");
        (!verdict.is_empty() && named).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_fault_from_the_panel_shows_up_by_itself() {
    let window = Window::open(&["--demo", "--demo-rate", "10"], &[]).await;
    assert!(
        window.lacks("tab-published-never-stored").await,
        "the demo begins without phantoms"
    );
    if window
        .attribute("break-it", "aria-pressed")
        .await
        .as_deref()
        != Some("true")
    {
        window.click("break-it").await;
    }
    window.click("fault-rolled-back-after-publish").await;
    window.find("tab-published-never-stored").await;
    window.close().await;
}
