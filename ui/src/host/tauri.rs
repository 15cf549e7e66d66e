//! The window around the page. The only file that knows `__TAURI_INTERNALS__`.
//!
//! We call it directly instead of through Tauri's script, so that `withGlobalTauri` stays off.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use waybill_protocol::{Code, Failure};

use super::{Answer, Host};

/// The window's `invoke`.
pub(crate) struct TauriHost {
    invoke: Function,
}

impl TauriHost {
    /// The window around this page, if there is one.
    pub(crate) fn find() -> Option<Self> {
        let window = web_sys::window()?;
        let internals = Reflect::get(&window, &"__TAURI_INTERNALS__".into()).ok()?;
        let invoke = Reflect::get(&internals, &"invoke".into()).ok()?;
        Some(Self {
            invoke: invoke.dyn_into().ok()?,
        })
    }

    fn invoke(&self, command: &'static str, request: &[u8]) -> Answer {
        // A typed array makes Tauri send the bytes as they are.
        let body = Uint8Array::from(request);
        let promise = self.invoke.call2(&JsValue::NULL, &command.into(), &body);
        Box::pin(async move {
            let promise: Promise = promise
                .and_then(|value| value.dyn_into())
                .map_err(|why| refused(command, &why))?;
            let reply = JsFuture::from(promise)
                .await
                .map_err(|why| refused(command, &why))?;
            Ok(Uint8Array::new(&reply).to_vec())
        })
    }
}

impl Host for TauriHost {
    fn ask(&self, request: Vec<u8>) -> Answer {
        self.invoke("ask", &request)
    }

    fn act(&self, request: Vec<u8>) -> Answer {
        self.invoke("act", &request)
    }

    fn ready(&self) {
        let ready = self.invoke("ui_ready", &[]);
        wasm_bindgen_futures::spawn_local(async move {
            // Nobody is helped by knowing: the window shows itself after a moment anyway.
            ready.await.ok();
        });
    }
}

/// The window did not pass a request on: for `act` that is a window that may only look.
fn refused(command: &str, why: &JsValue) -> Failure {
    let detail = why.as_string().unwrap_or_else(|| format!("{why:?}"));
    if command == "act" && detail.contains("not allowed") {
        return Failure::new(Code::ReadOnly, "This window may only look.").detail(detail);
    }
    Failure::new(Code::Internal, "The core did not answer.").detail(detail)
}
