//! The demo's "break it" panel, by clicks: a fault is switched on, and its verdict shows up.

use crate::window::Window;

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
