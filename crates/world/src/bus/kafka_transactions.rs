//! Kafka transactions that come to no good end.

use std::sync::PoisonError;

use rdkafka::producer::{FutureProducer, Producer as _};

use super::KafkaBus;
use super::kafka::{KafkaRecord, REQUEST_TIMEOUT, producer_config, product_record};
use super::kafka_groups::blocking;
use crate::event::Letter;
use crate::{Error, Result};

/// Longer than anybody looks, and what brokers allow at most unless told otherwise.
const TIMEOUT_MILLIS: &str = "900000";

impl KafkaBus {
    /// Writes letters in a transaction, then aborts it: they lie there and no consumer sees them.
    pub(crate) async fn publish_and_abort(&self, letters: &[Letter]) -> Result<()> {
        let producer = self.publish_in_transaction(letters).await?;
        blocking(move || {
            producer
                .abort_transaction(REQUEST_TIMEOUT)
                .map_err(Error::kafka("abort a transaction"))
        })
        .await
    }

    /// Writes letters in a transaction that does not end before this bus is gone.
    pub(crate) async fn publish_and_leave_open(&self, letters: &[Letter]) -> Result<()> {
        let producer = self.publish_in_transaction(letters).await?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push(producer);
        Ok(())
    }

    async fn publish_in_transaction(&self, letters: &[Letter]) -> Result<FutureProducer> {
        let topic = self.names.destination();
        let producer: FutureProducer = producer_config(Some(self.bootstrap()))
            .set("transactional.id", uuid::Uuid::new_v4().to_string())
            .set("transaction.timeout.ms", TIMEOUT_MILLIS)
            .create()
            .map_err(Error::kafka("set up a producer"))?;
        let beginning = producer.clone();
        blocking(move || {
            beginning
                .init_transactions(REQUEST_TIMEOUT)
                .and_then(|()| beginning.begin_transaction())
                .map_err(Error::kafka("begin a transaction"))
        })
        .await?;
        let records: Vec<KafkaRecord> = letters
            .iter()
            .map(|letter| product_record(letter, &topic))
            .collect();
        for written in Self::write_with(&producer, &records).await {
            written?;
        }
        Ok(producer)
    }
}
