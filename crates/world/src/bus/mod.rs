//! The broker: how messages go out and how a written past is passed by its consumers.

mod kafka;
pub(crate) use kafka::{KafkaBus, KafkaRecord, PARTITIONS, topics};

mod kafka_groups;
pub(crate) use kafka_groups::Offsets;

mod kafka_transactions;

mod kafka_compaction;

mod kafka_topics;

mod kafka_log;
pub(crate) use kafka_log::owned as owned_record;

mod dead_letter;
pub(crate) use dead_letter::{Refusal, dead_letter};

mod rabbit;
pub(crate) use rabbit::{RabbitBus, answered};

mod rabbit_refusal;
pub(crate) use rabbit_refusal::refuse;

mod rabbit_topology;
pub(crate) use rabbit_topology::ready;

mod rabbit_past;

use std::sync::Arc;

use crate::event::Letter;
use crate::name::Names;
use crate::{BrokerKind, Result};

/// Either broker. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Bus {
    Kafka(Arc<KafkaBus>),
    Rabbit(Arc<RabbitBus>),
}

/// Where a letter lies now; RabbitMQ does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

impl Bus {
    /// Connects and makes topics or exchanges.
    pub(crate) async fn open(kind: &BrokerKind, names: &Names) -> Result<Self> {
        Ok(match kind {
            BrokerKind::Mock => Self::Kafka(Arc::new(KafkaBus::mock(names)?)),
            BrokerKind::Kafka { bootstrap } => {
                Self::Kafka(Arc::new(KafkaBus::connect(bootstrap, names).await?))
            }
            BrokerKind::RabbitMq { amqp_url, .. } => {
                Self::Rabbit(Arc::new(RabbitBus::connect(amqp_url, names).await?))
            }
        })
    }

    /// Publishes in this order, each confirmed by the broker; one answer per letter, or none at all
    /// when there is no connection.
    pub(crate) async fn publish(&self, letters: &[Letter]) -> Result<Vec<Result<Option<Placed>>>> {
        match self {
            Self::Kafka(bus) => {
                let placed = bus.publish(letters).await;
                Ok(placed.into_iter().map(|it| it.map(Some)).collect())
            }
            Self::Rabbit(bus) => {
                let sent = bus.publish(letters).await?;
                Ok(sent.into_iter().map(|it| it.map(|()| None)).collect())
            }
        }
    }

    /// Makes the topic (or exchange, with a stream that keeps its history) of another service.
    pub(crate) async fn make_elsewhere(&self) -> Result<()> {
        match self {
            Self::Kafka(bus) => bus.make_elsewhere().await,
            Self::Rabbit(bus) => bus.make_elsewhere().await,
        }
    }

    /// Deletes what [`Bus::make_elsewhere`] made, if it was.
    pub(crate) async fn remove_elsewhere(&self) -> Result<()> {
        match self {
            Self::Kafka(bus) => bus.remove_elsewhere().await,
            Self::Rabbit(bus) => bus.remove_elsewhere().await,
        }
    }

    /// Deletes the destination and makes it anew (on RabbitMQ the stream that keeps its history).
    pub(crate) async fn make_anew(&self) -> Result<()> {
        match self {
            Self::Kafka(bus) => bus.make_anew().await,
            Self::Rabbit(bus) => bus.make_anew().await,
        }
    }

    /// Deletes topics or exchanges and queues.
    pub(crate) async fn remove(&self) -> Result<()> {
        match self {
            Self::Kafka(bus) => bus.remove().await,
            Self::Rabbit(bus) => bus.remove().await,
        }
    }
}
