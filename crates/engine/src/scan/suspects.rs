//! Asks tables by id before anybody calls an event lost.
//!
//! Tables are read on by time, and a time is whatever the clock of its host says: a row of a
//! consumer whose clock is behind comes with a time that was read long ago. What one scan suspects
//! is therefore asked for once more by its id, which no clock can hide.
//! Topics cannot be asked by id; they are looked into where no time leads ([`look_before`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use waybill_model::{
    ConsumerNo, ConsumerVerdict, EventId, PlaceRole, PublishVerdict, UnknownReason,
};

use super::before::look_before;
use super::lookup::{PER_QUESTION, batch, can_be_asked, found};
use super::strangers::ask_publishers;
use super::unprocessed::ask_for_unprocessed;
use super::unstored::ask_for_unstored;
use super::vanished::ask_for_waiting;
use crate::session::{PlannedPlace, Reading, Session};

/// Suspects of one table that are asked for at once; so many at a time are no accident of a clock.
const MAX_SUSPECTS: usize = 4000;

/// Asks for every suspect in the table that does not seem to hold it, and in the outbox that seems
/// to; whether any turns out otherwise.
pub(super) async fn ask_for_suspects(session: &Arc<Session>) -> bool {
    let mut any = ask_for_waiting(session).await;
    any |= look_before(session).await;
    any |= ask_for_unprocessed(session).await;
    any |= ask_publishers(session).await;
    any |= ask_for_unstored(session).await;
    let suspects = suspects(session);
    for planned in &session.layout.places {
        let wanted = wanted(&suspects, planned.place.role);
        if !wanted.is_empty() {
            any |= ask(session, planned, &wanted).await;
        }
    }
    any
}

/// A suspect, and who misses it.
struct Suspect {
    /// It may be known to others by the id of its messages.
    ids: Vec<EventId>,
    /// Nothing in any table tells of it.
    rowless: bool,
    consumers: Vec<ConsumerNo>,
}

fn suspects(session: &Session) -> Vec<Suspect> {
    let book = session.book();
    let mut suspects = Vec::new();
    // Where nothing of an inbox was heard, its rows may carry times of another clock.
    let unheard = book.index.unheard().into_iter().take(MAX_SUSPECTS);
    let unasked: BTreeSet<u32> = book
        .index
        .unasked()
        .into_iter()
        .take(MAX_SUSPECTS)
        .collect();
    let suspected = book.index.suspected().into_iter();
    for no in suspected.chain(unheard).chain(unasked.iter().copied()) {
        let Some(verdict) = book.index.verdict(no) else {
            continue;
        };
        let lost = |it: &ConsumerVerdict| {
            matches!(
                it,
                ConsumerVerdict::LostByConsumer
                    | ConsumerVerdict::Lagging(_)
                    | ConsumerVerdict::Unknown(UnknownReason::NoControl)
            )
        };
        let consumers: Vec<ConsumerNo> = (0..=u8::MAX)
            .zip(&verdict.consumers)
            .filter(|(_, it)| lost(it))
            .map(|(no, _)| ConsumerNo(no))
            .collect();
        let rowless = verdict.publish == PublishVerdict::Phantom || unasked.contains(&no);
        if rowless || !consumers.is_empty() {
            suspects.push(Suspect {
                ids: book.index.ids(no),
                rowless,
                consumers,
            });
        }
    }
    suspects
}

/// Who should be in a table of this role.
fn wanted(suspects: &[Suspect], role: PlaceRole) -> Vec<EventId> {
    let is_wanted = |it: &&Suspect| match role {
        PlaceRole::Outbox => it.rowless,
        PlaceRole::Inbox(no) => it.consumers.contains(&no),
        PlaceRole::Business
        | PlaceRole::Destination
        | PlaceRole::Progress(_)
        | PlaceRole::DeadLetters(_) => false,
    };
    let wanted = suspects.iter().filter(is_wanted);
    let ids = wanted.flat_map(|it| it.ids.iter().cloned());
    ids.take(MAX_SUSPECTS).collect()
}

async fn ask(session: &Session, planned: &PlannedPlace, ids: &[EventId]) -> bool {
    let Reading::Rows { columns, clock } = &planned.reading else {
        return false;
    };
    let Ok(database) = session.sources.database(&planned.place.source) else {
        return false;
    };
    let mut any = false;
    for some in ids.chunks(PER_QUESTION) {
        match found(database, columns, some).await {
            Ok(rows) => {
                any |= !rows.is_empty();
                let batch = batch(planned.place.id, *clock, columns, &rows);
                let mut book = session.book_mut();
                book.index.ingest(&batch);
                if planned.place.role == PlaceRole::Outbox && can_be_asked(columns) {
                    book.index.asked_for_rows(some);
                }
            }
            Err(error) => {
                let failure = crate::failure::of_source(&planned.place.source, &error);
                session.book_mut().fail(planned.place.id, failure);
                return true;
            }
        }
    }
    any
}
