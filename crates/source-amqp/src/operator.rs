//! Sends one message and says honestly what became of it. The only place that publishes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, Connection};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use waybill_model::{Parcel, Receipt, Route, RouteCheck};
use waybill_source::{Operator, Result};

use crate::broker::max_message_bytes;
use crate::connect;
use crate::error::{self, Refusal, refusal};
use crate::hub::{Hub, now};
use crate::management::Management;
use crate::mirror::{TAP_PREFIX, observe};
use crate::parcel;
use crate::routing::RoutingMap;

/// The sending side; exists only where the profile allows it.
#[derive(Debug)]
pub(crate) struct Sender {
    hub: Arc<Hub>,
    /// Opened with the first message, and again when it is lost; never in the middle of a send.
    connection: Mutex<Option<Connection>>,
}

impl Sender {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            connection: Mutex::new(None),
        }
    }

    pub(crate) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            connect::end(&connection).await;
        }
    }

    /// A channel for one message, with confirms. Nothing has been sent while this runs.
    async fn channel(&self) -> Result<Channel, String> {
        let mut slot = self.connection.lock().await;
        if slot
            .as_ref()
            .is_none_or(|connection| !connection.status().connected())
        {
            let connection = self.hub.settings.connect("resend").await;
            *slot = Some(connection.map_err(|error| error.chain())?);
        }
        let Some(connection) = slot.as_ref() else {
            return Err("there is no connection".to_owned());
        };
        if connection.status().blocked() {
            return Err(
                "the broker takes no messages at present (memory or disk alarm)".to_owned(),
            );
        }
        let channel = connection.create_channel().await;
        let channel = channel.map_err(|error| error::words(&error))?;
        let selecting = channel
            .confirm_select(ConfirmSelectOptions::default())
            .await;
        selecting.map_err(|error| error::words(&error))?;
        Ok(channel)
    }
}

#[async_trait]
impl Operator for Sender {
    async fn check(&self, route: &Route, payload_len: u64) -> Result<RouteCheck> {
        let management = self
            .hub
            .required_management("knowing who receives a message")?;
        let key = route.routing_key.as_deref().unwrap_or_default();
        let mut check = match route.destination.as_str() {
            "" => check_queue(&self.hub, management, key).await?,
            exchange => match observe(management, exchange).await? {
                Some(map) => check_exchange(&map, exchange, key),
                None => unreachable_because(self.hub.no_exchange(exchange).await.to_string()),
            },
        };
        match max_message_bytes(self.hub.version()) {
            Some(limit) if payload_len > limit => {
                check.reachable = false;
                check.notes.push(format!(
                    "the body has {payload_len} bytes, and the broker takes {limit} unless it was told otherwise"
                ));
            }
            Some(_) | None => {}
        }
        Ok(check)
    }

    async fn send(&self, parcel: &Parcel, within: Duration) -> Receipt {
        let deadline = Instant::now() + within;
        let not_sent = |why: String| Receipt::Refused {
            why: format!("not sent: {why}"),
        };
        let message = match parcel::message(parcel, now()) {
            Ok(message) => message,
            Err(why) => return not_sent(why),
        };
        let channel = match timeout_at(deadline, self.channel()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(why)) => return not_sent(why),
            Err(_elapsed) => {
                return not_sent(format!("no connection within {} s", within.as_secs_f32()));
            }
        };
        let one_queue = parcel.route.destination.is_empty();
        let publishing = async {
            let must_be_routed = BasicPublishOptions {
                mandatory: true,
                ..BasicPublishOptions::default()
            };
            let body = parcel.payload.as_deref().unwrap_or_default();
            channel
                .basic_publish(
                    message.exchange,
                    message.routing_key,
                    must_be_routed,
                    body,
                    message.properties,
                )
                .await?
                .await
        };
        // From here on the message may be on its way.
        match timeout_at(deadline, publishing).await {
            Ok(outcome) => receipt(outcome, one_queue),
            Err(_elapsed) => Receipt::Unknown {
                why: format!(
                    "the broker did not confirm within {} s",
                    within.as_secs_f32()
                ),
            },
        }
    }
}

