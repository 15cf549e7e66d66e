//! `waybill journal`: what was resent, and what became of it.

use waybill_protocol::{GetJournal, JournalRun};

use crate::args::Journal;
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::report::plan::outcome;
use crate::start::Refused;

/// What the demo's profile is called in the journal.
const DEMO: &str = "demo";

pub(crate) async fn run(client: &Client, args: &Journal) -> anyhow::Result<Exit> {
    let runs = client
        .call(GetJournal { limit: args.limit })
        .await
        .map_err(Refused)?;
    if args.json {
        output::json(&runs)?;
        return Ok(Exit::Fine);
    }
    if runs.is_empty() {
        output::line("Nothing has been resent yet.");
    }
    for run in runs {
        let cut_off = if run.unfinished { "  CUT OFF" } else { "" };
        output::line(&format!(
            "{}  {}  {}  by {}{cut_off}",
            run.at, run.id, run.profile, run.by
        ));
        if run.unfinished {
            output::line(&format!("  go on with: {}", resume(&run)));
        }
        if !run.reason.is_empty() {
            output::line(&format!("  reason: {}", run.reason));
        }
        if let Some(why) = &run.unproven_form {
            output::line(&format!(
                "  sent although the relay's form was not proven: {why}"
            ));
        }
        for attempt in &run.attempts {
            output::line(&format!("  {}  {}", attempt.event, outcome(&attempt.state)));
        }
    }
    Ok(Exit::Fine)
}

/// What to type to go on with a run that was cut off.
fn resume(run: &JournalRun) -> String {
    let target = if run.profile == DEMO {
        "--demo".to_owned()
    } else {
        format!("--profile {}", run.profile)
    };
    format!("waybill resend {target} --resume {}", run.id)
}
