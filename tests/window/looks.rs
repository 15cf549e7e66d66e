//! Pictures of the window for people: both sizes, both themes, with an event open.

use crate::window::Window;

#[tokio::test]
async fn pictures_are_taken_in_both_themes_and_sizes() {
    let window = Window::open(&["--demo", "--demo-rate", "0"], &[]).await;
    window.choose_all("tab-never-published").await;
    window.click("row").await;
    window.find("plan").await;
    for theme in ["dark", "light"] {
        switch_to(&window, theme).await;
        for (width, height) in [(1280, 800), (1920, 1080)] {
            window
                .picture(&format!("demo-{theme}"), width, height)
                .await;
        }
    }
    window.close().await;
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
