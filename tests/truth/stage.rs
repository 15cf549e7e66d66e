//! Sets the stage: a world with a past in which things went wrong.

use std::time::Duration;

use anyhow::Context as _;
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, Membership, Planted, World, WorldConfig,
};

use crate::arguments::{Arguments, Broker, Database};

/// One event in this many goes astray by each fault.
const RARITY: usize = 100;

/// What a plain past with several faults can hold. The other faults change what can be known of
/// every event, or happen in live mode only.
const PLANTABLE: [Fault; 8] = [
    Fault::PublishFailsAfterCommit,
    Fault::SentButLost,
    Fault::DualWriteWithoutOutbox,
    Fault::RolledBackAfterPublish,
    Fault::ConsumerSkips,
    Fault::ConsumerPoison,
    Fault::Duplicate,
    Fault::Reorder,
];

/// The world, and what was planted in it.
pub(crate) async fn set(arguments: &Arguments) -> anyhow::Result<(World, Vec<Planted>)> {
    let world = World::create(config(arguments)?)
        .await
        .context("failed to make the world")?;
    let planted = planted(arguments, &world)?;
    let span = HistorySpan {
        events: arguments.events,
        span: Duration::from_secs(45 * 60),
        end: None,
    };
    if let Err(error) = world.history(span, &planted).await {
        world.remove().await.ok();
        return Err(error).context("failed to write a past");
    }
    Ok((world, planted))
}

fn config(arguments: &Arguments) -> anyhow::Result<WorldConfig> {
    let on_servers = arguments.db != Database::Sqlite || arguments.broker != Broker::Mock;
    let servers = if on_servers {
        Some(waybill_services::endpoints()?)
    } else {
        None
    };
    let database = match (arguments.db, &servers) {
        (Database::Postgres, Some(servers)) => DatabaseKind::Postgres {
            url: servers.postgres_url.clone(),
        },
        (Database::Mysql, Some(servers)) => DatabaseKind::MySql {
            url: servers.mysql_url.clone(),
        },
        _ => DatabaseKind::Sqlite {
            dir: tempfile::tempdir()?.keep(),
        },
    };
    let broker = match (arguments.broker, servers) {
        (Broker::Kafka, Some(servers)) => BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
        (Broker::Rabbitmq, Some(servers)) => BrokerKind::RabbitMq {
            amqp_url: servers.amqp_url,
            management_url: servers.rabbit_management_url,
        },
        _ => BrokerKind::Mock,
    };
    let prefix = if on_servers {
        format!("truth-{}-", std::process::id())
    } else {
        String::new()
    };
    Ok(WorldConfig {
        seed: arguments.seed,
        database,
        broker,
        prefix,
        membership: Membership::Assigned,
    })
}

fn planted(arguments: &Arguments, world: &World) -> anyhow::Result<Vec<Planted>> {
    let here = world.faults();
    let faults = match arguments.faults.as_str() {
        "all" => PLANTABLE
            .into_iter()
            .filter(|fault| here.contains(fault))
            .collect(),
        "none" => Vec::new(),
        names => names
            .split(',')
            .map(|name| {
                Fault::from_name(name).with_context(|| format!("there is no fault '{name}'"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?,
    };
    let events = u32::try_from((arguments.events / RARITY).max(1))?;
    Ok(faults
        .into_iter()
        .map(|fault| Planted {
            fault,
            events,
            consumer: None,
        })
        .collect())
}
