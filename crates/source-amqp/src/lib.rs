//! RabbitMQ: streams read by offset, taps that mirror bindings, topology over the management API.
//!
//! Looking disturbs nothing: no `basic.get`, no consumer on anybody's queue, no binding that the
//! exchange does not already have. Start reading at [`driver`]; [`scan`], [`follow`] and [`tap`]
//! are the three ways to see messages, [`operator`] is the only place that sends one.

mod audit;
mod batches;
mod broker;
mod connect;
mod copies;

mod dead_letters;
mod driver;
mod error;
mod extent;
mod follow;
mod hub;
mod inspect;
mod listener;
mod management;
mod message;
mod mirror;
mod operator;
mod parcel;
mod position;
mod probe;
mod pull;
mod reading;
mod routing;
mod rows;
mod scan;
mod tap;
mod values;
mod watch;

pub use driver::RabbitMq;
