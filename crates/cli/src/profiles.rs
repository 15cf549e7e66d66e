//! `waybill profiles`: propose, list, show, check.

mod new;

use std::time::Duration;

use anyhow::Context as _;
use waybill_model::ProbeOutcome;
use waybill_protocol::{CheckProfile, GetProfile, Hello, Probe, ProbeSteps, ProfileProblem};

use crate::args::Profiles;
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::start::Refused;

const LOOK: Duration = Duration::from_millis(50);

pub(crate) async fn run(client: &Client, command: &Profiles) -> anyhow::Result<Exit> {
    match command {
        Profiles::New(args) => new::run(client, args).await,
        Profiles::List => list(client).await,
        Profiles::Show { name } => show(client, name).await,
        Profiles::Template => show(client, "").await,
        Profiles::Check { name, offline } => check(client, name, *offline).await,
        Profiles::Path => {
            let welcome = client.call(Hello {}).await.map_err(Refused)?;
            output::line(&welcome.profiles_folder);
            Ok(Exit::Fine)
        }
    }
}

async fn list(client: &Client) -> anyhow::Result<Exit> {
    let welcome = client.call(Hello {}).await.map_err(Refused)?;
    if welcome.profiles.is_empty() {
        output::line(&format!("No profiles in {} yet.", welcome.profiles_folder));
        output::line("Start with: waybill profiles new --database URL --broker URL");
    }
    for profile in welcome.profiles {
        let problem = if profile.problem.is_empty() {
            ""
        } else {
            "  ! "
        };
        output::line(&format!(
            "{:<20} {}{problem}{}",
            profile.name, profile.subtitle, profile.problem
        ));
    }
    Ok(Exit::Fine)
}

async fn show(client: &Client, name: &str) -> anyhow::Result<Exit> {
    let text = client
        .call(GetProfile {
            name: name.to_owned(),
        })
        .await
        .map_err(Refused)?;
    output::line(text.toml.trim_end());
    for (secret, there) in text.secrets {
        let state = if there {
            "is there"
        } else {
            "is not there yet"
        };
        output::aside(&format!("secret '{secret}' {state}"));
    }
    Ok(Exit::Fine)
}

/// Reads the file, then tries the connections; says at which line and at which step it fails.
async fn check(client: &Client, name: &str, offline: bool) -> anyhow::Result<Exit> {
    let toml = if name.ends_with(".toml") {
        std::fs::read_to_string(name).with_context(|| format!("failed to read {name}"))?
    } else {
        client
            .call(GetProfile {
                name: name.to_owned(),
            })
            .await
            .map_err(Refused)?
            .toml
    };
    let problems = client
        .call(CheckProfile { toml: toml.clone() })
        .await
        .map_err(Refused)?;
    for problem in &problems {
        output::line(&told(problem));
    }
    if !problems.is_empty() {
        return Ok(Exit::Findings);
    }
    output::line("The profile is well-formed.");
    if offline {
        Ok(Exit::Fine)
    } else {
        probe(client, toml).await
    }
}

/// A problem with its line, where it has one, and with what to write instead.
fn told(problem: &ProfileProblem) -> String {
    let line = match problem.line {
        0 => String::new(),
        line => format!("line {line}: "),
    };
    let instead = match problem.suggestion.as_str() {
        "" => String::new(),
        suggestion => format!(" {suggestion}"),
    };
    format!("{line}{}{instead}", problem.message)
}

async fn probe(client: &Client, toml: String) -> anyhow::Result<Exit> {
    let probe = client
        .call(Probe {
            toml,
            secrets: Vec::new(),
        })
        .await
        .map_err(Refused)?;
    let mut shown = 0;
    let mut exit = Exit::Fine;
    loop {
        let probed = client.call(ProbeSteps { probe }).await.map_err(Refused)?;
        for (source, step) in &probed.steps[shown..] {
            let (sign, text) = match &step.outcome {
                ProbeOutcome::Fine(text) => ("ok", text),
                ProbeOutcome::Warn(text) => ("! ", text),
                ProbeOutcome::Failed(text) => {
                    exit = Exit::Unknown;
                    ("NO", text)
                }
            };
            let millis = step.took_micros as f64 / 1000.0;
            output::line(&format!(
                "{sign}  {source}: {}  {text}  ({millis:.1} ms)",
                step.what
            ));
        }
        shown = probed.steps.len();
        if probed.done {
            return Ok(exit);
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_once_and_at_a_line_that_there_is() {
        let problem = |line, suggestion: &str| {
            told(&ProfileProblem {
                line,
                message: "There is no 'sendat' here.".to_owned(),
                suggestion: suggestion.to_owned(),
            })
        };
        assert_eq!(
            [
                problem(3, "Did you mean 'sent-at'?"),
                problem(0, "Remove it."),
                problem(2, ""),
            ],
            [
                "line 3: There is no 'sendat' here. Did you mean 'sent-at'?",
                "There is no 'sendat' here. Remove it.",
                "line 2: There is no 'sendat' here.",
            ]
        );
    }
}
