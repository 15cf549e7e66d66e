//! Turns librdkafka's delivery reports into receipts.

use std::fmt;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{DeliveryResult, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;
use waybill_model::{Coordinate, Receipt};

use crate::context::Context;
use crate::error::words;
use crate::native::{Persisted, persisted};

/// A producer that answers every message with a receipt.
pub(crate) type Producer = ThreadedProducer<Deliveries>;

/// Receives the reports of one producer.
pub(crate) struct Deliveries {
    context: Context,
}

impl Deliveries {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        self.context.log(level, fac, log_message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<oneshot::Sender<Receipt>>;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Self::DeliveryOpaque) {
        let receipt = match result {
            Ok(message) => {
                // The trouble before this success is over.
                self.context.forget();
                Receipt::Sent {
                    coordinate: u32::try_from(message.partition())
                        .ok()
                        .filter(|_| message.offset() >= 0)
                        .map(|partition| Coordinate::Record {
                            topic: message.topic().to_owned(),
                            partition,
                            offset: message.offset(),
                        }),
                }
            }
            Err((error, message)) => failed(
                error.rdkafka_error_code(),
                persisted(message),
                self.context.worst().map(|trouble| trouble.text),
            ),
        };
        // Whoever sent it may have stopped waiting.
        report.send(receipt).ok();
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").finish_non_exhaustive()
    }
}

/// The receipt of a message that was not acknowledged: refused only if it is certainly not in the
/// log, whatever the error.
fn failed(
    code: Option<RDKafkaErrorCode>,
    persisted: Persisted,
    trouble: Option<String>,
) -> Receipt {
    let why = match code {
        Some(
            RDKafkaErrorCode::MessageTimedOut
            | RDKafkaErrorCode::PurgeQueue
            | RDKafkaErrorCode::PurgeInflight,
        )
        | None => trouble.unwrap_or_else(|| "no broker answered in time".to_owned()),
        Some(code) => words(code),
    };
    match persisted {
        Persisted::No => Receipt::Refused { why },
        Persisted::Maybe | Persisted::Yes => Receipt::Unknown { why },
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(code: RDKafkaErrorCode, persisted: Persisted, expected: Expect) {
        let receipt = failed(Some(code), persisted, Some("a:1 is down".to_owned()));
        expected.assert_eq(&format!("{receipt:?}"));
    }

    #[test]
    fn only_what_was_certainly_not_written_is_refused() {
        check(
            RDKafkaErrorCode::MessageSizeTooLarge,
            Persisted::No,
            expect![[r#"Refused { why: "Message size too large" }"#]],
        );
        check(
            RDKafkaErrorCode::MessageTimedOut,
            Persisted::No,
            expect![[r#"Refused { why: "a:1 is down" }"#]],
        );
        check(
            RDKafkaErrorCode::MessageTimedOut,
            Persisted::Maybe,
            expect![[r#"Unknown { why: "a:1 is down" }"#]],
        );
        check(
            RDKafkaErrorCode::NotEnoughReplicasAfterAppend,
            Persisted::Maybe,
            expect![[
                r#"Unknown { why: "Message(s) written to insufficient number of in-sync replicas" }"#
            ]],
        );
    }
}
