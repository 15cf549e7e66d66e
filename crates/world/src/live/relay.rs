//! The relay: publishes outbox rows in order per product and marks them as sent.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::service::row_id;
use crate::clock::now;
use crate::error::chain;
use crate::event::Letter;
use crate::history::{GAVE_UP_BECAUSE, MAX_ATTEMPTS};
use crate::store::UnsentRow;
use crate::world::Inner;
use crate::{Fault, Result, respell};

/// How soon it looks again while there is something to do.
const BUSY: Duration = Duration::from_millis(100);

/// How soon it looks again when nobody calls it; a resend by hand in the table may be waiting.
const IDLE: Duration = Duration::from_millis(1000);

/// How long it waits for more after it was called.
const GATHERING: Duration = Duration::from_millis(20);

/// How long it waits after a failure that nobody planted.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Rows taken at once.
const ROWS: i64 = 200;

/// What it does with one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Send,
    SendTwice,
    /// Sends something else than the row says.
    Change,
    /// Marks it without sending.
    Lose,
    /// Tries in vain.
    Fail,
}

/// Runs until stopped.
pub(super) async fn run(world: Arc<Inner>, stop: CancellationToken) {
    let mut pause = BUSY;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            () = world.relay_call.notified() => {
                // Customers come in groups: a moment later there may be more rows to send at once.
                tokio::time::sleep(GATHERING).await;
            }
        }
        if world.switches.relay_is_dead() {
            continue;
        }
        pause = match look(&world).await {
            Ok(true) => BUSY,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "The relay failed");
                AFTER_FAILURE
            }
        };
    }
}

/// Sends what there is; `false` when there was nothing.
async fn look(world: &Inner) -> Result<bool> {
    let rows = world.store.unsent(MAX_ATTEMPTS, ROWS).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let rows = in_sending_order(rows, |row| world.switches.is_overtaken(row));
    let mut blocked = BTreeSet::new();
    let mut sending: Vec<(UnsentRow, Step)> = Vec::new();
    for row in rows {
        if blocked.contains(&row.letter.aggregate) {
            continue;
        }
        let step = step(world, row_id(&row.letter.id));
        if step == Step::Fail {
            // Later rows of the same product wait until this one is sent or given up.
            blocked.insert(row.letter.aggregate.clone());
            fail(world, &row).await?;
        } else {
            sending.push((row, step));
        }
    }
    send(world, sending).await?;
    Ok(true)
}

fn step(world: &Inner, row: Uuid) -> Step {
    let fresh = {
        let mut ledger = world.ledger();
        let entry = ledger.entry_mut(row);
        entry.is_some_and(|entry| entry.faults.is_empty()) && !world.switches.overtakes(row)
    };
    let hits = |fault| world.switches.hits_if_fresh(fault, None, fresh);
    if world.switches.publishing_fails(row, fresh) {
        Step::Fail
    } else if hits(Fault::SentButLost) {
        Step::Lose
    } else if hits(Fault::Duplicate) {
        note(world, row, Fault::Duplicate);
        Step::SendTwice
    } else if hits(Fault::PayloadChanged) {
        note(world, row, Fault::PayloadChanged);
        Step::Change
    } else {
        Step::Send
    }
}

/// Notes what happens to a row before it is sent: consumers look there.
fn note(world: &Inner, row: Uuid, fault: Fault) {
    if let Some(entry) = world.ledger().entry_mut(row) {
        entry.faults.push(fault);
    }
}

async fn fail(world: &Inner, row: &UnsentRow) -> Result<()> {
    world.store.mark_failed(row.key, GAVE_UP_BECAUSE).await?;
    if row.attempts + 1 >= MAX_ATTEMPTS {
        let id = row_id(&row.letter.id);
        world.switches.gave_up(id);
        never_overtaken(world, id);
        if let Some(entry) = world.ledger().entry_mut(id) {
            entry.gave_up = true;
            entry.faults.push(Fault::PublishFailsAfterCommit);
        }
    }
    Ok(())
}

