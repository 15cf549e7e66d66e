//! Companies of a few events in which one thing is so for all of them.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use waybill_world::{HistorySpan, MessageIds, Situation};

use crate::company::Company;

const THREE: HistorySpan = HistorySpan {
    events: 3,
    span: Duration::from_secs(600),
    end: None,
};

const ANSWER: Duration = Duration::from_secs(20);

/// It is all written and processed, and the topic is as empty as on its first day.
pub(crate) async fn check_topic_anew(company: &Company) {
    write(company, Situation::TopicAnew).await;
    assert_eq!(company.tables.outbox_rows().await, 3);
    assert_eq!(company.tables.processed("search").await, 3);
    assert_eq!(on_topic(company, "product-events"), (0, 0));
}

/// Its messages wait, and nobody else's do.
pub(crate) async fn check_never_started(company: &Company) {
    write(company, Situation::ConsumerNeverStarted).await;
    assert_eq!(company.tables.processed("search").await, 0);
    assert_eq!(company.tables.processed("inventory").await, 3);
}

/// The profile looks where nothing is.
pub(crate) async fn check_wrong_destination(company: &Company) {
    write(company, Situation::WrongDestination).await;
    let (_, sent) = on_topic(company, "product-events");
    assert_eq!((sent, on_topic(company, "invoices")), (3, (0, 0)));
}

/// Ids are numbers in every table.
pub(crate) async fn check_numbers(company: &Company) {
    let world = &company.world;
    let numbers = world.carry_ids(MessageIds::Bigserial).await;
    numbers.expect("nothing is written yet");
    write(company, Situation::FirstDay).await;
    for table in ["outbox", "inventory_inbox"] {
        assert_eq!(company.tables.numbered(table, 3).await, 3, "{table}");
    }
}

async fn write(company: &Company, situation: Situation) {
    let written = company.world.history_of(THREE, situation).await;
    assert_eq!(written.expect("it can be so").events, 3);
}

/// The lowest offset, and how many offsets lie before the ends of all partitions.
fn on_topic(company: &Company, topic: &str) -> (i64, i64) {
    let bootstrap = company.world.kafka_bootstrap().expect("it is Kafka");
    let asker: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &bootstrap)
        .create()
        .expect("a client");
    let topic = format!("{}{topic}", company.hand.prefix);
    let marks = (0..8).map(|partition| {
        let marks = asker.fetch_watermarks(&topic, partition, ANSWER);
        marks.expect("the partition is there")
    });
    marks.fold((0, 0), |(low, high), (from, to)| (low.max(from), high + to))
}
