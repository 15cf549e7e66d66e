//! The application around the page: one window, shown when there is something to see.

use std::time::Duration;

use anyhow::Context as _;
use tauri::webview::Color;
use tauri::{
    App, Builder, Context, Manager as _, RunEvent, Runtime, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder,
};
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
    let label = if arguments.read_only {
        LOOK_ONLY_LABEL
    } else {
        LABEL
    };
    let builder = with_doors(Builder::default(), core).setup(move |app| {
        let window = open(app, label)?;
        tauri::async_runtime::spawn(async move {
            // The page says when it is ready; a page that cannot must not stay invisible.
            tokio::time::sleep(PATIENCE).await;
            show(&window);
        });
        Ok(())
    });
    let app = builder
        .build(context())
        .context("failed to open the window")?;
    app.run(|handle, event| {
        if let RunEvent::Exit = event {
            say_farewell(handle.state::<Core>().inner().clone());
        }
    });
    Ok(())
}

/// Page, configuration and capabilities, as they were when this was built.
fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}

fn with_doors<R: Runtime>(builder: Builder<R>, core: Core) -> Builder<R> {
    builder
        .manage(core)
        .invoke_handler(tauri::generate_handler![
            doors::ask,
            doors::act,
            doors::ui_ready
        ])
}

fn open<R: Runtime>(app: &App<R>, label: &str) -> tauri::Result<WebviewWindow<R>> {
    // The page says why it cannot send; that it cannot is the capability's doing.
    let page = if label == LOOK_ONLY_LABEL {
        "index.html?look-only"
    } else {
        "index.html"
    };
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .title("Waybill")
        .inner_size(1280.0, 800.0)
        .min_inner_size(1024.0, 640.0)
        .background_color(BACKGROUND)
        .visible(false)
        .build()
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody};
    use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
    use tauri::webview::InvokeRequest;
    use waybill_engine::Drivers;
    use waybill_engine::profiles::MemorySecrets;
    use waybill_protocol::wire::{decode_outcome, encode_request};
    use waybill_protocol::{Call, Heal, Hello};

    use super::*;

    /// What a window of this name gets from a command: the core's bytes, or Tauri's refusal.
    fn call<C: Call>(
        label: &str,
        command: &str,
        body: InvokeBody,
        _call: &C,
    ) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let secrets = Arc::new(MemorySecrets::default());
        let core = Core::new(
            Drivers::new(Vec::new()),
            secrets,
            Dirs::under(folder.path()),
            None,
        );
        let app = with_doors(mock_builder(), core)
            .build(context())
            .expect("the application builds");
        let window: WebviewWindow<MockRuntime> =
            open(&app, label).expect("a window without a screen opens");
        let request = InvokeRequest {
            cmd: command.to_owned(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: "tauri://localhost".parse().expect("it is a URL"),
            body,
            headers: Default::default(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        match get_ipc_response(&window, request) {
            Ok(InvokeResponseBody::Raw(bytes)) => Ok(bytes),
            Ok(InvokeResponseBody::Json(text)) => Err(format!("json instead of bytes: {text}")),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn raw<C: Call>(label: &str, command: &str, asked: &C) -> Result<Vec<u8>, String> {
        call(
            label,
            command,
            InvokeBody::Raw(encode_request(asked)),
            asked,
        )
    }

    #[test]
    fn every_window_may_ask() {
        for label in [LABEL, LOOK_ONLY_LABEL] {
            let reply = raw(label, "ask", &Hello {}).expect("asking is allowed");
            let welcome = decode_outcome::<Hello>(&reply).expect("the core answers");
            assert!(!welcome.version.is_empty());
        }
    }

    #[test]
    fn a_window_that_may_only_look_cannot_act() {
        let refusal =
            raw(LOOK_ONLY_LABEL, "act", &Heal {}).expect_err("it is refused before the core");
        assert!(refusal.contains("not allowed"), "{refusal}");
        // The main window gets through to the core, which has no demo open here.
        let reply = raw(LABEL, "act", &Heal {}).expect("the door is open");
        let failure = decode_outcome::<Heal>(&reply).expect_err("there is no demo");
        assert_eq!(failure.code, waybill_protocol::Code::NotOpen);
    }

    #[test]
    fn a_window_with_another_name_may_nothing() {
        assert!(raw("other", "ask", &Hello {}).is_err());
    }

    #[test]
    fn requests_as_text_are_refused_as_the_sign_of_a_broken_build() {
        let body = InvokeBody::Json(serde_json::json!({}));
        let reply = call(LABEL, "ask", body, &Hello {}).expect("the command answers");
        let failure = decode_outcome::<Hello>(&reply).expect_err("text is no request");
        assert!(failure.detail.contains("connect-src"), "{}", failure.detail);
    }
}