async fn send(world: &Inner, sending: Vec<(UnsentRow, Step)>) -> Result<()> {
    let at = now();
    let mut letters: Vec<Letter> = Vec::new();
    let mut owners: Vec<usize> = Vec::new();
    for (idx, (row, step)) in sending.iter().enumerate() {
        let times = match step {
            Step::Send | Step::Change => 1,
            Step::SendTwice => 2,
            Step::Lose | Step::Fail => 0,
        };
        for _ in 0..times {
            let mut letter = Letter {
                at,
                ..row.letter.clone()
            };
            if *step == Step::Change {
                letter.payload = respell::changed(&letter.payload);
            }
            letters.push(letter);
            owners.push(idx);
        }
    }
    let answers = world.bus.publish(&letters).await?;
    let mut failed = BTreeSet::new();
    let mut first_error = None;
    for (owner, answer) in owners.iter().zip(answers) {
        if let Err(error) = answer {
            failed.insert(*owner);
            first_error.get_or_insert(error);
        }
    }
    let done: Vec<&(UnsentRow, Step)> = sending
        .iter()
        .enumerate()
        .filter(|(idx, _)| !failed.contains(idx))
        .map(|(_, it)| it)
        .collect();
    for (row, step) in &done {
        if *step == Step::Lose {
            never_overtaken(world, row_id(&row.letter.id));
        }
    }
    // Into the ledger first: who sees the mark in the database finds it there too.
    enter(world, &done);
    let keys: Vec<i64> = done.iter().map(|(row, _)| row.key).collect();
    if world.deletes_after_send() {
        world.store.delete_rows(&keys).await?;
    } else {
        world.store.mark_sent(&keys, now()).await?;
    }
    first_error.map_or(Ok(()), Err)
}

fn enter(world: &Inner, done: &[&(UnsentRow, Step)]) {
    let mut ledger = world.ledger();
    for (row, step) in done {
        let id = row_id(&row.letter.id);
        world.switches.done_overtaking(id);
        let Some(entry) = ledger.entry_mut(id) else {
            continue;
        };
        entry.sent = true;
        if world.deletes_after_send() {
            entry.row_deleted = true;
            entry.outbox = false;
        }
        // The broker takes what it cannot route, and keeps nothing of it.
        let routed = !entry.faults.contains(&Fault::Unroutable);
        match step {
            Step::Send if routed => entry.copies += 1,
            Step::SendTwice if routed => entry.copies += 2,
            Step::Change if routed => {
                entry.copies += 1;
                entry.changed = true;
            }
            Step::Lose => entry.faults.push(Fault::SentButLost),
            Step::Send | Step::SendTwice | Step::Change | Step::Fail => {}
        }
    }
}

/// The row that was to overtake another was not published: there is no wrong order then.
fn never_overtaken(world: &Inner, quick: Uuid) {
    let Some(slow) = world.switches.done_overtaking(quick) else {
        return;
    };
    if let Some(entry) = world.ledger().entry_mut(slow) {
        entry.faults.retain(|fault| *fault != Fault::Reorder);
    }
}

/// Overtaken rows go right behind the next row of their product, or wait until there is one.
fn in_sending_order(rows: Vec<UnsentRow>, is_overtaken: impl Fn(Uuid) -> bool) -> Vec<UnsentRow> {
    let mut order: Vec<UnsentRow> = Vec::with_capacity(rows.len());
    let mut held: Vec<UnsentRow> = Vec::new();
    for row in rows {
        if is_overtaken(row_id(&row.letter.id)) {
            held.push(row);
            continue;
        }
        let product = row.letter.aggregate.clone();
        order.push(row);
        let (follow, wait) = held
            .into_iter()
            .partition(|it| it.letter.aggregate == product);
        held = wait;
        order.extend::<Vec<_>>(follow);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spelling::Spelling;
    use waybill_model::Micros;

    fn row(key: i64, product: &str) -> UnsentRow {
        UnsentRow {
            key,
            attempts: 0,
            letter: Letter {
                id: Uuid::from_u128(u128::from(key.unsigned_abs())).to_string(),
                kind: String::new(),
                aggregate: product.to_owned(),
                version: key,
                headers: Vec::new(),
                payload: String::new(),
                at: Micros(0),
                spelling: Spelling::Plain,
                expires: false,
            },
        }
    }

    fn check(rows: &[(i64, &str)], overtaken: i64, expected: &[i64]) {
        let rows = rows.iter().map(|(key, product)| row(*key, product));
        let overtaken = Uuid::from_u128(u128::from(overtaken.unsigned_abs()));
        let order = in_sending_order(rows.collect(), |id| id == overtaken);
        let keys: Vec<i64> = order.iter().map(|it| it.key).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn an_overtaken_row_follows_the_next_one_of_its_product() {
        check(&[(1, "a"), (2, "b"), (3, "a"), (4, "a")], 1, &[2, 3, 1, 4]);
    }

    #[test]
    fn an_overtaken_row_waits_for_one_that_overtakes_it() {
        check(&[(1, "a"), (2, "b")], 1, &[2]);
    }
}
