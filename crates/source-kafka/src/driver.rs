//! Opens Kafka clusters.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use waybill_source::{Driver, ProbeStep, Result, Source, Target};

use crate::broker::{KafkaBroker, blocking};
use crate::connect::Asker;
use crate::probe;
use crate::settings::Settings;

/// Driver `kafka`: `kafka://[user@]host[:port][,host[:port]]…`.
///
/// The profile's options are librdkafka's (`security.protocol`, `sasl.mechanism`, `client.rack`, …);
/// its secret is the SASL password, or with `security.protocol = "ssl"` the key's.
#[derive(Debug, Clone, Copy, Default)]
pub struct KafkaDriver;

#[async_trait]
impl Driver for KafkaDriver {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["kafka"]
    }

    async fn open(&self, target: &Target) -> Result<Source> {
        let settings = Settings::from_target(target)?;
        let asker = blocking("connecting to Kafka", move || Asker::open(settings)).await?;
        let broker = KafkaBroker::new(asker, target.access);
        Ok(Source::Broker(Arc::new(broker)))
    }

    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep> {
        probe::steps(target.clone())
    }
}
