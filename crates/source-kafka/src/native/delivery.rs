//! Whether a message that was to be sent can have reached the log.
#![expect(
    unsafe_code,
    reason = "the wrapper hands out a failed message without librdkafka's word on whether it was written"
)]

use rdkafka::message::BorrowedMessage;
use rdkafka_sys::rd_kafka_msg_status_t as Status;

/// What librdkafka knows about a message at the end of its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persisted {
    /// It was never transmitted, or the broker refused it: it is certainly not in the log.
    No,
    /// It was transmitted and no answer came.
    Maybe,
    /// The broker acknowledged it.
    Yes,
}

/// The status of a message from a delivery report.
pub(crate) fn persisted(message: &BorrowedMessage<'_>) -> Persisted {
    // SAFETY: the pointer belongs to `message`, which is borrowed for the whole call; the function
    // only reads the status field.
    match unsafe { rdkafka_sys::rd_kafka_message_status(message.ptr()) } {
        Status::RD_KAFKA_MSG_STATUS_NOT_PERSISTED => Persisted::No,
        Status::RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED => Persisted::Maybe,
        Status::RD_KAFKA_MSG_STATUS_PERSISTED => Persisted::Yes,
    }
}
