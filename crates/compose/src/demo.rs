//! The built-in company as the engine's demo.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use waybill_engine::{DemoHost, DemoTarget};
use waybill_model::Access;
use waybill_protocol::FaultInfo;
use waybill_source::{BoxError, Secret};
use waybill_world::{Demo, Fault, Ledger};

/// How many events one press of a button breaks.
const EVENTS_PER_FAULT: u32 = 5;
/// How quickly a company at rest works while something is being broken, in changes per second.
const BREAKING_RATE: f64 = 20.0;
/// How long a company at rest works with its relay dead.
const WITHOUT_RELAY: Duration = Duration::from_millis(500);
/// How long it may take until what was broken has come through.
const PATIENCE: Duration = Duration::from_secs(20);

/// The demo in its folder, started when it is first opened.
#[derive(Debug)]
pub struct DemoCompany {
    folder: PathBuf,
    /// Changes per second while it is open.
    rate: f64,
    open: Mutex<Option<Arc<Demo>>>,
}

impl DemoCompany {
    /// The demo of that folder, at rest: it only processes what is resent.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            rate: 0.0,
            open: Mutex::new(None),
        }
    }

    /// Makes changes on its own while it is open.
    #[must_use]
    pub fn working_at(mut self, changes_per_second: f64) -> Self {
        self.rate = changes_per_second;
        self
    }

    /// What really happened to every event.
    pub async fn truth(&self) -> Result<Ledger, BoxError> {
        Ok(self.demo().await?.ledger())
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops it and keeps everything; the next process finds it as it is.
    pub async fn close(&self) -> Result<(), BoxError> {
        match self.open.lock().await.take().and_then(Arc::into_inner) {
            Some(demo) => Ok(demo.close().await?),
            None => Ok(()),
        }
    }

    async fn demo(&self) -> Result<Arc<Demo>, BoxError> {
        let mut open = self.open.lock().await;
        if let Some(demo) = &*open {
            return Ok(Arc::clone(demo));
        }
        let demo = Arc::new(Demo::open(&self.folder).await?);
        demo.set_rate(self.rate);
        *open = Some(Arc::clone(&demo));
        Ok(demo)
    }

    /// Lets a company at rest work until the fault has hit, and come to rest again.
    async fn work_it_off(&self, demo: &Demo, fault: Fault) -> Result<(), BoxError> {
        demo.set_rate(BREAKING_RATE);
        let hit = tokio::time::timeout(PATIENCE, async {
            // A dead relay stays dead until it is healed; the others hit a number of events.
            if fault == Fault::RelayDead {
                return tokio::time::sleep(WITHOUT_RELAY).await;
            }
            while demo
                .world()
                .broken()
                .iter()
                .any(|broken| broken.fault == fault)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let hit = hit.await;
        demo.set_rate(0.0);
        hit?;
        Ok(demo.settle(PATIENCE).await?)
    }
}

#[async_trait]
impl DemoHost for DemoCompany {
    async fn start(&self) -> Result<DemoTarget, BoxError> {
        let demo = self.demo().await?;
        let secrets = demo.world().secrets().0;
        Ok(DemoTarget {
            profile: demo.profile(Access::Resend),
            secrets: secrets
                .into_iter()
                .map(|(name, text)| (name, Secret::new(text)))
                .collect(),
        })
    }

    async fn faults(&self) -> Result<Vec<FaultInfo>, BoxError> {
        let info = |(fault, on): (Fault, bool)| FaultInfo {
            name: fault.name().to_owned(),
            title: fault.title().to_owned(),
            sentence: fault.sentence().to_owned(),
            on,
        };
        Ok(self.demo().await?.faults().into_iter().map(info).collect())
    }

    async fn break_it(&self, fault: &str) -> Result<String, BoxError> {
        let Some(fault) = Fault::from_name(fault) else {
            return Err(format!("there is no fault '{fault}'; see `waybill demo faults`").into());
        };
        let demo = self.demo().await?;
        let sentence = demo.break_it(fault, None, Some(EVENTS_PER_FAULT)).await?;
        if self.rate == 0.0 {
            self.work_it_off(&demo, fault).await?;
        }
        Ok(sentence.to_owned())
    }

    async fn heal(&self) -> Result<(), BoxError> {
        self.demo().await?.heal();
        Ok(())
    }

    async fn reset(&self) -> Result<(), BoxError> {
        self.close().await?;
        Ok(Demo::reset(&self.folder)?)
    }

    async fn save(&self) -> Result<(), BoxError> {
        match &*self.open.lock().await {
            Some(demo) => Ok(demo.save().await?),
            None => Ok(()),
        }
    }
}