/// What the broker's answer means.
fn receipt(outcome: lapin::Result<Confirmation>, one_queue: bool) -> Receipt {
    match outcome {
        Ok(Confirmation::Ack(None)) => Receipt::Sent { coordinate: None },
        Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) => {
            Receipt::Refused {
                why: format!(
                    "unroutable: the broker returned it ({} {})",
                    returned.reply_code, returned.reply_text
                ),
            }
        }
        Ok(Confirmation::Nack(None)) if one_queue => Receipt::Refused {
            why: "the queue refused it; it may be full".to_owned(),
        },
        // One full queue is enough for this answer, and the others have the message then.
        Ok(Confirmation::Nack(None)) => Receipt::Unknown {
            why: "at least one queue refused it; the others may have it".to_owned(),
        },
        Ok(Confirmation::NotRequested) => Receipt::Unknown {
            why: "the broker does not confirm".to_owned(),
        },
        Err(error) => match refusal(&error) {
            // The channel was closed because of this very message: it was the only one on it.
            Some(
                Refusal::AccessRefused
                | Refusal::NotFound
                | Refusal::Precondition
                | Refusal::OtherSoft,
            ) => Receipt::Refused {
                why: error::words(&error),
            },
            Some(Refusal::NotAllowed | Refusal::OtherHard) | None => Receipt::Unknown {
                why: format!(
                    "the connection was lost before the broker confirmed: {}",
                    error::words(&error)
                ),
            },
        },
    }
}

async fn check_queue(hub: &Hub, management: &Management, queue: &str) -> Result<RouteCheck> {
    if management.queue(queue).await?.is_none() {
        return Ok(unreachable_because(
            hub.no_queue("queue", queue).await.to_string(),
        ));
    }
    Ok(RouteCheck {
        reachable: true,
        reaches: vec![queue.to_owned()],
        notes: vec![format!(
            "the consumer will see exchange '' and routing key '{queue}' instead of the original ones"
        )],
    })
}

fn check_exchange(map: &RoutingMap, exchange: &str, key: &str) -> RouteCheck {
    let row = map.exchange(exchange);
    if row.is_some_and(|row| row.internal) {
        return unreachable_because(format!(
            "nobody may publish to exchange '{exchange}': it is internal"
        ));
    }
    let reached = map.reached(exchange, key);
    let mut notes = Vec::new();
    if let Some(alternate) = &reached.alternate {
        notes.push(format!(
            "no binding of exchange '{exchange}' matches key '{key}'; its alternate exchange '{alternate}' takes it"
        ));
    }
    if !reached.perhaps.is_empty() {
        let names: Vec<&str> = reached.perhaps.iter().map(String::as_str).collect();
        notes.push(format!(
            "whether it reaches {} is decided by headers or by a plug-in, and only the broker knows",
            names.join(", ")
        ));
    }
    let reaches: Vec<String> = reached
        .queues
        .union(&reached.perhaps)
        .filter(|queue| !queue.starts_with(TAP_PREFIX))
        .cloned()
        .collect();
    if reaches.is_empty() {
        notes.push(format!(
            "no queue is bound to exchange '{exchange}' for key '{key}', so the broker would return it"
        ));
    }
    RouteCheck {
        reachable: !reaches.is_empty(),
        reaches,
        notes,
    }
}

fn unreachable_because(why: String) -> RouteCheck {
    RouteCheck {
        reachable: false,
        reaches: Vec::new(),
        notes: vec![why],
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use lapin::ErrorKind;
    use lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};

    use super::*;

    fn refused(kind: AMQPErrorKind) -> lapin::Error {
        ErrorKind::ProtocolError(AMQPError::new(kind, "words".into())).into()
    }

    #[test]
    fn only_an_answer_to_this_message_is_a_yes_or_a_no() {
        let soft = |error| refused(AMQPErrorKind::Soft(error));
        let lost = || lapin::Error::from(io::Error::from(io::ErrorKind::ConnectionReset));
        for (outcome, one_queue, expected) in [
            (Ok(Confirmation::Ack(None)), true, "sent"),
            (Ok(Confirmation::Nack(None)), true, "refused"),
            (Ok(Confirmation::Nack(None)), false, "unknown"),
            (Ok(Confirmation::NotRequested), true, "unknown"),
            (Err(soft(AMQPSoftError::NOTFOUND)), false, "refused"),
            (Err(soft(AMQPSoftError::ACCESSREFUSED)), false, "refused"),
            (
                Err(soft(AMQPSoftError::PRECONDITIONFAILED)),
                false,
                "refused",
            ),
            (
                Err(refused(AMQPErrorKind::Hard(
                    AMQPHardError::CONNECTIONFORCED,
                ))),
                false,
                "unknown",
            ),
            (Err(lost()), false, "unknown"),
        ] {
            let text = format!("{outcome:?} {one_queue}");
            let got = match receipt(outcome, one_queue) {
                Receipt::Sent { .. } => "sent",
                Receipt::Refused { .. } => "refused",
                Receipt::Unknown { .. } => "unknown",
            };
            assert_eq!(got, expected, "{text}");
        }
    }
}
