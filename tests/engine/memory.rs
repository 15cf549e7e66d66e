//! Drivers that hand out sources in memory.

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use waybill_model::{ProbeOutcome, ProbeStep};
use waybill_source::fake::broker::FakeBroker;
use waybill_source::fake::database::FakeDatabase;
use waybill_source::{Broker as _, Database as _, Driver, Error, Result, Source, Target};

/// Opens one database in memory under `memory:`.
#[derive(Debug)]
pub(crate) struct MemoryDatabase(pub(crate) FakeDatabase);

/// Opens one broker in memory under `kafka:`.
#[derive(Debug)]
pub(crate) struct MemoryBroker(pub(crate) FakeBroker);

#[async_trait]
impl Driver for MemoryDatabase {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["memory"]
    }

    async fn open(&self, _target: &Target) -> Result<Source> {
        self.0.server().await?;
        Ok(Source::Database(std::sync::Arc::new(self.0.clone())))
    }

    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep> {
        probed(target)
    }
}

#[async_trait]
impl Driver for MemoryBroker {
    fn name(&self) -> &'static str {
        "memory-broker"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["kafka"]
    }

    async fn open(&self, target: &Target) -> Result<Source> {
        let broker = self.0.with_access(target.access);
        if let Err(error) = broker.server().await {
            return Err(Error::Connect {
                address: "memory".to_owned(),
                source: Box::new(error),
            });
        }
        Ok(Source::Broker(std::sync::Arc::new(broker)))
    }

    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep> {
        probed(target)
    }
}

/// A test that works, and tells whether a password came along without telling it.
fn probed(target: &Target) -> BoxStream<'static, ProbeStep> {
    let password = if target.secret.is_some() {
        "with a password"
    } else {
        "without a password"
    };
    let step = ProbeStep {
        what: format!("Connect to {}", target.name),
        outcome: ProbeOutcome::Fine(password.to_owned()),
        took_micros: 1,
    };
    stream::iter([step]).boxed()
}
