//! Looks at a world with the real engine and keeps every row of the grid.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use waybill_engine::profiles::MemorySecrets;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::{Access, EventRow};
use waybill_protocol::{Failure, GetRows, OpenTarget, ScanState, TimeSpec};
use waybill_source::Secret;
use waybill_world::World;

const PAGE: u32 = 1000;

/// What Waybill said.
pub(crate) struct Looked {
    pub(crate) rows: Vec<EventRow>,
    pub(crate) took_micros: u64,
}

/// Scans the last hour.
pub(crate) async fn look_at(world: &World) -> anyhow::Result<Looked> {
    let folder = tempfile::tempdir()?;
    let dirs = Dirs::under(folder.path());
    let profile = world.profile(Access::ReadOnly);
    std::fs::create_dir_all(&dirs.config)?;
    let path = dirs.config.join(format!("{}.toml", profile.name));
    std::fs::write(path, toml::to_string(&profile)?)?;
    let secrets = world
        .secrets()
        .0
        .into_iter()
        .map(|(name, text)| (name, Secret::new(text)));
    let drivers = Drivers::new(waybill_compose::drivers());
    let core = Core::new(drivers, Arc::new(MemorySecrets::with(secrets)), dirs, None);
    core.open(&OpenTarget::Profile(profile.name.clone()))
        .await
        .map_err(said)?;
    let window = TimeSpec::Last { secs: 3600 };
    let status = core.scan_and_wait(window, |_| ()).await.map_err(said)?;
    let ScanState::Done { took_micros } = status.scan else {
        anyhow::bail!("the scan ended as {:?}", status.scan);
    };
    let rows = rows(&core).await.context("failed to read the grid")?;
    core.close().await;
    Ok(Looked { rows, took_micros })
}

async fn rows(core: &Core) -> anyhow::Result<Vec<EventRow>> {
    let mut all = Vec::new();
    loop {
        let page = GetRows {
            filter: String::new(),
            within: None,
            descending: false,
            offset: all.len() as u64,
            limit: PAGE,
        };
        let rows = core.rows(page).await.map_err(said)?;
        if rows.rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows.rows);
    }
}

fn said(failure: Failure) -> anyhow::Error {
    anyhow!("{} {}", failure.message, failure.detail)
}
