//! Tasks that pull a source and tell the loop what they get.

use std::sync::Arc;

use futures::StreamExt as _;
use tokio::sync::mpsc;
use waybill_model::{PlaceId, Window};
use waybill_protocol::{Code, Failure};
use waybill_source::{Chunk, ChunkStream, Cursor};

use super::Event;
use super::limit::RowLimit;
use crate::failure;
use crate::session::{BROKER, PlannedPlace, Reading, Session};

/// One read to do.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) place: PlaceId,
    pub(super) window: Window,
    pub(super) after: Option<Cursor>,
}

/// Pulls one place to its end. Ends early, and with it the read, when nobody listens any more.
pub(super) async fn read(session: Arc<Session>, read: Read, tell: mpsc::Sender<Event>) {
    let place = read.place;
    let planned = session.layout.place(place);
    let is_table = planned.is_some_and(|it| matches!(it.reading, Reading::Rows { .. }));
    let most = session.profile.scan.max_rows.filter(|_| is_table);
    let limit = RowLimit::of(place, read.window, most);
    let opened = planned.map(|planned| open(&session, planned, read));
    pull(&session, place, opened, limit, &tell).await;
}

/// Pulls what arrives at one place until nobody listens any more or it fails.
pub(super) async fn follow(session: Arc<Session>, read: Read, tell: mpsc::Sender<Event>) {
    let place = read.place;
    let limit = RowLimit::of(place, read.window, None);
    let opened = session
        .layout
        .place(place)
        .map(|planned| open_following(&session, planned, read));
    pull(&session, place, opened, limit, &tell).await;
}

/// Asks how far all consumers have moved.
pub(super) async fn ask_progress(session: Arc<Session>, tell: mpsc::Sender<Event>) {
    let asked = session.layout.asked();
    let places: Vec<PlaceId> = session
        .layout
        .places
        .iter()
        .filter(|planned| matches!(planned.reading, Reading::Progress))
        .map(|planned| planned.place.id)
        .collect();
    let answer = match session.sources.broker() {
        Ok(broker) => {
            let answer = broker.progress(&asked).await;
            answer.map_err(|error| failure::of_source(BROKER, &error))
        }
        Err(failure) => Err(failure),
    };
    let told = match answer {
        Ok(progress) => tell.send(Event::Progress(progress)).await.is_ok(),
        Err(failure) => {
            for place in places {
                tell.send(Event::Failed(place, failure.clone())).await.ok();
            }
            return;
        }
    };
    if told {
        for place in places {
            tell.send(Event::Ended(place)).await.ok();
        }
    }
}

async fn pull(
    session: &Session,
    place: PlaceId,
    opened: Option<Result<ChunkStream, Failure>>,
    mut limit: RowLimit,
    tell: &mpsc::Sender<Event>,
) {
    let mut stream = match opened {
        Some(Ok(stream)) => stream,
        Some(Err(failure)) => {
            tell.send(Event::Failed(place, failure)).await.ok();
            return;
        }
        None => return,
    };
    while let Some(item) = stream.next().await {
        let chunk = match item {
            Ok(chunk) => chunk,
            Err(error) => {
                let source = session
                    .layout
                    .place(place)
                    .map_or("", |p| p.place.source.as_str());
                let failure = failure::of_source(source, &error);
                tracing::warn!(source, op = "read", error = %error.chain(), "Could not read to the end");
                tell.send(Event::Failed(place, failure)).await.ok();
                return;
            }
        };
        let reached = limit.reached(&chunk);
        if tell.send(Event::Chunk(place, chunk)).await.is_err() {
            return;
        }
        if let Some(covered) = reached {
            let covered = Event::Chunk(place, Chunk::Covered(covered));
            tell.send(covered).await.ok();
            break;
        }
    }
    tell.send(Event::Ended(place)).await.ok();
}

fn open(session: &Session, planned: &PlannedPlace, read: Read) -> Result<ChunkStream, Failure> {
    if let Some(query) = planned.row_query(read.window, read.after.clone()) {
        return Ok(session.sources.database(&planned.place.source)?.read(query));
    }
    match planned.copy_query(&session.profile, read.window, read.after) {
        Some(query) => Ok(session.sources.broker()?.scan(query)),
        None => Err(cannot_be_read(planned)),
    }
}

fn open_following(
    session: &Session,
    planned: &PlannedPlace,
    read: Read,
) -> Result<ChunkStream, Failure> {
    match planned.copy_query(&session.profile, read.window, read.after) {
        Some(query) => Ok(session.sources.broker()?.follow(query)),
        None => Err(cannot_be_read(planned)),
    }
}

fn cannot_be_read(planned: &PlannedPlace) -> Failure {
    Failure::new(
        Code::Internal,
        format!("{} is nothing that can be read.", planned.place.name),
    )
}
