//! Real outbox libraries, run for real: each writes events, breaks down, and leaves some behind.
//! Waybill recognises the table and finds exactly those, and the statement it knows for putting a row
//! of that library back makes the library's own relay send it.
//!
//! Each library has a folder with a small service in its own language and the profile that Waybill
//! is given, and a module that plays the story.

mod database;
mod host;
mod look;
mod requeue;
mod toolchain;

mod django_outbox_pattern;
mod pg_transactional_outbox;
mod spring_modulith;
mod watermill;

/// From how many bytes on a broken relay refuses a message; the long ones have 5000.
const REFUSE: &str = "2000";
