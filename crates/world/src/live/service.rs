//! The product service: changes products at a pace, with whatever is broken in it.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::now;
use crate::error::chain;
use crate::event::{ChangeKind, ProductEvent};
use crate::ledger::Entry;
use crate::world::Inner;
use crate::{Fault, Result};

/// A transaction is held open with [`Fault::LateCommit`] for up to this long; several are at once.
const HELD_MILLIS: u64 = 3000;

/// The longest pause between two changes at whatever rate; a new rate ends it anyway.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Runs until stopped.
pub(super) async fn run(
    world: Arc<Inner>,
    mut rates: watch::Receiver<f64>,
    stop: CancellationToken,
) {
    let mut rng = StdRng::seed_from_u64(world.config.seed ^ 0x11fe);
    loop {
        let rate = *rates.borrow_and_update();
        tokio::select! {
            () = stop.cancelled() => return,
            changed = rates.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = pause(&mut rng, rate), if rate > 0.0 => {
                if let Err(error) = work(&world).await {
                    tracing::warn!(error = %chain(&error), "The product service failed");
                }
            }
        }
    }
}

/// As customers come: often soon after one another, sometimes after a while.
async fn pause(rng: &mut StdRng, rate: f64) {
    let dice: f64 = rng.random();
    let secs = -(1.0 - dice).ln() / rate;
    let pause = Duration::try_from_secs_f64(secs).unwrap_or(LONGEST_PAUSE);
    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
}

/// One piece of work: one change, or two where one is to overtake the other.
async fn work(world: &Arc<Inner>) -> Result<()> {
    let hits = |fault| world.switches.hits(fault, None);
    if hits(Fault::RolledBackAfterPublish) {
        publish_and_roll_back(world).await
    } else if hits(Fault::DualWriteWithoutOutbox) {
        let event = world.catalogue.lock().await.change(now());
        save(world, &event, false, Some(Fault::DualWriteWithoutOutbox)).await
    } else if hits(Fault::Unroutable) {
        let mut event = world.catalogue.lock().await.change(now());
        event.kind = ChangeKind::Relabelled;
        save(world, &event, true, Some(Fault::Unroutable)).await
    } else if hits(Fault::Reorder) {
        overtake(world).await
    } else if hits(Fault::LateCommit) {
        commit_late(world).await;
        Ok(())
    } else {
        let event = world.catalogue.lock().await.change(now());
        save(world, &event, true, None).await
    }
}

/// Saves a change. The ledger knows it before anybody else can.
async fn save(
    world: &Inner,
    event: &ProductEvent,
    with_outbox: bool,
    fault: Option<Fault>,
) -> Result<()> {
    save_held(world, event, with_outbox, fault, Duration::ZERO).await
}

async fn save_held(
    world: &Inner,
    event: &ProductEvent,
    with_outbox: bool,
    fault: Option<Fault>,
    hold: Duration,
) -> Result<()> {
    let mut entry = entry(world, event, true, with_outbox);
    entry.faults.extend(fault);
    let id = entry.id;
    world.ledger().push(entry);
    let saved = world.store.change(event, with_outbox, hold).await;
    match &saved {
        Ok(()) => world.relay_call.notify_one(),
        Err(_) => world.ledger().forget(id),
    }
    saved
}

async fn publish_and_roll_back(world: &Inner) -> Result<()> {
    let at = now();
    let event = world.catalogue.lock().await.create_and_forget(at);
    let mut entry = entry(world, &event, false, false);
    entry.faults.push(Fault::RolledBackAfterPublish);
    world.ledger().push(entry);
    let published = world.bus.publish(&[event.letter(at)]).await;
    let outcome = published.and_then(|answers| answers.into_iter().collect::<Result<Vec<_>>>());
    let mut ledger = world.ledger();
    match outcome {
        Ok(_) => {
            if let Some(entry) = ledger.entry_mut(event.id) {
                entry.copies += 1;
            }
            Ok(())
        }
        Err(error) => {
            ledger.forget(event.id);
            Err(error)
        }
    }
}

/// Two changes of one product; the relay will send the second one first.
async fn overtake(world: &Inner) -> Result<()> {
    let (slow, quick) = {
        let mut catalogue = world.catalogue.lock().await;
        let slow = catalogue.change_and_keep(now());
        let quick = catalogue.change_again(slow.product.id, now());
        (slow, quick)
    };
    world.switches.overtake(slow.id, quick.id);
    save(world, &slow, true, Some(Fault::Reorder)).await?;
    save(world, &quick, true, None).await
}

/// A new product, which nobody else changes meanwhile, in a transaction of its own.
async fn commit_late(world: &Arc<Inner>) {
    let event = world.catalogue.lock().await.create_and_forget(now());
    let world = Arc::clone(world);
    tokio::spawn(async move {
        // Some long, some short: those that began early need not end early.
        let share = u64::from(event.id.as_bytes()[0]) + 1;
        let held = Duration::from_millis(HELD_MILLIS * share / 256);
        let saved = save_held(&world, &event, true, Some(Fault::LateCommit), held).await;
        if let Err(error) = saved {
            tracing::warn!(error = %chain(&error), "The product service failed");
        }
    });
}

/// A change that is about to be made, and what the outbox will be able to tell of it.
fn entry(world: &Inner, event: &ProductEvent, stored: bool, outbox: bool) -> Entry {
    let mut entry = Entry::new(event, stored, outbox);
    entry.rows_go = world.deletes_after_send();
    entry.unmarked = !world.store.marks_sent();
    entry
}

/// The id of an outbox row, as texts come from the database.
pub(super) fn row_id(text: &str) -> Uuid {
    Uuid::try_parse(text).unwrap_or_default()
}
