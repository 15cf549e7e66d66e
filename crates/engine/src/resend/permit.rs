//! Whether anything may be sent at all. The one way to an operator.

use waybill_model::Access;
use waybill_protocol::{Code, Failure};
use waybill_source::Operator;

use crate::session::Session;

/// Why nothing can be sent in this session; `None` when something can.
pub(crate) fn refusal(session: &Session) -> Option<String> {
    if session.profile.access == Access::ReadOnly {
        return Some(
            "This profile is read-only. Set access = \"resend\" in it to allow resending."
                .to_owned(),
        );
    }
    match session.sources.broker() {
        Err(failure) => Some(format!("The broker is not connected: {}", failure.message)),
        Ok(broker) if broker.operator().is_none() => {
            Some("Waybill can only look at this broker, not send to it.".to_owned())
        }
        Ok(_) => None,
    }
}

/// What sends, if this session may send.
pub(crate) fn operator(session: &Session) -> Result<&dyn Operator, Failure> {
    if let Some(why) = refusal(session) {
        return Err(Failure::new(Code::ReadOnly, why));
    }
    let operator = session.sources.broker()?.operator();
    operator.ok_or_else(|| Failure::new(Code::ReadOnly, "This broker cannot be sent to."))
}
