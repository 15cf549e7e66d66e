//! The broker as the engine sees it: each method in a file of its own.

use std::sync::Arc;

use async_trait::async_trait;
use waybill_model::{Access, Coordinate, Copy};
use waybill_source::{
    Broker, BrokerCapabilities, ChunkStream, ConsumerProgress, ConsumerRef, CopyQuery, History,
    Operator, Result, ServerInfo, Topology,
};

use crate::connect;
use crate::copies::copies;
use crate::follow::follow;
use crate::hub::Hub;
use crate::inspect;
use crate::operator::Sender;
use crate::rows::Version;
use crate::scan::scan;

const MIB: u64 = 1024 * 1024;

/// An open RabbitMQ.
#[derive(Debug)]
pub(crate) struct RabbitBroker {
    hub: Arc<Hub>,
    sender: Option<Sender>,
}

impl RabbitBroker {
    pub(crate) fn new(hub: Hub, access: Access) -> Self {
        let hub = Arc::new(hub);
        let sender = match access {
            Access::Resend => Some(Sender::new(Arc::clone(&hub))),
            Access::ReadOnly => None,
        };
        Self { hub, sender }
    }
}

/// The broker's default limit; `None` while nobody told its version.
pub(crate) fn max_message_bytes(version: Option<Version>) -> Option<u64> {
    version.map(|version| {
        if version.major >= 4 {
            16 * MIB
        } else {
            128 * MIB
        }
    })
}

#[async_trait]
impl Broker for RabbitBroker {
    fn capabilities(&self) -> BrokerCapabilities {
        BrokerCapabilities {
            history: History::ByStream,
            one_consumer: true,
            max_message_bytes: max_message_bytes(self.hub.version()),
        }
    }

    async fn server(&self) -> Result<ServerInfo> {
        let Some(management) = self.hub.management() else {
            let connection = self.hub.settings.connect("who is there").await?;
            connect::end(&connection).await;
            return Ok(ServerInfo {
                product: "RabbitMQ".to_owned(),
                version: "unknown".to_owned(),
                clock_offset_micros: None,
                clock_error_micros: None,
            });
        };
        let (overview, clock) = management.overview().await?;
        Ok(ServerInfo {
            product: overview
                .product_name
                .unwrap_or_else(|| "RabbitMQ".to_owned()),
            version: overview
                .rabbitmq_version
                .unwrap_or_else(|| "unknown".to_owned()),
            clock_offset_micros: clock.map(|clock| clock.offset_micros),
            clock_error_micros: clock.map(|clock| clock.error_micros),
        })
    }

    async fn topology(&self) -> Result<Topology> {
        inspect::topology(&self.hub).await
    }

    fn scan(&self, query: CopyQuery) -> ChunkStream {
        scan(&self.hub, query)
    }

    fn follow(&self, query: CopyQuery) -> ChunkStream {
        follow(&self.hub, query)
    }

    async fn progress(&self, consumers: &[ConsumerRef]) -> Result<Vec<ConsumerProgress>> {
        inspect::progress(&self.hub, consumers).await
    }

    async fn copies(&self, at: &[Coordinate], max_bytes: u64) -> Result<Vec<Option<Copy>>> {
        copies(&self.hub, at, max_bytes).await
    }

    fn operator(&self) -> Option<&dyn Operator> {
        self.sender.as_ref().map(|sender| sender as &dyn Operator)
    }

    async fn close(&self) {
        self.hub.closed.cancel();
        if let Some(sender) = &self.sender {
            sender.close().await;
        }
    }
}
