//! How often the engine asks the outbox while it follows: seen from how far the outbox is covered.

use waybill_model::{Micros, PlaceRole};
use waybill_protocol::Status;

/// The polls that were seen.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    /// How far the outbox was covered, and when that was seen first.
    latest: Option<(Micros, Micros)>,
    /// Seconds between two polls.
    pub(crate) apart: Vec<f64>,
}

impl Polls {
    /// Takes in how things stand.
    pub(crate) fn look(&mut self, status: &Status) {
        let mut places = status.places.iter();
        let outbox = places.find(|place| place.place.role == PlaceRole::Outbox);
        let Some(covered) = outbox.and_then(|place| place.window) else {
            return;
        };
        match self.latest {
            Some((before, _)) if before >= covered.to => return,
            Some((_, since)) => self.apart.push(status.now.since(since) as f64 / 1e6),
            None => {}
        }
        self.latest = Some((covered.to, status.now));
    }
}
