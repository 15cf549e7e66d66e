//! `waybill resend`: plan, show, confirm, send, watch.

use std::time::Duration;

use anyhow::{Context as _, bail};
use waybill_model::{AttemptState, EventId, Mode, Pace, Plan, ResendId};
use waybill_protocol::{
    CheckedRoute, ContinueRun, DryRun, GetRows, GetStatus, MakePlan, Opened, RunStatus, Select,
    Send,
};

use crate::args::Resend;
use crate::check::parse_filter;
use crate::client::Client;
use crate::exit::Exit;
use crate::report::plan::{self, RunDocument};
use crate::start::Refused;
use crate::{output, scan};

const LOOK: Duration = Duration::from_millis(100);

pub(crate) async fn run(client: &Client, args: &Resend) -> anyhow::Result<Exit> {
    parse_filter(args.filter.as_deref().unwrap_or_default())?;
    let mode = mode(&args.mode)?;
    let opened = scan::open(client, &args.target).await?;
    if !opened.read_only_reason.is_empty() && !args.dry_run {
        bail!("{}", opened.read_only_reason);
    }
    scan::scan(client, &args.scope).await?;
    if let Some(run) = &args.resume {
        let run = ResendId(
            run.parse()
                .with_context(|| format!("'{run}' is not the id of a run"))?,
        );
        client.call(ContinueRun { run }).await.map_err(Refused)?;
        return watch(client, args, run).await;
    }
    let events = chosen(client, args).await?;
    let pace = Pace {
        per_second: args.rate.max(1),
        ramp: !args.no_ramp,
    };
    let plan = client
        .call(MakePlan { events, mode, pace })
        .await
        .map_err(Refused)?;
    let routes = client
        .call(DryRun { plan: plan.id })
        .await
        .map_err(Refused)?;
    plan::print(&plan, &routes);
    if args.dry_run {
        return Ok(Exit::Fine);
    }
    if plan.events.is_empty() {
        output::aside("There is nothing to send.");
        return Ok(if plan.left_out.is_empty() {
            Exit::Fine
        } else {
            Exit::Findings
        });
    }
    refuse_unreachable(&routes)?;
    let typed = confirmation(args, &plan, &opened)?;
    let order = Send {
        plan: plan.id,
        typed,
        reason: args.reason.clone(),
    };
    client.call(order).await.map_err(Refused)?;
    watch(client, args, plan.id).await
}

fn mode(text: &str) -> anyhow::Result<Mode> {
    match text.split_once(':') {
        Some(("consumer", name)) if !name.is_empty() => Ok(Mode::OneConsumer {
            consumer: name.to_owned(),
        }),
        None if text == "everyone" => Ok(Mode::Everyone),
        _ => bail!("'{text}' is not a mode; write everyone or consumer:NAME"),
    }
}

/// The numbers of the events that filter or file name.
async fn chosen(client: &Client, args: &Resend) -> anyhow::Result<Vec<u32>> {
    if let Some(filter) = &args.filter {
        let select = Select {
            filter: filter.clone(),
            within: None,
        };
        return Ok(client.call(select).await.map_err(Refused)?);
    }
    let mut events = Vec::new();
    for id in ids(args)? {
        let rows = GetRows {
            filter: format!(
                "id:\"{}\"",
                id.as_str().replace('\\', "\\\\").replace('"', "\\\"")
            ),
            within: None,
            descending: false,
            offset: 0,
            limit: 1,
        };
        match client.call(rows).await.map_err(Refused)?.rows.first() {
            Some(row) => events.push(row.no),
            None => output::aside(&format!("No event {id} in this window; it is left out.")),
        }
    }
    Ok(events)
}

fn ids(args: &Resend) -> anyhow::Result<Vec<EventId>> {
    let Some(path) = &args.ids else {
        return Ok(Vec::new());
    };
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
            .context("failed to read ids from standard input")?
    } else {
        std::fs::read_to_string(path)
            .with_context(|| format!("failed to read ids from {}", path.display()))?
    };
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(EventId::from_any_spelling)
        .collect())
}

fn refuse_unreachable(routes: &[CheckedRoute]) -> anyhow::Result<()> {
    match routes.iter().find(|route| !route.check.reachable) {
        Some(route) => bail!(
            "nothing was sent: {} would not arrive at '{}': {}",
            route.events,
            route.route.destination,
            route.check.notes.join("; ")
        ),
        None => Ok(()),
    }
}

/// What goes along as typed confirmation; asks where nothing was given.
fn confirmation(args: &Resend, plan: &Plan, opened: &Opened) -> anyhow::Result<String> {
    match (&args.yes, &plan.typed_confirmation) {
        (Some(_), None) => Ok(String::new()),
        (Some(name), Some(expected)) if name == expected => Ok(name.clone()),
        (Some(_), Some(expected)) => {
            bail!(
                "nothing was sent: {} is production; confirm with --yes={expected}",
                opened.profile.name
            )
        }
        (None, Some(expected)) => {
            let text = format!("Type {expected} to send {} events:", plan.events.len());
            output::question(&text)?
                .with_context(|| format!("nothing was sent: confirm with --yes={expected}"))
        }
        (None, None) => {
            let text = format!("Send {} events? [y/N]", plan.events.len());
            match output::question(&text)?.as_deref() {
                Some("y" | "Y" | "yes") => Ok(String::new()),
                Some(_) => bail!("nothing was sent"),
                None => bail!("nothing was sent: confirm with --yes"),
            }
        }
    }
}

/// Follows the run to its end. 0 when every event has taken effect or needed no sending.
async fn watch(client: &Client, args: &Resend, run: ResendId) -> anyhow::Result<Exit> {
    let ended = loop {
        let status = client.call(GetStatus {}).await.map_err(Refused)?;
        match status.run {
            Some(state) if state.id == run && !state.running => break state,
            Some(state) => output::progress(&state.doing),
            None => {}
        }
        tokio::time::sleep(LOOK).await;
    };
    output::end_progress();
    client.save_demo(&args.target).await?;
    if args.json {
        output::json(&RunDocument::from(&ended))?;
    } else {
        plan::print_run(&ended);
    }
    Ok(if all_well(&ended) {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn all_well(run: &RunStatus) -> bool {
    let well = |state: &AttemptState| {
        matches!(
            state,
            AttemptState::Effective | AttemptState::Skipped { .. }
        )
    };
    run.attempts.iter().all(|attempt| well(&attempt.state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_or_refused() {
        assert_eq!(mode("everyone").ok(), Some(Mode::Everyone));
        let search = Mode::OneConsumer {
            consumer: "search".to_owned(),
        };
        assert_eq!(mode("consumer:search").ok(), Some(search));
        for wrong in ["", "consumer:", "all", "queue:search"] {
            assert!(mode(wrong).is_err(), "{wrong}");
        }
    }
}
