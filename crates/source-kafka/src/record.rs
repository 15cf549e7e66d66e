//! A record as the carriers see it, without copying.

use std::borrow::Cow;

use rdkafka::message::{BorrowedMessage, Message as _, Timestamp};
use waybill_model::{Clock, Micros};
use waybill_source::carry;

use crate::native::HeaderList;

/// A borrowed record with its headers read once.
#[derive(Debug)]
pub(crate) struct Record<'m> {
    message: &'m BorrowedMessage<'m>,
    pub(crate) headers: HeaderList<'m>,
}

impl<'m> Record<'m> {
    pub(crate) fn of(message: &'m BorrowedMessage<'m>) -> Self {
        Self {
            message,
            headers: HeaderList::of(message),
        }
    }
}

impl carry::Message for Record<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.headers.first(name).map(Cow::Borrowed)
    }

    fn payload(&self) -> Option<&[u8]> {
        self.message.payload()
    }

    fn key(&self) -> Option<&[u8]> {
        self.message.key()
    }
}

/// When a record was written and whose clock says so; `None` without a time.
pub(crate) fn stamp(message: &BorrowedMessage<'_>) -> Option<(Micros, Clock)> {
    match message.timestamp() {
        Timestamp::CreateTime(millis) => Some((Micros::from_millis(millis), Clock::App)),
        Timestamp::LogAppendTime(millis) => Some((Micros::from_millis(millis), Clock::Broker)),
        Timestamp::NotAvailable => None,
    }
}
