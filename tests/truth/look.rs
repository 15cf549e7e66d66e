//! Looks at a world with the real engine and keeps every row of the grid.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tempfile::TempDir;
use waybill_engine::profiles::{MemorySecrets, ProfileStore};
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::{Access, EventRow, GraceSettings, Micros};
use waybill_protocol::{EdgeGrace, Failure, GetRows, OpenTarget, ScanState, Status, TimeSpec};
use waybill_source::Secret;
use waybill_world::World;

use crate::arguments::Arguments;

const PAGE: u32 = 1000;

/// What Waybill said.
pub(crate) struct Looked {
    pub(crate) rows: Vec<EventRow>,
    pub(crate) took_micros: u64,
    /// What began before this need not be there.
    pub(crate) from: Micros,
    /// When it looked last.
    pub(crate) at: Micros,
    /// When an event was late.
    pub(crate) graces: Vec<EdgeGrace>,
    /// What was told of the whole: silent flows, and the sentences of the tabs but the last one.
    pub(crate) told: Vec<String>,
}

/// A core that has the world's profile open, and its folder.
pub(crate) struct Eye {
    pub(crate) core: Core,
    _folder: TempDir,
}

/// Scans the window that was asked for.
pub(crate) async fn look_at(world: &World, arguments: &Arguments) -> anyhow::Result<Looked> {
    let eye = open(world, arguments).await?;
    let took_micros = scan(&eye.core, arguments.window).await?;
    let status = eye.core.status().map_err(said)?;
    let rows = rows(&eye.core, "")
        .await
        .context("failed to read the grid")?;
    eye.core.close().await;
    Ok(Looked {
        rows,
        took_micros,
        from: status.window.from,
        at: status.window.to,
        told: told(&status),
        graces: status.graces,
    })
}

/// What was told of the whole.
pub(crate) fn told(status: &Status) -> Vec<String> {
    let silent = status.silent.iter().map(|flow| &flow.sentence);
    let groups = status.groups.iter().filter(|group| group.class.is_some());
    let groups = groups.map(|group| &group.sentence);
    silent.chain(groups).cloned().collect()
}

/// Opens the world's profile.
pub(crate) async fn open(world: &World, arguments: &Arguments) -> anyhow::Result<Eye> {
    let folder = tempfile::tempdir()?;
    let dirs = Dirs::under(folder.path());
    let mut profile = world.profile(Access::ReadOnly);
    if arguments.learn_grace {
        profile.grace = GraceSettings {
            confirm_secs: profile.grace.confirm_secs,
            ..GraceSettings::default()
        };
    }
    let drivers = Drivers::new(waybill_compose::drivers());
    ProfileStore::new(&dirs.config).save(&toml::to_string(&profile)?, &drivers)?;
    let secrets = world
        .secrets()
        .0
        .into_iter()
        .map(|(name, text)| (name, Secret::new(text)));
    let core = Core::new(drivers, Arc::new(MemorySecrets::with(secrets)), dirs, None);
    core.open(&OpenTarget::Profile(profile.name.clone()))
        .await
        .map_err(said)?;
    Ok(Eye {
        core,
        _folder: folder,
    })
}

/// Reads the last so many seconds to their end; how long that took.
pub(crate) async fn scan(core: &Core, secs: u64) -> anyhow::Result<u64> {
    let window = TimeSpec::Last { secs };
    let status = core.scan_and_wait(window, |_| ()).await.map_err(said)?;
    match status.scan {
        ScanState::Done { took_micros } => Ok(took_micros),
        other => anyhow::bail!("the scan ended as {other:?}"),
    }
}

/// All rows that a filter lets through.
pub(crate) async fn rows(core: &Core, filter: &str) -> anyhow::Result<Vec<EventRow>> {
    let mut all = Vec::new();
    loop {
        let page = GetRows {
            filter: filter.to_owned(),
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

pub(crate) fn said(failure: Failure) -> anyhow::Error {
    anyhow!("{} {}", failure.message, failure.detail)
}
