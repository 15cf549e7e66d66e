//! Real outbox libraries, run for real: each writes events, breaks down, and leaves some behind.
//! Waybill finds exactly those, and the statement that it knows of the library for putting a row
//! back makes the library's own relay send it.
//!
//! Each library has a folder with a small service in its own language and a module that plays the
//! story. Waybill is told two addresses; `profiles new` makes the profile of them, and
//! `layouts explain` tells the statement of the table that it has found.

mod database;
mod host;
mod look;
mod requeue;
mod toolchain;

mod debezium;
mod django_outbox_pattern;
mod pg_transactional_outbox;
mod spring_modulith;
mod watermill;
mod watermill_forwarder;

/// From how many bytes on a broken relay refuses a message; the long ones have 5000.
const REFUSE: &str = "2000";
