//! The driver: opens RabbitMQ for the profiles whose broker address begins with `amqp`.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use lapin::Connection;
use waybill_source::{Driver, Error, ProbeStep, Result, Source, Target};

use crate::broker::RabbitBroker;
use crate::connect::{self, Settings};
use crate::error;
use crate::hub::Hub;
use crate::management::Management;
use crate::probe::probe;
use crate::rows::Version;

/// RabbitMQ 3.9 and later, over AMQP 0.9.1 and the management HTTP API.
///
/// Of a [`Target`]'s options it knows `ca-file`: a PEM file with the certificates of a private
/// authority, for `amqps://` and `https://` alike.
#[derive(Debug, Clone, Copy, Default)]
pub struct RabbitMq;

#[async_trait]
impl Driver for RabbitMq {
    fn name(&self) -> &'static str {
        "rabbitmq"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["amqp", "amqps"]
    }

    async fn open(&self, target: &Target) -> Result<Source> {
        let settings = Settings::parse(target)?;
        let management = Management::new(target, &settings)?;
        let connection = first_connection(&settings, management.as_ref()).await?;
        connect::end(&connection).await;
        let version = match &management {
            Some(management) => version(management).await,
            None => None,
        };
        let hub = Hub::new(settings, management, version);
        Ok(Source::Broker(Arc::new(RabbitBroker::new(
            hub,
            target.access,
        ))))
    }

    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep> {
        probe(target.clone())
    }
}

/// Connects, and names the virtual host that may have been meant when there is none of that name.
pub(crate) async fn first_connection(
    settings: &Settings,
    management: Option<&Management>,
) -> Result<Connection> {
    match (settings.connect("opening").await, management) {
        (
            Err(Error::NotFound {
                what, name, place, ..
            }),
            Some(management),
        ) => {
            let vhosts = management.vhosts().await.unwrap_or_default();
            Err(Error::NotFound {
                suggestion: error::suggestion(&name, vhosts.iter().map(String::as_str)),
                what,
                name,
                place,
            })
        }
        (outcome, _) => outcome,
    }
}

/// `None` when the management API cannot say: streams can be read all the same, and whatever
/// needs the API reports it when asked.
async fn version(management: &Management) -> Option<Version> {
    match management.overview().await {
        Ok((overview, _)) => Version::of(&overview.rabbitmq_version?),
        Err(error) => {
            tracing::warn!(error = %error.chain(), "The management API does not answer");
            None
        }
    }
}
