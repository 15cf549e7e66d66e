//! What every consumer does with a message, whichever broker brings it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use waybill_model::Micros;

use crate::clock::now;
use crate::error::chain;
use crate::event::Received;
use crate::history::{CHOKED_BECAUSE, SKEW_MICROS, SKEWED_MICROS};
use crate::product::Product;
use crate::world::Inner;
use crate::{ConsumerName, Fault};

/// How long a consumer waits when its database does not answer.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// One consumer's logic.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) world: Arc<Inner>,
    pub(super) consumer: ConsumerName,
    pub(super) stop: CancellationToken,
}

/// What is to be done with the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Processed, now or before, or quietly skipped: move on.
    MoveOn,
    /// It cannot be processed, and why.
    Refuse(&'static str),
    /// We were told to stop before it was processed; it has to come again.
    Stopped,
}

impl Reader {
    /// Processes one message, exactly once thanks to the inbox.
    pub(super) async fn handle(&self, message: &Received) -> Outcome {
        let Ok(id) = Uuid::try_parse(&message.id) else {
            return Outcome::Refuse("there is no id in the message");
        };
        let fresh = self.note_arrival(id, message);
        let me = Some(self.consumer);
        let hits = |fault| self.world.switches.hits_if_fresh(fault, me, fresh);
        if hits(Fault::ConsumerPoison) {
            self.note(id, Fault::ConsumerPoison);
            return Outcome::Refuse(CHOKED_BECAUSE);
        }
        if hits(Fault::ConsumerSkips) {
            self.note(id, Fault::ConsumerSkips);
            return Outcome::MoveOn;
        }
        let Some(product) = message.product() else {
            self.note(id, Fault::ConsumerPoison);
            return Outcome::Refuse("the body is not a product");
        };
        let skewed = hits(Fault::ClockSkew);
        if skewed {
            self.note(id, Fault::ClockSkew);
        }
        self.process(id, &product, skewed).await
    }

    /// Until it works: a database that is away for a moment must not lose a message.
    async fn process(&self, id: Uuid, product: &Product, skewed: bool) -> Outcome {
        loop {
            let at = now().plus(if skewed { -SKEW_MICROS } else { 0 });
            let processing = self.world.store.process(self.consumer, id, product, at);
            match processing.await {
                Ok(_) => {
                    self.note_processed(id, at);
                    return Outcome::MoveOn;
                }
                Err(error) => {
                    let consumer = self.consumer.as_str();
                    tracing::warn!(consumer, error = %chain(&error), "A consumer failed");
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return Outcome::Stopped,
                () = tokio::time::sleep(AFTER_FAILURE) => {}
            }
        }
    }

    /// `at`: what its clock said. Only a time from before the change itself contradicts every copy.
    fn note_processed(&self, id: Uuid, at: Micros) {
        let mut ledger = self.world.ledger();
        let Some(entry) = ledger.entry_mut(id) else {
            return;
        };
        entry.consumers[self.consumer.index()].processed = true;
        entry.skewed |= at.plus(SKEWED_MICROS) < entry.at;
    }

    /// Whether nothing has gone wrong with the event so far.
    fn note_arrival(&self, id: Uuid, message: &Received) -> bool {
        let mut ledger = self.world.ledger();
        let Some(entry) = ledger.entry_mut(id) else {
            return false;
        };
        let fresh = entry.faults.is_empty();
        let it = &mut entry.consumers[self.consumer.index()];
        it.received += 1;
        match (&message.resend, message.alone) {
            (Some(_), true) => it.resends_alone += 1,
            (Some(_), false) => it.resends += 1,
            (None, _) => {}
        }
        fresh
    }

    fn note(&self, id: Uuid, fault: Fault) {
        let mut ledger = self.world.ledger();
        let Some(entry) = ledger.entry_mut(id) else {
            return;
        };
        entry.faults.push(fault);
        let it = &mut entry.consumers[self.consumer.index()];
        match fault {
            Fault::ConsumerPoison => it.dead_lettered = true,
            Fault::ConsumerSkips => it.skipped = true,
            _ => {}
        }
    }
}
