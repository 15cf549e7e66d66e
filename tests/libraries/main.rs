//! Real outbox libraries, run for real: each writes events, breaks down, and leaves some behind.
//! Waybill finds exactly those, and the statement that the library documents for putting a row back
//! makes the library's own relay send it.
//!
//! Each library has a folder with a small service in its own language and a module that plays the
//! story. Waybill is told two addresses; `profiles new` makes the profile of them.

mod database;
mod host;
mod look;
mod toolchain;

mod django_outbox_pattern;
mod pg_transactional_outbox;
mod spring_modulith;
mod watermill;

/// From how many bytes on a broken relay refuses a message; the long ones have 5000.
const REFUSE: &str = "2000";
