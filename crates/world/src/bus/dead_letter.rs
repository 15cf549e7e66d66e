//! Dead letters on Kafka: the original record with headers that say where it came from and why.
//!
//! The names and the big-endian numbers are those of Spring's dead-letter publisher, which most
//! tools know how to read.

use super::kafka::product_record;
use super::{KafkaBus, KafkaRecord, Placed};
use crate::event::Letter;
use crate::{ConsumerName, Result};

/// How long after the original a dead letter of a written past is.
const REFUSED_AFTER_MILLIS: i64 = 50;

impl KafkaBus {
    /// Writes dead letters of a consumer for letters that lie there.
    pub(crate) async fn refuse(
        &self,
        consumer: ConsumerName,
        letters: &[(Letter, Placed)],
        why: &str,
    ) -> Result<()> {
        let (topic, group) = (self.names.destination(), self.names.reader(consumer));
        let records: Vec<KafkaRecord> = letters
            .iter()
            .map(|(letter, at)| {
                let original = product_record(letter, &topic);
                let refusal = Refusal {
                    topic: &topic,
                    at: *at,
                    millis: original.millis,
                    group: &group,
                    why,
                };
                let to = self.names.dead_letter_topic(consumer);
                let millis = original.millis + REFUSED_AFTER_MILLIS;
                dead_letter(original, to, millis, refusal)
            })
            .collect();
        for written in self.write(&records).await {
            written?;
        }
        Ok(())
    }
}

/// What went wrong with whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal<'a> {
    pub(crate) topic: &'a str,
    pub(crate) at: Placed,
    pub(crate) millis: i64,
    pub(crate) group: &'a str,
    pub(crate) why: &'a str,
}

/// What is put after the original headers.
pub(crate) fn dead_letter_headers(refusal: Refusal<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    let header = |name: &str, value: Vec<u8>| (format!("kafka_dlt-{name}"), Some(value));
    vec![
        header("original-topic", refusal.topic.as_bytes().to_vec()),
        header(
            "original-partition",
            refusal.at.partition.to_be_bytes().to_vec(),
        ),
        header("original-offset", refusal.at.offset.to_be_bytes().to_vec()),
        header("original-timestamp", refusal.millis.to_be_bytes().to_vec()),
        header("original-timestamp-type", b"CreateTime".to_vec()),
        header("original-consumer-group", refusal.group.as_bytes().to_vec()),
        header("exception-fqcn", b"toys.search.CannotSqueak".to_vec()),
        header("exception-message", refusal.why.as_bytes().to_vec()),
    ]
}

/// The record for the dead-letter topic.
pub(crate) fn dead_letter(
    original: KafkaRecord,
    topic: String,
    millis: i64,
    refusal: Refusal<'_>,
) -> KafkaRecord {
    let mut headers = original.headers;
    headers.extend(dead_letter_headers(refusal));
    KafkaRecord {
        topic,
        partition: Some(0),
        headers,
        millis,
        ..original
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_written_big_endian() {
        let headers = dead_letter_headers(Refusal {
            topic: "t",
            at: Placed {
                partition: 3,
                offset: 258,
            },
            millis: 1,
            group: "search",
            why: "no",
        });
        let value = |name: &str| {
            let found = headers.iter().find(|(it, _)| it == name);
            found.and_then(|(_, value)| value.clone())
        };
        assert_eq!(
            value("kafka_dlt-original-partition"),
            Some(vec![0, 0, 0, 3])
        );
        assert_eq!(
            value("kafka_dlt-original-offset"),
            Some(vec![0, 0, 0, 0, 0, 0, 1, 2])
        );
    }
}
