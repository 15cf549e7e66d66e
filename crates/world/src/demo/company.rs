//! What a demo offers to the window and the command line.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waybill_model::{Access, Profile};

use super::folder::{Folder, ledger_in};
use super::open::{ends_on, open};
use super::saver::{Done, Saver};
use crate::live::LiveOptions;
use crate::{ConsumerName, Error, Fault, Ledger, LiveHandle, Result, World};

/// The demo at work. Dropping it stops it after one last save; [`Demo::close`] waits for that.
#[derive(Debug)]
pub struct Demo {
    world: World,
    live: Option<LiveHandle>,
    saver: Arc<Saver>,
    stop: CancellationToken,
    saving: Option<JoinHandle<()>>,
    is_new: bool,
}

impl Demo {
    /// Goes on with the demo in this folder, or makes a new one there, and sets it to work:
    /// relay and consumers run, the service waits for [`Demo::set_rate`].
    ///
    /// A folder is open in one process at a time.
    pub async fn open(dir: &Path) -> Result<Self> {
        let folder = Folder::lock(dir)?;
        let opened = open(&folder).await?;
        let world = opened.world;
        let done = Done {
            began: opened.times.began,
            ends: ends_on(&opened.tape, &world.inner.names).await?,
            groups: Vec::new(),
            // Never reached: whatever is on disk is saved anew once.
            revision: u64::MAX,
        };
        let saver = Arc::new(Saver {
            world: Arc::clone(&world.inner),
            folder,
            tape: opened.tape,
            done: Mutex::new(done),
        });
        saver.save().await?;
        let live = world.run_live(LiveOptions::IDLE)?;
        let stop = CancellationToken::new();
        let saving = tokio::spawn(Arc::clone(&saver).run(stop.clone()));
        Ok(Self {
            world,
            live: Some(live),
            saver,
            stop,
            saving: Some(saving),
            is_new: opened.is_new,
        })
    }

    /// Deletes the demo in this folder; the next [`Demo::open`] makes a new one.
    pub fn reset(dir: &Path) -> Result<()> {
        Folder::lock(dir)?.clear()
    }

    /// The ledger as last saved, of a demo that need not be open.
    pub fn saved_ledger(dir: &Path) -> Result<Ledger> {
        Ledger::read(&ledger_in(dir))
    }

    /// Whether it was made just now rather than gone on with.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The company itself.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// A complete profile for Waybill. The broker's address is another one each time.
    pub fn profile(&self, access: Access) -> Profile {
        self.world.profile(access)
    }

    /// What really happened so far.
    pub fn ledger(&self) -> Ledger {
        self.world.ledger()
    }

    /// Changes per second from now on; 0 pauses the service.
    pub fn set_rate(&self, events_per_second: f64) {
        if let Some(live) = &self.live {
            live.set_rate(events_per_second);
        }
    }

    /// Each fault that can be switched on, and whether it is on.
    pub fn faults(&self) -> Vec<(Fault, bool)> {
        let broken = self.world.broken();
        self.world
            .live_faults()
            .into_iter()
            .map(|fault| (fault, broken.iter().any(|it| it.fault == fault)))
            .collect()
    }

    /// Breaks something for the next `events` changes, or until [`Demo::heal`]; the sentence that
    /// says what happens.
    pub async fn break_it(
        &self,
        fault: Fault,
        consumer: Option<ConsumerName>,
        events: Option<u32>,
    ) -> Result<&'static str> {
        self.world.break_it(fault, consumer, events).await?;
        Ok(fault.sentence())
    }

    /// Switches all faults off.
    pub fn heal(&self) {
        self.world.heal();
    }

    /// Waits until relay and consumers have nothing to do; pause the service first.
    pub async fn settle(&self, at_most: Duration) -> Result<()> {
        match &self.live {
            Some(live) => live.settle(at_most).await,
            None => Ok(()),
        }
    }

    /// Saves everything up to now. It is also done every two seconds.
    pub async fn save(&self) -> Result<()> {
        self.saver.save().await
    }

    /// Stops, saves and unlocks the folder.
    pub async fn close(mut self) -> Result<()> {
        if let Some(live) = self.live.take() {
            live.stop().await;
        }
        self.stop.cancel();
        if let Some(saving) = self.saving.take() {
            saving.await.map_err(Error::Worker)?;
        }
        // The task's own last save may have failed, which it only logs.
        self.saver.save().await?;
        self.saver.tape.close().await;
        self.world.inner.store.close().await;
        Ok(())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
