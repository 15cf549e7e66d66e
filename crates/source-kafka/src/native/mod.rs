//! The few calls of librdkafka that its Rust wrapper does not offer, or offers with a panic in it.
//! Nothing outside this folder is unsafe.

mod owned;

mod raw;
pub(crate) use raw::RawRecord;

mod fetched;
pub(crate) use fetched::{Fetched, Taken};

mod group_offsets;
pub(crate) use group_offsets::committed;

mod headers;
pub(crate) use headers::HeaderList;

mod delivery;
pub(crate) use delivery::{Persisted, persisted};
