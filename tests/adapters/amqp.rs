//! RabbitMQ, against a real one: each test in a virtual host of its own.

mod broken;
mod conformance;
mod looking;
mod raw;
mod sending;
mod stage;
mod streams;
mod taps;
