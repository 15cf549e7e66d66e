//! The application around the page: one window, shown when there is something to see.

use std::time::Duration;

use anyhow::Context as _;
use tauri::webview::Color;
use tauri::{App, Builder, Context, Manager as _, RunEvent, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use waybill_engine::{Core, Dirs};

use crate::{Arguments, composition, doors, logging};

/// The window's name.
pub const LABEL: &str = "main";

/// The name of a window that may only look: the capability `act` is not for it.
pub const LOOK_ONLY_LABEL: &str = "look-only";

/// How long an empty window stays hidden when the page does not say that it is ready.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// How long the core may take to stop sending, disconnect and save the demo.
const FAREWELL: Duration = Duration::from_secs(5);

/// The page's background in the dark, `--bg` in its tokens: what shows until the first paint.
const BACKGROUND: Color = Color(0x0e, 0x11, 0x16, 0xff);

/// Opens the window and stays until it is closed.
///
/// # Errors
/// When there is no home folder, no display, or no web view.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    logging::start(arguments.log.as_deref());
    let dirs = Dirs::of_user().context("failed to find a place for Waybill's files")?;
    let core = composition::core(arguments, dirs);
    let label = if arguments.read_only { LOOK_ONLY_LABEL } else { LABEL };
    let app = app(Builder::default(), tauri::generate_context!(), core, label)
        .context("failed to open the window")?;
    app.run(|handle, event| {
        if let RunEvent::Exit = event {
            say_farewell(handle.state::<Core>().inner().clone());
        }
    });
    Ok(())
}

/// The application over any runtime, so that tests can run it without a window.
///
/// # Errors
/// When the window cannot be made.
pub fn app<R: Runtime>(
    builder: Builder<R>,
    context: Context<R>,
    core: Core,
    label: &'static str,
) -> tauri::Result<App<R>> {
    builder
        .manage(core)
        .invoke_handler(tauri::generate_handler![doors::ask, doors::act, doors::ui_ready])
        .setup(move |app| {
            let window = WebviewWindowBuilder::new(app, label, WebviewUrl::default())
                .title("Waybill")
                .inner_size(1280.0, 800.0)
                .min_inner_size(1024.0, 640.0)
                .background_color(BACKGROUND)
                .visible(false)
                .build()?;
            tauri::async_runtime::spawn(async move {
                // The page says when it is ready; a page that cannot must not stay invisible.
                tokio::time::sleep(PATIENCE).await;
                show(&window);
            });
            Ok(())
        })
        .build(context)
}

/// Shows the window; does nothing when it is shown.
pub(crate) fn show<R: Runtime>(window: &WebviewWindow<R>) {
    if window.is_visible().unwrap_or(false) {
        return;
    }
    if let Err(error) = window.show().and_then(|()| window.set_focus()) {
        tracing::warn!(error = %error, "Could not show the window");
    }
}

/// Ends the session properly: a resend stops before its next event, the demo is kept.
fn say_farewell(core: Core) {
    tauri::async_runtime::block_on(async move {
        if tokio::time::timeout(FAREWELL, core.close()).await.is_err() {
            tracing::warn!("The session did not end in time");
        }
    });
}
