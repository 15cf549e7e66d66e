//! `waybill resend`: plan, show, confirm, send, watch.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use waybill_model::{AttemptState, Environment, EventId, Mode, Pace, Plan, ResendId, ShownMessage};
use waybill_protocol::{
    CheckedRoute, ContinueRun, DryRun, GetRows, GetStatus, MakePlan, Opened, RunStatus, Select,
    Send,
};

use crate::args::Resend;
use crate::check::parse_filter;
use crate::client::Client;
use crate::exit::Exit;
use crate::report::plan::{self, PlanDocument, RunDocument};
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
    let plan = make_plan(client, args, mode).await?;
    let routes = client
        .call(DryRun { plan: plan.id })
        .await
        .map_err(Refused)?;
    if args.dry_run && args.json {
        output::json(&PlanDocument::new(&plan, &routes))?;
    } else {
        plan::print(&plan, &routes);
    }
    if args.dry_run {
        return Ok(Exit::Fine);
    }
    if plan.events.is_empty() {
        output::aside("There is nothing to send.");
        say_phantoms(client, args).await?;
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

/// Says that what a filter finds is not sent because it was never stored: no plan takes it up.
async fn say_phantoms(client: &Client, args: &Resend) -> anyhow::Result<()> {
    let Some(filter) = &args.filter else {
        return Ok(());
    };
    let rows = GetRows {
        filter: format!("({filter}) verdict:phantom"),
        within: None,
        descending: false,
        offset: 0,
        limit: 1,
    };
    let found = client.call(rows).await.map_err(Refused)?.total;
    if found > 0 {
        output::aside(&format!(
            "{found} of what the filter finds: published but never stored; sending it again would spread it."
        ));
    }
    Ok(())
}

async fn make_plan(client: &Client, args: &Resend, mode: Mode) -> anyhow::Result<Plan> {
    let samples = args.sample.iter().map(|path| shown(path));
    let samples = samples.collect::<anyhow::Result<Vec<_>>>()?;
    let asked = MakePlan {
        events: chosen(client, args).await?,
        mode,
        pace: Pace {
            per_second: args.rate.max(1),
            ramp: !args.no_ramp,
        },
        unproven_form: args.unproven_form.clone(),
        samples,
    };
    Ok(client.call(asked).await.map_err(Refused)?)
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

/// A received message from a file: a JSON object with `key`, `headers`, `properties` and `body`.
fn shown(path: &Path) -> anyhow::Result<ShownMessage> {
    let what = || format!("failed to read the message in {}", path.display());
    let text = std::fs::read_to_string(path).with_context(what)?;
    let mut message: serde_json::Value = serde_json::from_str(&text).with_context(what)?;
    // A body may be written as the document it is.
    if let Some(body) = message.get_mut("body")
        && !body.is_string()
        && !body.is_null()
    {
        *body = serde_json::Value::String(body.to_string());
    }
    serde_json::from_value(message).with_context(|| {
        format!(
            "{}; write an object with key, headers, properties and body",
            what()
        )
    })
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
            let why = match opened.profile.environment {
                Environment::Production => format!("{} is production", opened.profile.name),
                Environment::Development | Environment::Staging => {
                    "it is not proven how these are written".to_owned()
                }
            };
            bail!("nothing was sent: {why}; confirm with --yes={expected}")
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
