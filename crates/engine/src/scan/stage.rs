//! One stage of a scan: places that are read at the same time, and the loop that listens to them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill_model::{Coverage, Gap, GapReason, Micros, PlaceRole, Window};
use waybill_source::CopyRole;

use super::kept::as_kept;
use super::readers::{Read, ask_progress, read};
use super::{Event, Reach};
use crate::clock::now;
use crate::session::{PlannedPlace, Reading, Session};

/// Batches that may wait for the index; a batch is some thousand rows, so this is memory, not time.
const QUEUE: usize = 16;

/// How often those who look are told that something changed.
const ANNOUNCE: Duration = Duration::from_millis(100);

/// Which places a stage reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Business tables and outbox.
    Tables,
    /// Where copies are published.
    Destinations,
    /// How far consumers have moved.
    Progress,
    /// Inboxes and dead letters.
    Consumed,
    /// Inboxes alone, while dead letters are followed.
    Inboxes,
}

impl Stage {
    fn has(self, role: PlaceRole) -> bool {
        match self {
            Self::Tables => matches!(role, PlaceRole::Business | PlaceRole::Outbox),
            Self::Destinations => role == PlaceRole::Destination,
            Self::Progress => matches!(role, PlaceRole::Progress(_)),
            Self::Consumed => matches!(role, PlaceRole::Inbox(_) | PlaceRole::DeadLetters(_)),
            Self::Inboxes => matches!(role, PlaceRole::Inbox(_)),
        }
    }
}

/// Reads all places of a stage, each from where the last read stopped, and takes in what they say.
/// Dropping the future ends every read.
pub(super) async fn run(session: &Arc<Session>, stage: Stage, reach: &Reach) {
    let (tell, mut told) = mpsc::channel(QUEUE);
    let mut readers = JoinSet::new();
    let at = now();
    for planned in session
        .layout
        .places
        .iter()
        .filter(|p| stage.has(p.place.role))
    {
        session.book_mut().begin_read(planned.place.id);
        if is_tap(planned) {
            note_tap(session, planned, reach, at);
        } else if stage != Stage::Progress {
            let next = next_read(session, planned, reach, at);
            readers.spawn(read(Arc::clone(session), next, tell.clone()));
        }
    }
    if stage == Stage::Progress && !session.layout.asked().is_empty() {
        readers.spawn(ask_progress(Arc::clone(session), tell.clone()));
    }
    drop(tell);
    let mut announced = Instant::now();
    while let Some(event) = told.recv().await {
        apply(session, event);
        if announced.elapsed() >= ANNOUNCE {
            announced = Instant::now();
            session.announce();
        }
    }
}

/// Takes one event into the book.
pub(super) fn apply(session: &Session, event: Event) {
    let _span = tracing::trace_span!("event", kind = event.kind()).entered();
    let mut book = session.book_mut();
    match event {
        Event::Chunk(place, chunk) => {
            let kept = session.layout.place(place).and_then(|it| it.kept_micros);
            book.apply(place, as_kept(chunk, kept, now()));
        }
        Event::Ended(place) => book.complete(place),
        Event::Failed(place, failure) => book.fail(place, failure),
        Event::Progress(all) => all.iter().for_each(|progress| book.progress(progress)),
    }
}

/// What to read next of a place.
pub(super) fn next_read(
    session: &Session,
    planned: &PlannedPlace,
    reach: &Reach,
    at: Micros,
) -> Read {
    let place = planned.place.id;
    Read {
        place,
        window: reach.of_role(planned.place.role, at),
        after: session.book().cursor(place),
    }
}

/// Whether a place shows only what passes while somebody listens.
pub(crate) fn is_tap(planned: &PlannedPlace) -> bool {
    matches!(
        &planned.reading,
        Reading::Copies {
            role: CopyRole::Tap,
            ..
        }
    )
}

/// A tap has no past: the whole window is a gap, but for what was listened to, which stays proven.
fn note_tap(session: &Session, planned: &PlannedPlace, reach: &Reach, at: Micros) {
    let window = Window {
        from: reach.window.from,
        to: reach.window.to.max(at),
    };
    let mut book = session.book_mut();
    book.index.cover(Coverage {
        place: planned.place.id,
        partition: None,
        window,
        positions: None,
        gaps: vec![Gap {
            window,
            reason: GapReason::TapClosed,
        }],
    });
    book.complete(planned.place.id);
}
