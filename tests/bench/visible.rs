//! How long after it was published an event stands in the grid, while the company is followed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use waybill_engine::profiles::MemorySecrets;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::EventRow;
use waybill_protocol::{Failure, GetRows, OpenTarget, TimeSpec};
use waybill_source::Secret;
use waybill_world::{LiveOptions, World};

use crate::company;
use crate::figure::Figure;

const RUNS: usize = 3;
/// Events per run.
const EVENTS: usize = 200;
/// Events before the first one.
const WARM_UP: usize = 40;
/// How many a second the company makes.
const EVENTS_PER_SECOND: f64 = 20.0;
/// Between two looks at the grid: short against the budget.
const LOOK: Duration = Duration::from_millis(5);
/// What is not there by then never comes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Milliseconds that 95 of 100 events took, run by run. A copy's own time is when its producer
/// sent it, so the way to the broker is in it.
pub(crate) async fn published_to_visible() -> anyhow::Result<Vec<Figure>> {
    let world = company::found().await?;
    let measured = measure(&world).await;
    world.remove().await?;
    let budget = "<= 250";
    Ok(vec![Figure::alone(
        "published-visible-p95",
        "ms",
        measured?,
        budget,
    )])
}

async fn measure(world: &World) -> anyhow::Result<Vec<f64>> {
    let live = world.run_live(LiveOptions {
        events_per_second: 0.0,
        relay: true,
    })?;
    let folder = tempfile::tempdir()?;
    let core = follow(world, Dirs::under(folder.path())).await?;
    live.set_rate(EVENTS_PER_SECOND);
    let mut known = BTreeSet::new();
    // The tail begins in the meantime.
    watch(&core, &mut known, WARM_UP).await?;
    let mut p95 = Vec::new();
    for _ in 0..RUNS {
        let mut took = watch(&core, &mut known, EVENTS).await?;
        took.sort_by(f64::total_cmp);
        p95.push(took[took.len() * 95 / 100]);
    }
    core.close().await;
    live.stop().await;
    Ok(p95)
}

/// Opens the company and follows it.
async fn follow(world: &World, dirs: Dirs) -> anyhow::Result<Core> {
    let drivers = Drivers::new(waybill_compose::drivers());
    let profile = company::save_profile(world, &drivers, &dirs.config)?;
    let secrets = world.secrets().0.into_iter();
    let secrets = secrets.map(|(name, text)| (name, Secret::new(text)));
    let core = Core::new(drivers, Arc::new(MemorySecrets::with(secrets)), dirs, None);
    core.open(&OpenTarget::Profile(profile))
        .await
        .map_err(said)?;
    let window = TimeSpec::Last { secs: 600 };
    core.scan_and_wait(window, |_| ()).await.map_err(said)?;
    core.live(true).map_err(said)?;
    Ok(core)
}

/// Looks at the grid until enough new copies were seen: how old, in milliseconds, each was then.
async fn watch(core: &Core, known: &mut BTreeSet<u32>, events: usize) -> anyhow::Result<Vec<f64>> {
    let began = Instant::now();
    let mut took = Vec::new();
    while took.len() < events {
        anyhow::ensure!(began.elapsed() < PATIENCE, "too few copies were seen");
        let rows = youngest(core).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64;
        for row in rows {
            if let Some(published) = row.published
                && known.insert(row.no)
            {
                took.push((now - published.0) as f64 / 1000.0);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(took)
}

async fn youngest(core: &Core) -> anyhow::Result<Vec<EventRow>> {
    let asked = GetRows {
        filter: String::new(),
        within: None,
        descending: true,
        offset: 0,
        limit: 100,
    };
    Ok(core.rows(asked).await.map_err(said)?.rows)
}

fn said(failure: Failure) -> anyhow::Error {
    anyhow!("{} {}", failure.message, failure.detail)
}
