//! Kafka, against a real one: each test on topics of its own.

mod broken;
mod conformance;
mod gaps;
mod looking;
mod odd;
mod reading;
mod sending;
