//! Kafka, against a real one: each test on topics of its own.

mod broken;
mod conformance;
mod gaps;
mod looking;
mod odd;
mod reading;
mod refusing;
mod sending;

/// Settings of a topic that takes 20 MB, which must also fit into a segment of its log.
const LARGE_MESSAGES: [(&str, &str); 2] = [
    ("max.message.bytes", "30000000"),
    ("segment.bytes", "67108864"),
];
