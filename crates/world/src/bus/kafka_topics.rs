//! Kafka: topics that are made and deleted besides.

use std::time::{Duration, Instant};

use rdkafka::admin::{NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use super::KafkaBus;
use super::kafka::{PARTITIONS, REQUEST_TIMEOUT, admin_options, each_succeeded};
use crate::{Error, Result};

/// Between two attempts to make a topic whose namesake is being deleted.
const AGAIN: Duration = Duration::from_millis(50);

impl KafkaBus {
    /// Makes topics with so many partitions each.
    pub(super) async fn make_topics(&self, topics: &[(String, i32)]) -> Result<()> {
        let wanted: Vec<NewTopic<'_>> = topics
            .iter()
            .map(|(name, partitions)| {
                // The past that is written may be older than the usual retention.
                NewTopic::new(name, *partitions, TopicReplication::Fixed(1))
                    .set("retention.ms", "-1")
            })
            .collect();
        let answers = self
            .admin()?
            .create_topics(&wanted, &admin_options())
            .await
            .map_err(Error::kafka("make topics"))?;
        each_succeeded(answers, "make topic")
    }

    /// Makes the topic of another service.
    pub(crate) async fn make_elsewhere(&self) -> Result<()> {
        let topic = self.names.elsewhere();
        if self.mock {
            return self.make_mock_topic(&topic);
        }
        self.make_topics(&[(topic, PARTITIONS)]).await
    }

    fn make_mock_topic(&self, topic: &str) -> Result<()> {
        let cluster = self.producer.client().mock_cluster();
        cluster.map_or(Ok(()), |cluster| {
            cluster
                .create_topic(topic, PARTITIONS, 1)
                .map_err(Error::kafka(format!("make topic '{topic}'")))
        })
    }

    /// Deletes it, if it was made; a mock takes it along when it ends.
    pub(crate) async fn remove_elsewhere(&self) -> Result<()> {
        if self.mock {
            return Ok(());
        }
        let topic = self.names.elsewhere();
        let deleted = self.admin()?;
        let deleted = deleted.delete_topics(&[&topic], &admin_options()).await;
        let mut answers = deleted.map_err(Error::kafka("delete topics"))?;
        answers.retain(|it| !matches!(it, Err((_, RDKafkaErrorCode::UnknownTopicOrPartition))));
        each_succeeded(answers, "delete topic")
    }

    /// Deletes the product topic and makes it anew, as empty as at first.
    pub(crate) async fn make_anew(&self) -> Result<()> {
        let topic = self.names.destination();
        let admin = self.admin()?;
        let deleted = admin.delete_topics(&[&topic], &admin_options()).await;
        each_succeeded(
            deleted.map_err(Error::kafka("delete topics"))?,
            "delete topic",
        )?;
        let until = Instant::now() + REQUEST_TIMEOUT;
        loop {
            match self.make_topics(&[(topic.clone(), PARTITIONS)]).await {
                Err(error) if is_there(&error) && Instant::now() < until => {
                    tokio::time::sleep(AGAIN).await;
                }
                made => return made,
            }
        }
    }
}

/// Whether the deleted topic is still there.
fn is_there(error: &Error) -> bool {
    let Error::Kafka { source, .. } = error else {
        return false;
    };
    matches!(
        source,
        KafkaError::AdminOp(RDKafkaErrorCode::TopicAlreadyExists)
    )
}
