//! An open session, shared by everything that looks or acts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;
use waybill_model::{ConsumerNo, Coordinate, Mode, PlaceId, Profile};
use waybill_protocol::{Failure, Opened};
use waybill_source::History;

use super::{Book, DATABASE, Layout, Opening, PlannedPlace, Reading, Sources};
use crate::DemoHost;
use crate::journal::Journal;
use crate::profiles::summary;
use crate::resend::Resends;
use crate::scan::ScanTask;
use crate::view::Found;
use crate::zones::{Noted, settle};

/// An open session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) profile: Profile,
    /// The company behind it, when it is the demo.
    pub(crate) demo: Option<Arc<dyn DemoHost>>,
    pub(crate) sources: Sources,
    pub(crate) layout: Layout,
    /// What is known of the zones of its tables.
    pub(crate) zones: Vec<Noted>,
    pub(crate) journal: Journal,
    book: RwLock<Book>,
    /// Reads go on where the one before stopped, so there is one at a time.
    pub(crate) reading: tokio::sync::Mutex<()>,
    /// The scan or live tail that is running.
    pub(crate) task: Mutex<Option<ScanTask>>,
    pub(crate) resends: Resends,
    /// The latest answer to a filter, so that scrolling does not evaluate it again.
    pub(crate) found: Mutex<Option<Found>>,
    changed: watch::Sender<u64>,
}

impl Session {
    /// Opens a profile's systems.
    pub(crate) async fn open(
        profile: Profile,
        demo: Option<Arc<dyn DemoHost>>,
        opening: &Opening,
        journal: Journal,
    ) -> Result<Arc<Self>, Failure> {
        let sources = Sources::open(&profile, opening).await?;
        let history = sources
            .broker()
            .map_or(History::Always, |broker| broker.capabilities().history);
        let zones = match sources.database(DATABASE) {
            Ok(database) => settle(&profile, database, sources.broker().ok()).await,
            // It is said where its tables are read.
            Err(_) => Vec::new(),
        };
        let layout = Layout::of(&profile, history).zoned(&zones);
        Ok(Arc::new(Self {
            book: RwLock::new(Book::new(&layout)),
            profile,
            demo,
            sources,
            layout,
            zones,
            journal,
            reading: tokio::sync::Mutex::new(()),
            task: Mutex::new(None),
            resends: Resends::default(),
            found: Mutex::new(None),
            changed: watch::Sender::new(0),
        }))
    }

    /// What the page is told of it.
    pub(crate) async fn opened(&self) -> Result<Opened, Failure> {
        let broker = self.sources.broker();
        let unfinished = self.journal.unfinished(&self.profile.name).await?;
        Ok(Opened {
            profile: summary(&self.profile),
            demo: self.demo.is_some(),
            lanes: self.layout.lanes.clone(),
            consumers: self
                .layout
                .consumers
                .iter()
                .map(|c| c.name.clone())
                .collect(),
            one_consumer: broker.is_ok_and(|broker| broker.capabilities().one_consumer),
            read_only_reason: crate::resend::refusal(self).unwrap_or_default(),
            unfinished,
        })
    }

    /// What is known, to look at.
    pub(crate) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, to change.
    pub(crate) fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for something to look different.
    pub(crate) fn announce(&self) {
        let generation = self.book().generation;
        self.changed.send_replace(generation);
    }

    /// Rises whenever something may look different.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The number of the one consumer a mode is for; `None` for everyone.
    pub(crate) fn consumer_of(&self, mode: &Mode) -> Option<ConsumerNo> {
        let Mode::OneConsumer { consumer } = mode else {
            return None;
        };
        let nth = self
            .layout
            .consumers
            .iter()
            .position(|c| c.name == *consumer)?;
        u8::try_from(nth).ok().map(ConsumerNo)
    }

    /// A copy's coordinate as the index has it: place, partition, offset.
    pub(crate) fn located(&self, at: &Coordinate) -> Option<(PlaceId, u32, i64)> {
        let (name, partition, offset) = match at {
            Coordinate::Record {
                topic,
                partition,
                offset,
            } => (topic, *partition, *offset),
            Coordinate::StreamEntry { stream, offset } => (stream, 0, *offset),
            Coordinate::Row { .. } | Coordinate::Passing { .. } => return None,
        };
        let holds = |planned: &&PlannedPlace| matches!(&planned.reading, Reading::Copies { channel, .. } if channel == name);
        let planned = self.layout.places.iter().find(holds)?;
        Some((planned.place.id, partition, offset))
    }

    /// The running scan or live tail, if any.
    pub(crate) fn task(&self) -> MutexGuard<'_, Option<ScanTask>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends scan, tail, resend and all connections.
    pub(crate) async fn close(&self) {
        let task = self.task().take();
        if let Some(task) = task {
            task.end().await;
        }
        self.resends.stop();
        self.sources.close().await;
    }
}
