//! What is broken at the moment, and what the "break it" panel switches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::world::target;
use crate::{ConsumerName, Error, Fault, Result, World};

/// Something that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// How.
    pub fault: Fault,
    /// At which consumer, for the faults that concern one.
    pub consumer: Option<ConsumerName>,
    /// How many more events it will hit; `None`: all until it is healed.
    pub events_left: Option<u32>,
}

/// All switches of a world.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    broken: Vec<Broken>,
    /// Rows whose publishing fails until the relay gives up.
    failing: BTreeSet<Uuid>,
    /// Rows that are to be overtaken, and by which later row of the same product.
    overtaken: BTreeMap<Uuid, Uuid>,
}

impl World {
    /// Breaks something: for the next `events` events, or until [`World::heal`].
    ///
    /// Takes effect on a running company. A killed relay and deleted records take effect at once
    /// and know no number.
    pub async fn break_it(
        &self,
        fault: Fault,
        consumer: Option<ConsumerName>,
        events: Option<u32>,
    ) -> Result<()> {
        self.inner.refuse_unless_works(fault)?;
        if !fault.works_live() {
            let config = &self.inner.config;
            return Err(Error::FaultNotHere {
                fault,
                database: config.database.name(),
                broker: config.broker.name(),
                why: "it can only be planted in a past",
            });
        }
        match fault {
            Fault::RelayDead => self.inner.switches.kill_relay(),
            Fault::RetentionPassed => self.inner.pass_retention().await?,
            _ => self.inner.switches.state().broken.push(Broken {
                fault,
                consumer: fault.is_of_a_consumer().then(|| target(consumer)),
                events_left: events,
            }),
        }
        Ok(())
    }

    /// Switches all faults off. What went wrong stays wrong until it is resent; only a killed
    /// relay catches up by itself.
    pub fn heal(&self) {
        let mut state = self.inner.switches.state();
        state.broken.clear();
        state.failing.clear();
        drop(state);
        self.inner.relay_call.notify_one();
    }

    /// What is broken at the moment.
    pub fn broken(&self) -> Vec<Broken> {
        self.inner.switches.state().broken.clone()
    }
}

impl Switches {
    /// Whether the fault hits this event; counts it.
    pub(crate) fn hits(&self, fault: Fault, consumer: Option<ConsumerName>) -> bool {
        self.hits_if_fresh(fault, consumer, true)
    }

    /// The same for an event to which something else may have happened: a fault that counts its
    /// events leaves those alone, so that each event tells one story.
    pub(crate) fn hits_if_fresh(
        &self,
        fault: Fault,
        consumer: Option<ConsumerName>,
        is_fresh: bool,
    ) -> bool {
        let mut state = self.state();
        let Some(idx) = state
            .broken
            .iter()
            .position(|it| it.fault == fault && it.consumer == consumer)
        else {
            return false;
        };
        match &mut state.broken[idx].events_left {
            None => true,
            Some(_) if !is_fresh => false,
            Some(0) => {
                state.broken.remove(idx);
                false
            }
            Some(1) => {
                state.broken.remove(idx);
                true
            }
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    pub(crate) fn kill_relay(&self) {
        let mut state = self.state();
        if !is_relay_dead(&state) {
            state.broken.push(Broken {
                fault: Fault::RelayDead,
                consumer: None,
                events_left: None,
            });
        }
    }

    pub(crate) fn relay_is_dead(&self) -> bool {
        is_relay_dead(&self.state())
    }

    /// Whether publishing this row fails; once it did, it does until the relay gives up.
    pub(crate) fn publishing_fails(&self, row: Uuid, is_fresh: bool) -> bool {
        if self.state().failing.contains(&row) {
            return true;
        }
        let hit = self.hits_if_fresh(Fault::PublishFailsAfterCommit, None, is_fresh);
        if hit {
            self.state().failing.insert(row);
        }
        hit
    }

    pub(crate) fn gave_up(&self, row: Uuid) {
        self.state().failing.remove(&row);
    }

    pub(crate) fn overtake(&self, slow: Uuid, quick: Uuid) {
        self.state().overtaken.insert(slow, quick);
    }

    pub(crate) fn is_overtaken(&self, row: Uuid) -> bool {
        self.state().overtaken.contains_key(&row)
    }

    pub(crate) fn overtakes(&self, row: Uuid) -> bool {
        let state = self.state();
        state.overtaken.values().any(|quick| *quick == row)
    }

    /// The relay is done with a row that was to overtake another; which.
    pub(crate) fn done_overtaking(&self, row: Uuid) -> Option<Uuid> {
        let mut state = self.state();
        let (slow, _) = state.overtaken.iter().find(|(_, quick)| **quick == row)?;
        let slow = *slow;
        state.overtaken.remove(&slow);
        Some(slow)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_relay_dead(state: &State) -> bool {
    let mut broken = state.broken.iter();
    broken.any(|it| it.fault == Fault::RelayDead)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(fault: Fault, events_left: Option<u32>) -> Switches {
        let switches = Switches::default();
        switches.state().broken.push(Broken {
            fault,
            consumer: None,
            events_left,
        });
        switches
    }

    #[test]
    fn a_counted_fault_hits_that_often() {
        let switches = broken(Fault::Duplicate, Some(2));
        let hits = [0; 4].map(|_| switches.hits(Fault::Duplicate, None));
        assert_eq!(hits, [true, true, false, false]);
    }

    #[test]
    fn a_counted_fault_leaves_alone_what_was_hit_before() {
        let switches = broken(Fault::ConsumerSkips, Some(1));
        assert!(!switches.hits_if_fresh(Fault::ConsumerSkips, None, false));
        assert!(switches.hits_if_fresh(Fault::ConsumerSkips, None, true));
    }

    #[test]
    fn an_uncounted_fault_hits_until_healed() {
        let switches = broken(Fault::Duplicate, None);
        assert!((0..100).all(|_| switches.hits(Fault::Duplicate, None)));
        assert!(!switches.hits(Fault::SentButLost, None));
    }

    #[test]
    fn a_row_that_fails_goes_on_failing_until_the_relay_gives_up() {
        let switches = broken(Fault::PublishFailsAfterCommit, Some(1));
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(switches.publishing_fails(first, true));
        assert!(!switches.publishing_fails(second, true));
        assert!(switches.publishing_fails(first, true));
        switches.gave_up(first);
        assert!(!switches.publishing_fails(first, true));
    }
}
