//! The profile with which Waybill looks at this company.

use std::collections::BTreeMap;

use url::Url;
use waybill_model::{
    Access, BrokerSettings, BusinessTable, Carrier, Carriers, CompareSettings, Consumer,
    DatabaseSettings, Environment, Flow, GraceSettings, Inbox, OutboxSettings, Profile,
    ScanSettings, Template, Zone,
};

use crate::bus::Bus;
use crate::event::{AGGREGATE_TYPE, ChangeKind};
use crate::store::{SQLITE_FILE, with_database};
use crate::world::Inner;
use crate::{BrokerKind, ConsumerName, DatabaseKind, MessageIds, Secrets, WorldConfig};

const DATABASE_SECRET: &str = "shop-database";
const BROKER_SECRET: &str = "shop-broker";

/// Rebuilds a message from a row of `product_changes`.
const TEMPLATE: &str = r#"{"productId":{product_id},"version":{version},"name":{name},"priceCents":{price_cents},"removed":{removed}}"#;

pub(crate) fn profile(world: &Inner, access: Access) -> Profile {
    Profile {
        name: match world.config.broker {
            BrokerKind::Mock => "demo".to_owned(),
            BrokerKind::Kafka { .. } | BrokerKind::RabbitMq { .. } => {
                format!("{}shop", world.config.prefix)
            }
        },
        environment: Environment::Development,
        access,
        database: database(world),
        databases: BTreeMap::new(),
        broker: broker(world),
        outbox: Some(outbox(world)),
        business: vec![BusinessTable {
            table: "product_changes".to_owned(),
            key: None,
            id: "product_id".to_owned(),
            version: "version".to_owned(),
            changed_at: "changed_at".to_owned(),
            zone: Some(Zone::UTC.to_string()),
            aggregate_type: AGGREGATE_TYPE.to_owned(),
            history: false,
        }],
        flows: vec![flow(world)],
        // The company publishes and consumes within half a second.
        grace: GraceSettings {
            publish_secs: Some(5),
            consume_secs: Some(10),
            confirm_secs: 1,
        },
        scan: ScanSettings::default(),
        masks: Vec::new(),
    }
}

/// The passwords in the world's URLs, by the names the profile gives them.
pub(crate) fn secrets(config: &WorldConfig) -> Secrets {
    let mut secrets = Secrets::default();
    let mut keep = |name: &str, url: &str| {
        if let Some((_, Some(password))) = without_password(url) {
            secrets.0.insert(name.to_owned(), password);
        }
    };
    if let DatabaseKind::Postgres { url } | DatabaseKind::MySql { url } = &config.database {
        keep(DATABASE_SECRET, url);
    }
    if let BrokerKind::RabbitMq { amqp_url, .. } = &config.broker {
        keep(BROKER_SECRET, amqp_url);
    }
    secrets
}

fn database(world: &Inner) -> DatabaseSettings {
    match &world.config.database {
        DatabaseKind::Sqlite { dir } => DatabaseSettings {
            url: format!("sqlite:{}", dir.join(SQLITE_FILE).display()),
            secret: None,
        },
        DatabaseKind::Postgres { url } | DatabaseKind::MySql { url } => {
            let url = with_database(url, &world.names.database()).unwrap_or_default();
            let (url, password) = without_password(&url).unwrap_or_default();
            DatabaseSettings {
                url,
                secret: password.map(|_| DATABASE_SECRET.to_owned()),
            }
        }
    }
}

fn broker(world: &Inner) -> BrokerSettings {
    let mut settings = BrokerSettings {
        url: String::new(),
        management_url: None,
        secret: None,
        options: BTreeMap::new(),
    };
    match (&world.config.broker, &world.bus) {
        (
            BrokerKind::RabbitMq {
                amqp_url,
                management_url,
            },
            _,
        ) => {
            let (url, password) = without_password(amqp_url).unwrap_or_default();
            settings.url = url;
            settings.secret = password.map(|_| BROKER_SECRET.to_owned());
            settings.management_url = without_password(management_url).map(|(url, _)| url);
        }
        (_, Bus::Kafka(bus)) => settings.url = format!("kafka://{}", bus.bootstrap()),
        (BrokerKind::Mock | BrokerKind::Kafka { .. }, Bus::Rabbit(_)) => {}
    }
    settings
}

