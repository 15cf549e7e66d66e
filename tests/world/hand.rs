//! Resending by hand, as Waybill would, without Waybill.

use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use waybill_model::{ConsumerVerdict, HEADER_ID};
use waybill_world::{BrokerKind, Expected};

/// Somebody who can send to a world.
pub(crate) struct Hand {
    pub(crate) prefix: String,
    pub(crate) broker: Broker,
}

pub(crate) enum Broker {
    Kafka {
        producer: FutureProducer,
        bootstrap: String,
    },
    RabbitMq {
        channel: Box<Channel>,
        /// The channel ends with it.
        connection: Box<Connection>,
    },
}

impl Hand {
    pub(crate) async fn new(broker: &BrokerKind, prefix: &str) -> Self {
        let broker = match broker {
            BrokerKind::Kafka { bootstrap } => {
                let mut config = ClientConfig::new();
                config.set("bootstrap.servers", bootstrap);
                Broker::Kafka {
                    producer: config.create().expect("a producer"),
                    bootstrap: bootstrap.clone(),
                }
            }
            BrokerKind::RabbitMq { amqp_url, .. } => {
                let properties = ConnectionProperties::default();
                let connection = Connection::connect(amqp_url, properties).await;
                let connection = connection.expect("the server answers");
                let channel = connection.create_channel().await.expect("a channel");
                let options = ConfirmSelectOptions::default();
                channel.confirm_select(options).await.expect("confirms");
                Broker::RabbitMq {
                    channel: Box::new(channel),
                    connection: Box::new(connection),
                }
            }
            BrokerKind::Mock => panic!("the mock is tested in the world's own crate"),
        };
        Self {
            prefix: prefix.to_owned(),
            broker,
        }
    }

    /// To everyone; on RabbitMQ to one consumer where only that one lost it.
    pub(crate) async fn resend(&self, expected: &Expected) {
        let (_, product) = expected.aggregate.split_once('/').expect("type and id");
        let body = format!(
            r#"{{"productId":{product},"version":{},"name":"again","priceCents":1,"removed":0}}"#,
            expected.version
        );
        match &self.broker {
            Broker::Kafka { producer, .. } => {
                self.to_topic(producer, expected, product, &body).await
            }
            Broker::RabbitMq { channel, .. } => self.to_queues(channel, expected, &body).await,
        }
    }

    async fn to_topic(
        &self,
        producer: &FutureProducer,
        expected: &Expected,
        product: &str,
        body: &str,
    ) {
        let topic = format!("{}product-events", self.prefix);
        let id = expected.id.to_string();
        let header = |key, value| Header { key, value };
        let headers = OwnedHeaders::new()
            .insert(header("id", Some(id.as_str())))
            .insert(header(HEADER_ID, Some("by-hand")));
        let record = FutureRecord::to(&topic)
            .key(product)
            .payload(body)
            .headers(headers);
        let sent = producer.send(record, Duration::from_secs(10)).await;
        sent.expect("it is taken");
    }

    async fn to_queues(&self, channel: &Channel, expected: &Expected, body: &str) {
        let lost_by: Vec<usize> = (0..3)
            .filter(|idx| {
                matches!(
                    expected.consumers[*idx],
                    ConsumerVerdict::LostByConsumer | ConsumerVerdict::DeadLettered
                )
            })
            .collect();
        let (exchange, key) = match lost_by.as_slice() {
            [one] => {
                let queue = ["inventory", "search", "storefront"][*one];
                (String::new(), format!("{}{queue}", self.prefix))
            }
            _ => (
                format!("{}product-events", self.prefix),
                "ProductSnapshot".to_owned(),
            ),
        };
        let mut headers = FieldTable::default();
        let mark = AMQPValue::LongString("by-hand".into());
        headers.insert(HEADER_ID.into(), mark);
        let properties = BasicProperties::default()
            .with_message_id(expected.id.to_string().into())
            .with_headers(headers);
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let (exchange, key) = (exchange.into(), key.into());
        let publishing = channel.basic_publish(exchange, key, options, body.as_bytes(), properties);
        let confirm = publishing.await.expect("it is written");
        let confirmed = confirm.await.expect("it is confirmed");
        let routed = matches!(confirmed, lapin::Confirmation::Ack(None));
        assert!(routed, "it reached nobody: {confirmed:?}");
    }
}
