//! `waybill check` as a user runs it: a window of many rows and messages, three consumers with
//! inboxes, on PostgreSQL and Kafka. How long it takes, and how much memory at most.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use waybill_engine::Drivers;
use waybill_engine::profiles::environment_variable;
use waybill_world::{Fault, HistorySpan, Planted, World};

use crate::company;
use crate::figure::Figure;

/// Events of each planted fault, so that the check has something to find.
const PLANTED: u32 = 10;
const FAULTS: [Fault; 3] = [
    Fault::SentButLost,
    Fault::ConsumerSkips,
    Fault::RolledBackAfterPublish,
];
/// How often the running check is asked for its peak.
const LOOK: Duration = Duration::from_millis(20);

/// Seconds and mebibytes of one check over `n` events.
pub(crate) async fn whole(n: usize) -> anyhow::Result<Vec<Figure>> {
    let world = company::found().await?;
    let measured = measure(&world, n).await;
    world.remove().await?;
    let (seconds, mebibytes) = measured?;
    let none = "no budget";
    Ok(vec![
        Figure::alone("check-postgres-kafka", "s", vec![seconds], none),
        Figure::alone("check-peak-memory", "MiB", vec![mebibytes], none),
    ])
}

async fn measure(world: &World, n: usize) -> anyhow::Result<(f64, f64)> {
    let span = HistorySpan {
        events: n,
        span: Duration::from_secs(50 * 60),
        end: None,
    };
    let planted = FAULTS.map(|fault| Planted {
        fault,
        events: PLANTED,
        consumer: None,
    });
    world.history(span, &planted).await?;
    let folder = tempfile::tempdir()?;
    let printed = folder.path().join("check.json");
    let began = Instant::now();
    let child = start(world, folder.path(), &printed)?;
    let (status, mebibytes) = watch(child)?;
    let seconds = began.elapsed().as_secs_f64();
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&printed)?)?;
    let count = |class: &str| told["counts"][class].as_u64().unwrap_or(0);
    let wanted = u64::from(PLANTED) * FAULTS.len() as u64;
    anyhow::ensure!(
        status.code() == Some(1)
            && told["counts"]["total"] == n as u64
            && count("missing") + count("phantom") == wanted,
        "the check said {} and ended with {status}",
        told["counts"]
    );
    Ok((seconds, mebibytes))
}

fn start(world: &World, folder: &Path, printed: &Path) -> anyhow::Result<Child> {
    let config = folder.join("config");
    let drivers = Drivers::new(waybill_compose::drivers());
    let profile = company::save_profile(world, &drivers, &config)?;
    let secrets = world.secrets().0.into_iter();
    Command::new(program()?)
        .args(["check", "--json", "--since", "1h", "--profile"])
        .arg(profile)
        .env("WAYBILL_CONFIG_DIR", config)
        .env("WAYBILL_DATA_DIR", folder.join("data"))
        .envs(secrets.map(|(name, text)| (environment_variable(&name), text)))
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(printed)?)
        .stderr(Stdio::null())
        .spawn()
        .context("failed to start waybill")
}

/// Waits for its end; the most memory it ever held, as the system counts it.
fn watch(mut child: Child) -> anyhow::Result<(ExitStatus, f64)> {
    let mut peak = 0.0;
    loop {
        if let Some(kibibytes) = peak_of(child.id()) {
            peak = kibibytes / 1024.0;
        }
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak));
        }
        sleep(LOOK);
    }
}

/// `VmHWM` of a running process, in KiB.
fn peak_of(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Built beside this program by `cargo xtask bench`.
fn program() -> anyhow::Result<PathBuf> {
    let ours = std::env::current_exe()?;
    let program = ours.with_file_name("waybill");
    anyhow::ensure!(
        program.exists(),
        "{} is not there: cargo xtask bench builds it",
        program.display()
    );
    Ok(program)
}
