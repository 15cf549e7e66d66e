//! A Kafka cluster behind the seam.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use waybill_model::{Access, Coordinate, Copy};
use waybill_source::{
    Broker, BrokerCapabilities, ChunkStream, ConsumerProgress, ConsumerRef, CopyQuery, Error,
    History, Operator, Result, ServerInfo, Topology,
};

use crate::connect::Asker;
use crate::error::Said;
use crate::operator::KafkaOperator;
use crate::{copies, follow, inspect, outlet, progress, scan};

/// The longest any question to the cluster may take altogether; its parts have shorter limits.
const QUESTION_LIMIT: Duration = Duration::from_secs(60);

/// An open connection to a cluster.
#[derive(Debug)]
pub(crate) struct KafkaBroker {
    asker: Mutex<Option<Arc<Asker>>>,
    operator: Option<KafkaOperator>,
}

impl KafkaBroker {
    pub(crate) fn new(asker: Arc<Asker>, access: Access) -> Self {
        let operator = match access {
            Access::ReadOnly => None,
            Access::Resend => Some(KafkaOperator::new(Arc::clone(&asker))),
        };
        Self {
            asker: Mutex::new(Some(asker)),
            operator,
        }
    }

    fn asker(&self) -> Result<Arc<Asker>> {
        self.asker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| Error::Unsupported {
                what: "the connection to Kafka has been closed".to_owned(),
            })
    }
}

#[async_trait]
impl Broker for KafkaBroker {
    fn capabilities(&self) -> BrokerCapabilities {
        BrokerCapabilities {
            history: History::Always,
            one_consumer: false,
            // Set per topic; `Operator::check` knows it.
            max_message_bytes: None,
        }
    }

    async fn server(&self) -> Result<ServerInfo> {
        let asker = self.asker()?;
        blocking("asking who is there", move || inspect::server(&asker)).await
    }

    async fn topology(&self) -> Result<Topology> {
        let asker = self.asker()?;
        blocking("listing topics", move || inspect::topology(&asker)).await
    }

    fn scan(&self, query: CopyQuery) -> ChunkStream {
        match self.asker() {
            Ok(asker) => outlet::stream("kafka-scan", move |outlet| {
                scan::run(&asker, &query, outlet)
            }),
            Err(error) => outlet::failed(error),
        }
    }

    fn before(&self, query: CopyQuery, n: u64) -> ChunkStream {
        match self.asker() {
            Ok(asker) => outlet::stream("kafka-before", move |outlet| {
                scan::before(&asker, &query, n, outlet)
            }),
            Err(error) => outlet::failed(error),
        }
    }

    fn follow(&self, query: CopyQuery) -> ChunkStream {
        match self.asker() {
            Ok(asker) => outlet::stream("kafka-follow", move |outlet| {
                follow::run(&asker, &query, outlet)
            }),
            Err(error) => outlet::failed(error),
        }
    }

    async fn progress(&self, consumers: &[ConsumerRef]) -> Result<Vec<ConsumerProgress>> {
        let asker = self.asker()?;
        let consumers = consumers.to_vec();
        blocking("asking for consumer groups", move || {
            progress::progress(&asker, &consumers)
        })
        .await
    }

    async fn copies(&self, at: &[Coordinate], max_bytes: u64) -> Result<Vec<Option<Copy>>> {
        let asker = self.asker()?;
        let at = at.to_vec();
        blocking("fetching messages", move || {
            copies::copies(&asker, &at, max_bytes)
        })
        .await
    }

    fn operator(&self) -> Option<&dyn Operator> {
        self.operator
            .as_ref()
            .map(|operator| -> &dyn Operator { operator })
    }

    async fn close(&self) {
        if let Some(operator) = &self.operator {
            operator.close();
        }
        let asker = self
            .asker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Ending a client waits for its threads. A failure here leaves nothing to be told.
        tokio::task::spawn_blocking(move || drop(asker)).await.ok();
    }
}

/// Runs what blocks where blocking is allowed, and stops waiting for it after a minute.
pub(crate) async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let task = tokio::task::spawn_blocking(work);
    match tokio::time::timeout(QUESTION_LIMIT, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Err(Error::Read {
            name: "the cluster".to_owned(),
            source: Said::boxed(format!("{doing} ended unexpectedly: {error}")),
        }),
        Err(_elapsed) => Err(Error::Timeout {
            doing: doing.to_owned(),
            secs: QUESTION_LIMIT.as_secs(),
        }),
    }
}
