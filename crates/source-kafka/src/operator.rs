//! Sends one message and believes only the delivery report.

mod delivery;
mod reach;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _};
use tokio::sync::oneshot;
use waybill_model::{Parcel, Receipt, Route, RouteCheck};
use waybill_source::{Operator, Result};

use crate::broker::blocking;
use crate::connect::{Asker, no_client};
use crate::context::Context;
use crate::error::words;
use crate::inspect::is_topic_name;
use delivery::{Deliveries, Producer};

/// librdkafka looks for messages that are too old once a second. It gives up this much before the
/// caller does, so that its word on what happened still arrives.
const REPORT_MARGIN: Duration = Duration::from_millis(1300);

/// Sends to Kafka.
#[derive(Debug)]
pub(crate) struct KafkaOperator {
    asker: Arc<Asker>,
    sender: Mutex<Option<Sender>>,
    reach: Arc<reach::Reach>,
}

/// A producer and the time its messages have: librdkafka fixes that when it is made.
#[derive(Clone)]
struct Sender {
    within: Duration,
    producer: Arc<Producer>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

impl KafkaOperator {
    pub(crate) fn new(asker: Arc<Asker>) -> Self {
        Self {
            asker,
            sender: Mutex::default(),
            reach: Arc::default(),
        }
    }

    /// Ends the producer. What it still holds is given up.
    pub(crate) fn close(&self) {
        let sender = self
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        discard(sender);
    }

    /// The producer for messages that have this long; made anew when that changes.
    fn sender(&self, within: Duration) -> Result<Sender, Receipt> {
        let mut kept = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*kept
            && sender.within == within
        {
            return Ok(sender.clone());
        }
        let settings = &self.asker.settings;
        let limit = match within.checked_sub(REPORT_MARGIN) {
            Some(limit) if limit > REPORT_MARGIN => limit,
            _ => within / 2,
        };
        let deliveries = Deliveries::new(Context::new(settings.secret.clone()));
        let producer = settings
            .sending(limit)
            .create_with_context(deliveries)
            .map_err(|error| Receipt::Refused {
                why: no_client(&error, settings).chain(),
            })?;
        let sender = Sender {
            within,
            producer: Arc::new(producer),
        };
        discard(kept.replace(sender.clone()));
        Ok(sender)
    }

    /// Forgets a producer that cannot be relied on any more.
    fn forget(&self, sender: Sender) {
        let mut kept = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept = kept
            .as_ref()
            .is_some_and(|kept| Arc::ptr_eq(&kept.producer, &sender.producer));
        if is_kept {
            discard(kept.take());
        }
        discard(Some(sender));
    }
}

#[async_trait]
impl Operator for KafkaOperator {
    async fn check(&self, route: &Route, payload_len: u64) -> Result<RouteCheck> {
        let asker = Arc::clone(&self.asker);
        let reach = Arc::clone(&self.reach);
        let route = route.clone();
        blocking("checking a route", move || {
            reach.check(&asker, &route, payload_len)
        })
        .await
    }

    async fn send(&self, parcel: &Parcel, within: Duration) -> Receipt {
        if !is_topic_name(&parcel.route.destination) {
            return Receipt::Refused {
                why: format!("'{}' is not a topic's name", parcel.route.destination),
            };
        }
        let sender = match self.sender(within) {
            Ok(sender) => sender,
            Err(refused) => return refused,
        };
        // From here to the answer nothing may submit this parcel again.
        let (report, reported) = oneshot::channel();
        if let Err((error, _)) = sender.producer.send(record(parcel, report)) {
            return Receipt::Refused {
                why: refusal(&error),
            };
        }
        let receipt = match tokio::time::timeout(within, reported).await {
            Ok(Ok(receipt)) => receipt,
            Ok(Err(_closed)) => Receipt::Unknown {
                why: "the connection was closed before the broker answered".to_owned(),
            },
            Err(_elapsed) => Receipt::Unknown {
                why: format!("no answer within {} s", within.as_secs_f32()),
            },
        };
        let lost = matches!(receipt, Receipt::Unknown { .. });
        if lost || sender.producer.client().fatal_error().is_some() {
            self.forget(sender);
        }
        receipt
    }
}

/// The record of a parcel: key, body and headers byte for byte, the time of sending.
fn record(
    parcel: &Parcel,
    report: oneshot::Sender<Receipt>,
) -> BaseRecord<'_, [u8], [u8], Box<oneshot::Sender<Receipt>>> {
    let mut headers = OwnedHeaders::new_with_capacity(parcel.headers.len());
    for (key, value) in &parcel.headers {
        headers = headers.insert(Header {
            key,
            value: value.as_deref(),
        });
    }
    let partition = parcel
        .route
        .partition
        .and_then(|partition| i32::try_from(partition).ok());
    let mut record =
        BaseRecord::with_opaque_to(&parcel.route.destination, Box::new(report)).headers(headers);
    record.partition = partition;
    record.key = parcel.route.key.as_deref();
    record.payload = parcel.payload.as_deref();
    record
}

/// Why a message was not even queued.
fn refusal(error: &KafkaError) -> String {
    let why = error
        .rdkafka_error_code()
        .map_or_else(|| error.to_string(), words);
    format!("not sent: {why}")
}

/// Ending a producer waits for its threads; nobody should wait with it.
fn discard(sender: Option<Sender>) {
    let Some(sender) = sender else {
        return;
    };
    // Should no thread be had, it ends right here.
    std::thread::Builder::new()
        .name("kafka-close".to_owned())
        .spawn(move || drop(sender))
        .ok();
}
