//! Tasks that pull a source and tell the loop what they get.

use std::sync::Arc;

use futures::StreamExt as _;
use tokio::sync::mpsc;
use waybill_model::{PlaceId, Window};
use waybill_protocol::{Code, Failure};
use waybill_source::{ChunkStream, Cursor};

use super::Event;
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
    let opened = session
        .layout
        .place(place)
        .map(|planned| open(&session, planned, read));
    pull(&session, place, opened, &tell).await;
}

/// Pulls what arrives at one place until nobody listens any more or it fails.
pub(super) async fn follow(session: Arc<Session>, read: Read, tell: mpsc::Sender<Event>) {
    let place = read.place;
    let opened = session
        .layout
        .place(place)
        .map(|planned| open_following(&session, planned, read));
    pull(&session, place, opened, &tell).await;
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
        let (event, last) = match item {
            Ok(chunk) => (Event::Chunk(place, chunk), false),
            Err(error) => {
                let source = session
                    .layout
                    .place(place)
                    .map_or("", |p| p.place.source.as_str());
                let failure = failure::of_source(source, &error);
                tracing::warn!(source, op = "read", error = %error.chain(), "Could not read to the end");
                (Event::Failed(place, failure), true)
            }
        };
        if tell.send(event).await.is_err() || last {
            return;
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
