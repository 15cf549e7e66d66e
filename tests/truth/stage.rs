//! Sets the stage: a world with a past in which things went wrong.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, Membership, MessageIds, World, WorldConfig,
};

use crate::arguments::{Arguments, Broker, Database, Ids, Outbox};

/// How long a past is.
const SPAN: Duration = Duration::from_secs(45 * 60);

/// RabbitMQ counts what is in its queues every five seconds.
const COUNTED: Duration = Duration::from_secs(6);

/// An empty world.
pub(crate) async fn set(arguments: &Arguments) -> anyhow::Result<World> {
    let deletes = arguments.outbox == Outbox::Deletes;
    ensure!(
        !deletes || arguments.ids == Ids::Own,
        "--outbox deletes leaves nothing but ids to put rows and messages together: use --ids own"
    );
    let world = World::create(config(arguments)?)
        .await
        .context("failed to make the world")?;
    world.carry_ids(match arguments.ids {
        Ids::Own => MessageIds::Own,
        Ids::Relay => MessageIds::Relay,
        Ids::None => MessageIds::None,
        Ids::Wrong => MessageIds::Wrong,
    })?;
    if let Err(error) = arrange(arguments, &world).await {
        // What was made on servers goes; the error to report is the first one.
        world.remove().await.ok();
        return Err(error);
    }
    Ok(world)
}

async fn arrange(arguments: &Arguments, world: &World) -> anyhow::Result<()> {
    if arguments.outbox == Outbox::Deletes {
        world.keep_no_sent_rows().await?;
    }
    if arguments.no_audit_stream {
        world.have_no_audit_stream()?;
    }
    Ok(())
}

/// Writes a past in which these faults hit whom they hit.
pub(crate) async fn write_past(
    arguments: &Arguments,
    world: &World,
    faults: &[Fault],
) -> anyhow::Result<()> {
    let span = HistorySpan {
        events: arguments.events,
        span: SPAN,
        end: None,
    };
    world
        .history_by_chance(span, faults, arguments.one_in)
        .await
        .context("failed to write a past")?;
    if arguments.broker == Broker::Rabbitmq {
        // A company whose past is this old has not emptied its queues a second ago.
        tokio::time::sleep(COUNTED).await;
    }
    Ok(())
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
