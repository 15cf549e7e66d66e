//! Sets the stage: a world with a past in which things went wrong.

#[cfg(test)]
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, Membership, MessageIds, World, WorldConfig,
};

use crate::arguments::{Arguments, Broker, Database, Ids, Outbox};

/// How many worlds this process has made on servers: each has names of its own.
static WORLDS: AtomicU32 = AtomicU32::new(0);

/// How long a past is.
const SPAN: Duration = Duration::from_secs(45 * 60);

/// RabbitMQ counts what is in its queues every five seconds.
const COUNTED: Duration = Duration::from_secs(6);

/// A world, and the folder it lies in where it lies in one.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) world: World,
    /// Goes with it, whatever happens.
    folder: Option<TempDir>,
}

impl Stage {
    /// Deletes what was made on servers and on the disk.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        let removed = self.world.remove().await;
        if let Some(folder) = self.folder {
            folder
                .close()
                .context("failed to delete the world's folder")?;
        }
        Ok(removed?)
    }
}

/// An empty world.
pub(crate) async fn set(arguments: &Arguments) -> anyhow::Result<Stage> {
    stage(arguments, tempfile::tempdir).await
}

/// The same, with its folder in this one.
#[cfg(test)]
pub(crate) async fn set_in(arguments: &Arguments, above: &Path) -> anyhow::Result<Stage> {
    stage(arguments, || tempfile::tempdir_in(above)).await
}

async fn stage(
    arguments: &Arguments,
    folder: impl FnOnce() -> std::io::Result<TempDir>,
) -> anyhow::Result<Stage> {
    let deletes = arguments.outbox == Outbox::Deletes;
    ensure!(
        !deletes || arguments.ids == Ids::Own,
        "--outbox deletes leaves nothing but ids to put rows and messages together: use --ids own"
    );
    let folder = match arguments.db {
        Database::Sqlite => Some(folder()?),
        Database::Postgres | Database::Mysql => None,
    };
    let world = World::create(config(arguments, folder.as_ref())?)
        .await
        .context("failed to make the world")?;
    let stage = Stage { world, folder };
    if let Err(error) = arrange(arguments, &stage.world).await {
        // What was made goes; the error to report is the first one.
        stage.remove().await.ok();
        return Err(error);
    }
    Ok(stage)
}

async fn arrange(arguments: &Arguments, world: &World) -> anyhow::Result<()> {
    world
        .carry_ids(match arguments.ids {
            Ids::Own => MessageIds::Own,
            Ids::Relay => MessageIds::Relay,
            Ids::None => MessageIds::None,
            Ids::Wrong => MessageIds::Wrong,
            Ids::Bigserial => MessageIds::Bigserial,
            Ids::Content => MessageIds::Content,
        })
        .await?;
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
    let written = match arguments.situation {
        Some(situation) => world.history_of(span, situation).await,
        None => {
            world
                .history_by_chance(span, faults, arguments.one_in)
                .await
        }
    };
    written.context("failed to write a past")?;
    if arguments.broker == Broker::Rabbitmq {
        // A company whose past is this old has not emptied its queues a second ago.
        tokio::time::sleep(COUNTED).await;
    }
    Ok(())
}

fn config(arguments: &Arguments, folder: Option<&TempDir>) -> anyhow::Result<WorldConfig> {
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
            dir: folder.map(|it| it.path().to_owned()).unwrap_or_default(),
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
        let nth = WORLDS.fetch_add(1, Ordering::Relaxed);
        format!("truth-{}-{nth}-", std::process::id())
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
