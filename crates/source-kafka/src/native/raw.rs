//! A record as librdkafka holds it.
#![expect(
    unsafe_code,
    reason = "records taken many at a time do not come through the wrapper"
)]

use std::ffi::c_void;

use rdkafka::message::BorrowedMessage;
use rdkafka_sys::{rd_kafka_message_t, rd_kafka_timestamp_type_t as TimestampType};
use waybill_model::{Clock, Micros};

use crate::times::Time;

/// A borrowed record; everything in it lives as long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawRecord<'m> {
    message: &'m rd_kafka_message_t,
}

impl<'m> RawRecord<'m> {
    /// A record that came through the wrapper.
    pub(crate) fn of(message: &'m BorrowedMessage<'_>) -> Self {
        // SAFETY: the wrapper keeps the message alive and unchanged while it is borrowed, and its
        // pointer is never null.
        let message = unsafe { &*message.ptr() };
        Self { message }
    }

    /// A record by librdkafka's own structure.
    pub(super) fn from_native(message: &'m rd_kafka_message_t) -> Self {
        Self { message }
    }

    pub(super) fn native(self) -> &'m rd_kafka_message_t {
        self.message
    }

    pub(crate) fn partition(self) -> i32 {
        self.message.partition
    }

    pub(crate) fn offset(self) -> i64 {
        self.message.offset
    }

    /// The key; `None` is null, which is not the same as empty.
    pub(crate) fn key(self) -> Option<&'m [u8]> {
        self.slice(self.message.key, self.message.key_len)
    }

    /// The body; `None` is a tombstone.
    pub(crate) fn payload(self) -> Option<&'m [u8]> {
        self.slice(self.message.payload, self.message.len)
    }

    /// When it was written and whose clock says so, at this moment.
    pub(crate) fn time(self, now: Micros) -> Time {
        let mut kind = TimestampType::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive, and `kind` is a local to write to.
        let millis = unsafe { rdkafka_sys::rd_kafka_message_timestamp(self.message, &mut kind) };
        let clock = match kind {
            TimestampType::RD_KAFKA_TIMESTAMP_CREATE_TIME => Clock::App,
            TimestampType::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => Clock::Broker,
            TimestampType::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => return Time::NONE,
        };
        Time::read(millis, clock, now)
    }

    fn slice(self, start: *const c_void, len: usize) -> Option<&'m [u8]> {
        (!start.is_null())
            // SAFETY: librdkafka says that `len` bytes begin at a pointer that is not null, and
            // keeps them as long as the message.
            .then(|| unsafe { std::slice::from_raw_parts(start.cast(), len) })
    }
}
