//! Where messages carry what, for a library or in general.

use std::sync::OnceLock;

use serde::Deserialize;
use waybill_model::{Carrier, Carriers};

use crate::{BrokerKind, Layout, OnBroker};

/// The general carriers of both brokers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct General {
    rabbitmq: OnBroker,
    kafka: OnBroker,
}

/// Where messages on a broker carry what when nothing is known about their sender.
///
/// # Panics
/// When the data file cannot be read, which a test of this crate shows first.
pub fn general_carriers(broker: BrokerKind) -> &'static OnBroker {
    static GENERAL: OnceLock<General> = OnceLock::new();
    let general = GENERAL.get_or_init(|| {
        toml::from_str(include_str!("../data/carriers.toml"))
            .unwrap_or_else(|error| panic!("data/carriers.toml: {error}"))
    });
    match broker {
        BrokerKind::RabbitMq => &general.rabbitmq,
        BrokerKind::Kafka => &general.kafka,
    }
}

impl OnBroker {
    /// As a profile holds them; what is not known is taken from `general`.
    fn carriers_or(&self, general: &Self) -> Carriers {
        let known = |own: &Vec<Carrier>, general: &Vec<Carrier>| match own.as_slice() {
            [] => general.clone(),
            own => own.to_vec(),
        };
        Carriers {
            id: known(&self.id, &general.id),
            kind: known(&self.kind, &general.kind),
            aggregate: known(&self.aggregate, &general.aggregate),
            version: known(&self.version, &general.version),
        }
    }
}

impl Layout {
    /// Its messages on a broker; `None` where it has no say in them.
    pub fn on(&self, broker: BrokerKind) -> Option<&OnBroker> {
        match broker {
            BrokerKind::RabbitMq => self.rabbitmq.as_ref(),
            BrokerKind::Kafka => self.kafka.as_ref(),
        }
    }

    /// Where its messages carry what; in general where it does not say.
    pub fn carriers(&self, broker: BrokerKind) -> Carriers {
        let general = general_carriers(broker);
        self.on(broker).unwrap_or(general).carriers_or(general)
    }

    /// Where its messages carry the trace context, in order of trust.
    pub fn trace_carriers(&self, broker: BrokerKind) -> &[Carrier] {
        match self.on(broker) {
            Some(on) if !on.trace.is_empty() => &on.trace,
            _ => &general_carriers(broker).trace,
        }
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::canonical_id;

    use super::*;
    use crate::{IdShape, layout, layouts};

    const BROKERS: [BrokerKind; 2] = [BrokerKind::RabbitMq, BrokerKind::Kafka];

    #[test]
    fn what_a_library_does_not_say_is_looked_for_in_general() {
        let debezium = layout("debezium").expect("it is known");
        let on_kafka = debezium.carriers(BrokerKind::Kafka);
        assert_eq!(on_kafka.id, [Carrier::Header("id".to_owned())]);
        assert_eq!(
            on_kafka.version,
            general_carriers(BrokerKind::Kafka).version
        );
        assert!(debezium.on(BrokerKind::RabbitMq).is_none());
        let on_rabbitmq = debezium.carriers(BrokerKind::RabbitMq);
        assert_eq!(on_rabbitmq.id, general_carriers(BrokerKind::RabbitMq).id);
    }

    #[test]
    fn every_brokers_general_list_has_all_that_is_asked_for() {
        for broker in BROKERS {
            let general = general_carriers(broker);
            for list in [
                &general.id,
                &general.kind,
                &general.aggregate,
                &general.version,
                &general.trace,
            ] {
                assert!(!list.is_empty(), "{broker:?}");
            }
        }
    }

    /// What an id of this shape looks like in a table, or on a broker.
    fn spelled(shape: IdShape) -> &'static str {
        match shape {
            IdShape::Uuid | IdShape::UuidOrBytes => "0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20",
            IdShape::UuidWithoutDashes => "0b5f3c8a9d1e4f6a8c2b7e4d5a6f1b20",
            // Eight bytes are read as the number they are.
            IdShape::Number | IdShape::NumberInBytes => "1462548291038765056",
            IdShape::HexHalves => "0000017c6f1c0001-0242ac1200070000",
            IdShape::Text => "Order-7",
        }
    }

    #[test]
    fn every_librarys_ids_join_table_and_broker() {
        let mut n_joined = 0;
        for layout in layouts() {
            let outboxes = layout
                .tables
                .iter()
                .filter(|table| table.published.is_some());
            for (table, broker) in outboxes.flat_map(|table| BROKERS.map(|broker| (table, broker)))
            {
                let Some(on) = layout.on(broker).filter(|on| !on.id.is_empty()) else {
                    continue;
                };
                let stored = table
                    .id_shape
                    .expect("an outbox says what its ids look like");
                let sent = on.id_shape.unwrap_or(stored);
                let (stored, sent) = (canonical_id(spelled(stored)), canonical_id(spelled(sent)));
                assert_eq!(stored, sent, "{} {broker:?}", table.id);
                n_joined += 1;
            }
        }
        assert!(n_joined > 20, "{n_joined} joins");
    }

    #[test]
    fn a_brokers_own_property_comes_behind_the_libraries_headers() {
        let id = &general_carriers(BrokerKind::RabbitMq).id;
        let position = |carrier: Carrier| id.iter().position(|other| *other == carrier);
        let header = |name: &str| Carrier::Header(name.to_owned());
        assert!(position(header("cap-msg-id")) < position(Carrier::MessageId));
        assert!(position(header("x-original-message-id")) < position(Carrier::MessageId));
        assert!(position(Carrier::MessageId) < position(header("id")));
    }
}
