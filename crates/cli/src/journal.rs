//! `waybill journal`: what was resent, and what became of it.

use waybill_protocol::GetJournal;

use crate::args::Journal;
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::report::plan::outcome;
use crate::start::Refused;

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
        let cut_off = if run.unfinished {
            "  CUT OFF; go on with: waybill resend --resume"
        } else {
            ""
        };
        output::line(&format!(
            "{}  {}  {}  by {}{cut_off}",
            run.at, run.id, run.profile, run.by
        ));
        if !run.reason.is_empty() {
            output::line(&format!("  reason: {}", run.reason));
        }
        for attempt in &run.attempts {
            output::line(&format!("  {}  {}", attempt.event, outcome(&attempt.state)));
        }
    }
    Ok(Exit::Fine)
}
