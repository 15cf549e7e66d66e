//! Acting on a broker. Exists only where the profile allows it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use waybill_model::{Parcel, Receipt, Route, RouteCheck};

use crate::Result;

/// What changes something. Reached through [`crate::Broker::operator`] only.
#[async_trait]
pub trait Operator: fmt::Debug + Send + Sync {
    /// Whether a message on this route would arrive, and at whom. Sends nothing.
    async fn check(&self, route: &Route, payload_len: u64) -> Result<RouteCheck>;

    /// Sends one message and waits for the broker's word, `within` at most.
    ///
    /// Success is only: RabbitMQ confirm without return, Kafka delivery report with acks=all.
    /// Whatever leaves doubt is [`Receipt::Unknown`]; the operator never sends a parcel twice.
    async fn send(&self, parcel: &Parcel, within: Duration) -> Receipt;
}
