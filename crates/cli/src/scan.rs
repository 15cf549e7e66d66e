//! Opens a target, reads its window, and waits until it is read.

use std::time::Duration;

use waybill_model::Micros;
use waybill_protocol::{GetStatus, Open, OpenTarget, Opened, Scan, ScanState, Status};

use crate::args::{Scope, Target};
use crate::client::Client;
use crate::output;
use crate::start::Refused;

/// How often we look how far the scan is.
const LOOK: Duration = Duration::from_millis(100);

/// Opens what the command line names.
pub(crate) async fn open(client: &Client, target: &Target) -> anyhow::Result<Opened> {
    let target = match &target.profile {
        Some(name) if !target.demo => OpenTarget::Profile(name.clone()),
        _ => OpenTarget::Demo,
    };
    output::progress("Connecting …");
    Ok(client.call(Open { target }).await.map_err(Refused)?)
}

/// Reads the window; the status when it is done, failed places and all.
pub(crate) async fn scan(client: &Client, scope: &Scope) -> anyhow::Result<Status> {
    let window = scope.time_spec(now())?;
    client
        .call(Scan {
            window,
            live: false,
        })
        .await
        .map_err(Refused)?;
    loop {
        let status = client.call(GetStatus {}).await.map_err(Refused)?;
        match &status.scan {
            ScanState::Idle | ScanState::Connecting => output::progress("Connecting …"),
            ScanState::Scanning { pass, share, .. } => {
                output::progress(&format!("Reading, pass {pass}: {:.0} %", share * 100.0));
            }
            ScanState::Done { .. }
            | ScanState::Live
            | ScanState::Stopped
            | ScanState::Failed { .. } => {
                output::end_progress();
                return Ok(status);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn now() -> Micros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Micros(since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }))
}