fn outbox(world: &Inner) -> OutboxSettings {
    let column = |name: &str| Some(name.to_owned());
    OutboxSettings {
        table: "outbox".to_owned(),
        key: "id".to_owned(),
        id: "event_id".to_owned(),
        aggregate_type: column("aggregate_type"),
        aggregate_id: column("aggregate_id"),
        version: column("version"),
        kind: column("type"),
        destination: None,
        payload: column("payload"),
        headers: column("headers"),
        created_at: Some("created_at".to_owned()),
        zone: Some(Zone::UTC.to_string()),
        sent_at: column("sent_at").filter(|_| world.store.marks_sent()),
        due_at: None,
        due_states: Vec::new(),
        only: BTreeMap::new(),
        failed_at: None,
        status: None,
        sent_states: Vec::new(),
        failed_states: Vec::new(),
        attempts: column("attempts"),
        error: column("error"),
        deletes_after_send: world.deletes_after_send(),
        dead_letters: None,
    }
}

fn flow(world: &Inner) -> Flow {
    let names = &world.names;
    let rabbit = matches!(world.bus, Bus::Rabbit(_));
    let audit_stream = if world.looks_elsewhere() {
        names.elsewhere_audit()
    } else {
        names.audit_stream()
    };
    Flow {
        name: "product events".to_owned(),
        destination: world.looked_at(),
        audit_stream: (rabbit && !world.is_unwatched()).then_some(audit_stream),
        routing_key: rabbit.then(|| "{type}".to_owned()),
        carriers: carriers(world.message_ids(), rabbit),
        only: BTreeMap::new(),
        compare: Some(CompareSettings::default()),
        samples: Vec::new(),
        template: Some(Template {
            kind: ChangeKind::Snapshot.wire_name().to_owned(),
            body: TEMPLATE.to_owned(),
        }),
        consumers: ConsumerName::ALL
            .into_iter()
            .map(|name| consumer(world, name, rabbit))
            .collect(),
    }
}

fn consumer(world: &Inner, name: ConsumerName, rabbit: bool) -> Consumer {
    let names = &world.names;
    let dead_letters = if rabbit {
        names.dead_letter_stream(name)
    } else {
        names.dead_letter_topic(name)
    };
    Consumer {
        name: name.as_str().to_owned(),
        group: (!rabbit).then(|| names.reader(name)),
        queue: rabbit.then(|| names.reader(name)),
        inbox: Some(Inbox {
            id: "event_id".to_owned(),
            processed_at: "processed_at".to_owned(),
            ..Inbox::unmapped(name.inbox().to_owned())
        }),
        dead_letters: Some(dead_letters),
        since: world.registered(name),
    }
}

fn carriers(ids: MessageIds, rabbit: bool) -> Carriers {
    let right = if rabbit { in_amqp() } else { in_kafka() };
    match ids {
        MessageIds::Own | MessageIds::Relay | MessageIds::None | MessageIds::Bigserial => {
            return right;
        }
        MessageIds::Content => {
            return Carriers {
                version: Vec::new(),
                ..right
            };
        }
        MessageIds::Wrong => {}
    }
    let request = if rabbit {
        Carrier::CorrelationId
    } else {
        Carrier::Header("correlation-id".to_owned())
    };
    Carriers {
        id: vec![request],
        version: Vec::new(),
        ..right
    }
}

fn in_kafka() -> Carriers {
    Carriers {
        id: vec![Carrier::Header("id".to_owned())],
        kind: vec![Carrier::Header("type".to_owned())],
        aggregate: vec![Carrier::Key],
        version: vec![Carrier::Header("version".to_owned())],
    }
}

fn in_amqp() -> Carriers {
    Carriers {
        id: vec![Carrier::MessageId],
        kind: vec![Carrier::TypeProperty],
        aggregate: vec![Carrier::Header("aggregateId".to_owned())],
        version: vec![Carrier::Header("version".to_owned())],
    }
}

/// The URL without its password, and the password. `None` when it is no URL.
fn without_password(url: &str) -> Option<(String, Option<String>)> {
    let mut url = Url::parse(url).ok()?;
    let password = url.password().map(decoded);
    // Fails only for URLs that cannot have one.
    url.set_password(None).ok();
    Some((url.to_string(), password))
}

/// A URL's `%2f` is a slash in the password itself.
fn decoded(text: &str) -> String {
    let pair = format!("p={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_leave_the_url_and_are_decoded() {
        let (url, password) =
            without_password("amqp://me:a%2Fb+c@127.0.0.1:5672/%2f").expect("it is a URL");
        assert_eq!(url, "amqp://me@127.0.0.1:5672/%2f");
        assert_eq!(password.as_deref(), Some("a/b+c"));
    }
}
