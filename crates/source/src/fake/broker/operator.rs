//! Sends to the broker in memory, as scripted.

use std::time::Duration;

use async_trait::async_trait;
use waybill_model::{Parcel, Receipt, Route, RouteCheck};

use super::{FakeBroker, log};
use crate::conformance::broker::Letter;
use crate::{Operator, Result};

/// What can happen to one send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFault {
    /// Nothing: it arrives.
    None,
    /// The broker refuses; nothing is stored.
    Refused(String),
    /// No answer, though the message was stored.
    UnknownStored(String),
    /// No answer, and the message was lost.
    UnknownLost(String),
    /// The answer never comes: the send lasts until its time is up, or it is dropped.
    Hangs,
}

#[async_trait]
impl Operator for FakeBroker {
    async fn check(&self, route: &Route, _payload_len: u64) -> Result<RouteCheck> {
        self.reachable()?;
        let state = self.state();
        let partitions = state.channels.get(&route.destination).map_or(0, Vec::len);
        let reachable = match route.partition {
            Some(partition) => (partition as usize) < partitions,
            None => partitions > 0,
        };
        let mut reaches: Vec<_> = state
            .committed
            .keys()
            .filter(|(_, channel, _)| *channel == route.destination)
            .map(|(group, _, _)| group.clone())
            .collect();
        reaches.dedup();
        let notes = if reachable {
            Vec::new()
        } else {
            vec![format!("there is no topic '{}'", route.destination)]
        };
        Ok(RouteCheck {
            reachable,
            reaches,
            notes,
        })
    }

    async fn send(&self, parcel: &Parcel, within: Duration) -> Receipt {
        let fault = {
            let mut state = self.state();
            state.submitted.push(parcel.clone());
            if state.unreachable {
                SendFault::Refused("nobody answers".to_owned())
            } else {
                state.send_faults.pop_front().unwrap_or(SendFault::None)
            }
        };
        match fault {
            SendFault::None => self.store(parcel),
            SendFault::Refused(why) => Receipt::Refused { why },
            SendFault::UnknownStored(why) => {
                self.store(parcel);
                Receipt::Unknown { why }
            }
            SendFault::UnknownLost(why) => Receipt::Unknown { why },
            SendFault::Hangs => {
                tokio::time::timeout(within, std::future::pending::<()>())
                    .await
                    .ok();
                Receipt::Unknown {
                    why: "no answer".to_owned(),
                }
            }
        }
    }
}

impl FakeBroker {
    fn store(&self, parcel: &Parcel) -> Receipt {
        let letter = Letter {
            key: parcel.route.key.clone(),
            headers: parcel.headers.clone(),
            payload: parcel.payload.clone(),
        };
        let stored = self.state().append(
            &parcel.route.destination,
            parcel.route.partition,
            letter,
            log::now(),
        );
        self.changed();
        match stored {
            Some(coordinate) => Receipt::Sent {
                coordinate: Some(coordinate),
            },
            None => Receipt::Refused {
                why: format!("there is no topic '{}'", parcel.route.destination),
            },
        }
    }
}
