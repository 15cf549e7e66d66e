//! The way to the core: bytes out, bytes in, through one of two doors.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use waybill_protocol::{Call, Code, Door, Failure, wire};

mod tauri;

#[cfg(feature = "mock")]
mod mock;

/// What a host answers with.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>>>>;

/// Whoever brings requests to the core and its replies back.
pub(crate) trait Host {
    /// Through the door that only looks.
    fn ask(&self, request: Vec<u8>) -> Answer;

    /// Through the door that changes something.
    fn act(&self, request: Vec<u8>) -> Answer;

    /// There is something to see: the window may be shown.
    fn ready(&self);
}

/// The host of this page: the window it runs in, or the sample data when the address asks for it.
pub(crate) fn find(address: &str) -> Result<Rc<dyn Host>, Failure> {
    #[cfg(feature = "mock")]
    if address.contains("host=mock") {
        return Ok(Rc::new(mock::MockHost::new(address)));
    }
    let found = tauri::TauriHost::find();
    found
        .map(|host| Rc::new(host) as Rc<dyn Host>)
        .ok_or_else(|| {
            Failure::new(
                Code::Internal,
                "This page runs inside Waybill's window and has found none around it.",
            )
            .detail(address)
        })
}

/// Asks a question or gives an order.
pub(crate) async fn call<C: Call>(host: &Rc<dyn Host>, call: &C) -> Result<C::Reply, Failure> {
    let request = wire::encode_request(call);
    let answer = match C::DOOR {
        Door::Ask => host.ask(request),
        Door::Act => host.act(request),
    };
    wire::decode_outcome::<C>(&answer.await?)
}
