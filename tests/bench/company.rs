//! The company that whole looks are measured on: PostgreSQL and Kafka.

use std::path::Path;

use anyhow::Context as _;
use waybill_engine::Drivers;
use waybill_engine::profiles::ProfileStore;
use waybill_model::Access;
use waybill_world::{BrokerKind, DatabaseKind, Membership, World, WorldConfig};

/// Founds it, with nothing that ever happened.
pub(crate) async fn found() -> anyhow::Result<World> {
    let servers = waybill_services::endpoints()?;
    let world = World::create(WorldConfig {
        seed: 1,
        database: DatabaseKind::Postgres {
            url: servers.postgres_url,
        },
        broker: BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
        prefix: format!("bench-{}-", std::process::id()),
        membership: Membership::Assigned,
    });
    world.await.context("failed to make the company")
}

/// Saves its profile for somebody who may only look, and tells the profile's name.
pub(crate) fn save_profile(
    world: &World,
    drivers: &Drivers,
    config: &Path,
) -> anyhow::Result<String> {
    let profile = world.profile(Access::ReadOnly);
    ProfileStore::new(config).save(&toml::to_string(&profile)?, drivers)?;
    Ok(profile.name)
}
