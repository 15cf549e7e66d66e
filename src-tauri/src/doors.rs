//! The two doors of the core as Tauri commands: bytes in, bytes out.
//!
//! A window without the capability `act` is refused by Tauri before `act` is reached; the core
//! refuses again when the profile is read-only.
#![expect(
    clippy::let_underscore_must_use,
    reason = "the command macro expands to it"
)]

use tauri::ipc::{InvokeBody, Request, Response};
use tauri::{Runtime, State, WebviewWindow};
use waybill_engine::Core;
use waybill_protocol::wire::encode_failure;
use waybill_protocol::{Code, Failure};

/// Only looks.
///
/// # Errors
/// Never: what fails is part of the answer. (Tauri wants a `Result` where a command borrows.)
#[tauri::command]
pub async fn ask(request: Request<'_>, core: State<'_, Core>) -> Result<Response, ()> {
    Ok(Response::new(match bytes(&request) {
        Ok(bytes) => core.ask(bytes).await,
        Err(failure) => encode_failure(&failure),
    }))
}

/// Changes something.
///
/// # Errors
/// Never, as [`ask`].
#[tauri::command]
pub async fn act(request: Request<'_>, core: State<'_, Core>) -> Result<Response, ()> {
    Ok(Response::new(match bytes(&request) {
        Ok(bytes) => core.act(bytes).await,
        Err(failure) => encode_failure(&failure),
    }))
}

/// The page has something to show.
#[tauri::command]
pub async fn ui_ready<R: Runtime>(window: WebviewWindow<R>) {
    crate::shell::show(&window);
}

/// The request as it came. Text instead of bytes means that WebKit's own protocol is blocked and
/// everything would travel as JSON: a broken build, not something to get along with.
fn bytes<'a>(request: &'a Request<'_>) -> Result<&'a [u8], Failure> {
    match request.body() {
        InvokeBody::Raw(bytes) => Ok(bytes),
        InvokeBody::Json(_) => Err(Failure::new(
            Code::Internal,
            "The window's way to the core is blocked.",
        )
        .detail("the request came as JSON instead of bytes: is `ipc:` missing from connect-src?")),
    }
}
