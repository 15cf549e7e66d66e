//! Plans that wait for confirmation, and the run that is going on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use waybill_model::{Micros, Plan, PlannedEvent, ResendId};
use waybill_protocol::{Code, Failure};
use waybill_reconcile::Index;
use waybill_source::form::{Form, Wire};

use super::due::Due;

/// Plans kept; the oldest goes first.
const KEPT: usize = 8;

/// A plan and what it rests on.
#[derive(Debug)]
pub(crate) struct StoredPlan {
    pub(super) plan: Plan,
    /// One per planned event, in the same order.
    pub(super) items: Vec<Item>,
    /// Event numbers mean something in this window only.
    pub(super) epoch: u64,
    pub(super) made: Micros,
}

impl StoredPlan {
    /// Why rows are sent although nobody has seen how their relay writes a message.
    pub(super) fn overridden(&self) -> Option<String> {
        let mut groups = self.plan.unproven.iter();
        groups.find_map(|group| group.overridden.clone())
    }
}

/// One event of a plan with what sending it needs.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(super) planned: PlannedEvent,
    pub(super) at: Micros,
    pub(super) version: Option<i64>,
    pub(super) flow: usize,
    pub(super) due: Due,
    /// How messages look at this destination: a sibling's, or any other.
    pub(super) example: Option<Wire>,
    /// How its relay makes a message of its row; `None` where that is not proven and the user
    /// wants it sent all the same, and for other bodies.
    pub(super) form: Option<Arc<Form>>,
    /// The size of its body, where it is known.
    pub(super) bytes: u64,
}

impl Item {
    /// Its event's number by now: a copy that came may turn out to be the same event, and stand for
    /// it.
    pub(super) fn no(&self, index: &Index) -> u32 {
        index.no_of(&self.planned.id).unwrap_or(self.planned.no)
    }
}

/// Plans and the running resend of a session.
#[derive(Debug, Default)]
pub(crate) struct Resends {
    plans: Mutex<VecDeque<Arc<StoredPlan>>>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    id: ResendId,
    stop: CancellationToken,
}

impl Resends {
    /// Keeps a plan until it is sent, or newer ones push it out.
    pub(super) fn keep(&self, plan: StoredPlan) {
        let mut plans = self.plans();
        if plans.len() == KEPT {
            plans.pop_front();
        }
        plans.push_back(Arc::new(plan));
    }

    /// A plan that waits.
    pub(super) fn plan(&self, id: ResendId) -> Result<Arc<StoredPlan>, Failure> {
        let plans = self.plans();
        plans
            .iter()
            .find(|plan| plan.plan.id == id)
            .cloned()
            .ok_or_else(gone)
    }

    /// Takes a plan out, so that it is sent once at most.
    pub(super) fn take(&self, id: ResendId) -> Result<Arc<StoredPlan>, Failure> {
        let mut plans = self.plans();
        let at = plans
            .iter()
            .position(|plan| plan.plan.id == id)
            .ok_or_else(gone)?;
        plans.remove(at).ok_or_else(gone)
    }

    /// Marks a run as going on; there is one at a time.
    pub(super) fn begin(&self, id: ResendId) -> Result<CancellationToken, Failure> {
        let mut running = self.running();
        if running.is_some() {
            return Err(
                Failure::new(Code::Stale, "Another resend is still running.")
                    .hint("Wait for it to end, or stop it."),
            );
        }
        let stop = CancellationToken::new();
        *running = Some(Running {
            id,
            stop: stop.clone(),
        });
        Ok(stop)
    }

    /// Marks it as over.
    pub(super) fn finish(&self, id: ResendId) {
        let mut running = self.running();
        if running.as_ref().is_some_and(|running| running.id == id) {
            *running = None;
        }
    }

    /// Whether one is going on.
    pub(crate) fn is_running(&self) -> bool {
        self.running().is_some()
    }

    /// Stops the one that is going on before its next event.
    pub(crate) fn stop(&self) {
        if let Some(running) = self.running().as_ref() {
            running.stop.cancel();
        }
    }

    fn plans(&self) -> MutexGuard<'_, VecDeque<Arc<StoredPlan>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() -> Failure {
    Failure::new(Code::Stale, "This plan is no longer there.").hint("Make a new plan.")
}
