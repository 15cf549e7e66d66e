//! Looks for what is missing where its time does not lead: right before where reading of each topic
//! began.
//!
//! A topic is read from where a search by time has led. A producer whose messages say something else
//! than when it published them has written into the same log all the same, and at the place where it
//! did, whatever they say. So before an event is called lost, or is sent again, that stretch is read;
//! and on as long as it yields what was missing.

use std::sync::Arc;

use futures::StreamExt as _;
use waybill_model::{PlaceRole, PublishVerdict, UnknownReason};
use waybill_source::Chunk;

use crate::clock::now;
use crate::session::{BROKER, PlannedPlace, Session};

/// Messages of a topic that are read first, some tenths of a second's work …
const FIRST: u64 = 20_000;

/// … and in all, where the profile sets no limit, while what was missing is found there.
const MOST: u64 = 1_000_000;

/// So many missing events are asked for; more at a time are no accident of a clock.
const MAX_MISSING: usize = 4_000;

/// Looks in every topic for events of the window that have a row and no copy, once per window;
/// whether any copy was found.
pub(super) async fn look_before(session: &Arc<Session>) -> bool {
    let mut any = false;
    for planned in session
        .layout
        .with_role(|role| role == PlaceRole::Destination)
    {
        let state = |of: &Session| of.book().places[usize::from(planned.place.id.0)].clone();
        if state(session).looked_before || state(session).cursor.is_none() {
            continue;
        }
        let missing = missing(session);
        if !missing.is_empty() {
            any |= look(session, planned, missing).await;
        }
    }
    any
}

/// The events that a copy would change most for.
fn missing(session: &Session) -> Vec<u32> {
    let book = session.book();
    let counted = &book.tally.publish;
    if counted.lost_in_publish + counted.stuck + counted.missing_outbox_row + counted.unknown == 0 {
        // Most looks: nothing is walked for nothing.
        return Vec::new();
    }
    let of_window = book.index.in_window(book.counted()).iter().copied();
    let outbox = session.profile.outbox.as_ref();
    // A row that waits, of which nobody knows since when: its copy may lie anywhere.
    let ageless = outbox.is_some_and(|it| it.created_at.is_none() && it.deletes_after_send);
    let missing = of_window.filter(|no| match book.index.verdict(*no) {
        Some(verdict) => is_missing(&verdict.publish) || ageless && is_ageless(&verdict.publish),
        None => false,
    });
    missing.take(MAX_MISSING).collect()
}

fn is_ageless(verdict: &PublishVerdict) -> bool {
    let of_its_age = [UnknownReason::NoTime, UnknownReason::NotCovered];
    matches!(verdict, PublishVerdict::Unknown(reason) if of_its_age.contains(reason))
}

fn is_missing(verdict: &PublishVerdict) -> bool {
    match verdict {
        PublishVerdict::LostInPublish
        | PublishVerdict::Stuck(_)
        | PublishVerdict::MissingOutboxRow
        | PublishVerdict::Unknown(UnknownReason::UntrueTimes | UnknownReason::NoControl) => true,
        PublishVerdict::NotChecked(_)
        | PublishVerdict::Phantom
        | PublishVerdict::Published
        | PublishVerdict::Unroutable
        | PublishVerdict::InOpenTransaction
        | PublishVerdict::Pending
        | PublishVerdict::Unknown(_) => false,
    }
}

async fn look(session: &Session, planned: &PlannedPlace, mut missing: Vec<u32>) -> bool {
    let read_so_far = session.book().places[usize::from(planned.place.id.0)]
        .progress
        .done;
    let limit = session.profile.scan.max_messages;
    let most = limit.map_or(MOST, |most| most.saturating_sub(read_so_far));
    let mut n = FIRST.min(most);
    let mut n_read = 0;
    let mut any = false;
    while n > 0 {
        match read(session, planned, n).await {
            Some(read) if read > 0 => n_read += read,
            _ => break,
        }
        let n_before = missing.len();
        {
            let book = session.book();
            let copied = |no: &u32| {
                book.index
                    .row(*no)
                    .is_none_or(|row| row.published.is_some())
            };
            missing.retain(|no| !copied(no));
        }
        any |= missing.len() < n_before;
        if missing.len() == n_before || missing.is_empty() {
            break;
        }
        n = (n * 2).min(most.saturating_sub(n_read));
    }
    session.book_mut().places[usize::from(planned.place.id.0)].looked_before = true;
    any
}

/// Reads so many messages before where reading began; how many there were, `None` where it failed.
async fn read(session: &Session, planned: &PlannedPlace, n: u64) -> Option<u64> {
    let place = planned.place.id;
    let (reach, after) = {
        let book = session.book();
        (book.reach?, book.cursor(place))
    };
    let window = reach.of_role(planned.place.role, now());
    let query = planned.copy_query(&session.profile, window, after)?;
    let mut chunks = session.sources.broker().ok()?.before(query, n);
    session.book_mut().begin_read(place);
    let mut n_read = 0;
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => {
                n_read += match &chunk {
                    Chunk::Evidence(batch) => u64::try_from(batch.len()).unwrap_or(u64::MAX),
                    Chunk::Accounted(accounts) => accounts.of_others,
                    Chunk::Progress(_) | Chunk::Covered(_) | Chunk::Resume(_) => 0,
                };
                session.book_mut().apply(place, chunk);
            }
            Err(error) => {
                let failure = crate::failure::of_source(BROKER, &error);
                session.book_mut().fail(place, failure);
                return None;
            }
        }
    }
    Some(n_read)
}
