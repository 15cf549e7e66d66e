//! A record as the carriers see it, without copying.

use std::borrow::Cow;

use waybill_source::carry;

use crate::native::{HeaderList, RawRecord};

/// A record with its headers read once.
#[derive(Debug)]
pub(crate) struct Record<'m> {
    raw: RawRecord<'m>,
    pub(crate) headers: HeaderList<'m>,
}

impl<'m> Record<'m> {
    pub(crate) fn of(raw: RawRecord<'m>) -> Self {
        Self {
            raw,
            headers: HeaderList::of(raw),
        }
    }
}

impl carry::Message for Record<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.headers.last(name).map(Cow::Borrowed)
    }

    fn payload(&self) -> Option<&[u8]> {
        self.raw.payload()
    }

    fn key(&self) -> Option<&[u8]> {
        self.raw.key()
    }
}
