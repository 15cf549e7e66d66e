//! The proposal, step by step.

use waybill_layouts::BrokerKind;
use waybill_model::{Access, DatabaseSettings};
use waybill_protocol::{Code, Failure};
use waybill_source::Topology;

use super::inboxes::Base;
use super::job::Job;
use super::outbox::{Outbox, choose};
use super::{Asked, Proposed, Subject, Witness};
use crate::profiles::is_secret;
use crate::session::{BROKER, DATABASE, Opening, open_broker, open_database};
use crate::tables::{dbms_of, look};
use crate::{Drivers, failure};

/// Rows that tell what values a column has.
const SAMPLED_ROWS: u32 = 200;

/// Proposes a profile. The witness is told each step as it is begun, and what was seen.
pub(crate) async fn propose(
    asked: &Asked,
    opening: &Opening,
    witness: &mut dyn Witness,
) -> Result<Proposed, Failure> {
    no_passwords(asked)?;
    witness.doing(&format!("Looking at the tables of {}", asked.database.url));
    let own = open_base(None, &asked.database, opening).await?;
    witness.tables(None, &own.tables.of_address(&own.url));
    let proposed = with_tables(asked, opening, &own, witness).await;
    own.database.close().await;
    proposed
}

async fn with_tables(
    asked: &Asked,
    opening: &Opening,
    own: &Base,
    witness: &mut dyn Witness,
) -> Result<Proposed, Failure> {
    let is_business = asked.is_settled(&Subject::Business);
    let chosen = if is_business {
        None
    } else {
        match (choose(&own.tables, asked), &asked.business) {
            (Ok(outbox), _) => Some(Ok(outbox)),
            (Err(failure), Some(_)) if failure.code == Code::NoOutbox => Some(Err(failure)),
            (Err(failure), _) => return Err(failure),
        }
    };
    let chosen = match chosen {
        Some(Ok(outbox)) => Some(Ok(taken(outbox, own, witness).await)),
        other => other,
    };
    witness.doing(&format!("Looking at {}", asked.broker.url));
    let broker = open_broker(&asked.broker, Access::ReadOnly, opening).await;
    let (broker, chosen) = match (broker, chosen) {
        (Ok(broker), chosen) => (broker, chosen),
        // What is wrong with the tables was known before.
        (Err(_), Some(Err(failure))) => return Err(failure),
        (Err(unreachable), _) => return Err(unreachable),
    };
    let kind = broker_kind(&opening.drivers, &asked.broker.url)?;
    let mut bases = Vec::new();
    for (name, settings) in &asked.databases {
        witness.doing(&format!("Looking at the tables of {}", settings.url));
        let base = open_base(Some(name), settings, opening).await?;
        witness.tables(Some(name), &base.tables.of_address(&base.url));
        bases.push(base);
    }
    let topology = broker.topology().await;
    let (topology, trouble) = match topology {
        Ok(topology) => (topology, None),
        Err(error) => (Topology::default(), Some(error.chain())),
    };
    witness.broker(kind, &topology);
    let mut job = Job {
        asked,
        own,
        bases,
        broker,
        kind,
        topology,
        rest: trouble.into_iter().collect(),
    };
    let mut say = |step: &str| witness.doing(step);
    let proposed = job.with(chosen, &opening.drivers, &mut say).await;
    job.close().await;
    proposed
}

/// An outbox was taken: says so, and has a look at more of its rows.
async fn taken(mut outbox: Outbox, own: &Base, witness: &mut dyn Witness) -> Outbox {
    witness.doing(&format!(
        "{}: {}",
        outbox.settings.table,
        outbox.why.join(" ")
    ));
    witness.outbox(&outbox.settings);
    let name = outbox.table.full_name();
    // More rows tell more destinations; where they cannot be read, the read itself says so.
    if let Ok(sample) = own.database.sample(&name, SAMPLED_ROWS).await {
        outbox.table.rows = sample.rows;
    }
    outbox
}

async fn open_base(
    name: Option<&String>,
    settings: &DatabaseSettings,
    opening: &Opening,
) -> Result<Base, Failure> {
    let source = name.map_or(DATABASE, String::as_str);
    let of_source = |error| failure::of_source(source, &error);
    let driver = opening.drivers.of_url(&settings.url).map_err(of_source)?;
    let dbms = dbms_of(driver.name())?;
    let database = open_database(source, settings, opening).await?;
    match look(&database, dbms).await {
        Ok(tables) => Ok(Base {
            name: name.cloned(),
            url: settings.url.clone(),
            database,
            tables,
        }),
        Err(error) => {
            database.close().await;
            Err(of_source(error))
        }
    }
}

fn broker_kind(drivers: &Drivers, url: &str) -> Result<BrokerKind, Failure> {
    let driver = drivers.of_url(url);
    match driver
        .map_err(|error| failure::of_source(BROKER, &error))?
        .name()
    {
        "kafka" => Ok(BrokerKind::Kafka),
        "rabbitmq" | "amqp" => Ok(BrokerKind::RabbitMq),
        other => Err(Failure::new(
            Code::BadProfile,
            format!("'{other}' is no broker that a profile can be proposed for."),
        )),
    }
}

fn no_passwords(asked: &Asked) -> Result<(), Failure> {
    let databases = asked.databases.values().map(|database| &database.url);
    let urls = [&asked.database.url, &asked.broker.url];
    let urls = urls
        .into_iter()
        .chain(&asked.broker.management_url)
        .chain(databases);
    for url in urls {
        crate::core::no_secrets(url)?;
    }
    let mut options = asked.broker.options.iter();
    match options.find(|(name, value)| is_secret(name, value)) {
        None => Ok(()),
        Some((name, _)) => Err(Failure::new(
            Code::BadProfile,
            format!("'{name}' holds a password, which others can read here and in the profile."),
        )
        .hint("Leave it out, name the password with --broker-secret NAME, and put it into the keychain or into WAYBILL_SECRET_NAME.")),
    }
}
