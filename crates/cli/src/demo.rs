//! `waybill demo`: the built-in company.

use anyhow::Context as _;
use waybill_engine::DemoHost as _;
use waybill_protocol::{BreakIt, GetFaults, Open, OpenTarget, ResetDemo};

use crate::args::{Demo, DemoCommand, Target};
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::start::Refused;

pub(crate) async fn run(client: &Client, args: &Demo) -> anyhow::Result<Exit> {
    match args.what.as_ref().unwrap_or(&DemoCommand::Show) {
        DemoCommand::Show => show(client).await,
        DemoCommand::Truth => {
            let truth = client
                .demo()
                .truth()
                .await
                .map_err(|source| anyhow::anyhow!(source));
            let truth = truth.context("failed to read what really happened")?;
            output::json(&truth)?;
            Ok(Exit::Fine)
        }
        DemoCommand::Faults => faults(client).await,
        DemoCommand::Break { fault } => {
            client
                .call(Open {
                    target: OpenTarget::Demo,
                })
                .await
                .map_err(Refused)?;
            let sentence = client
                .call(BreakIt {
                    fault: fault.clone(),
                })
                .await
                .map_err(Refused)?;
            client
                .demo()
                .save()
                .await
                .map_err(|source| anyhow::anyhow!(source))?;
            output::line(&sentence);
            Ok(Exit::Fine)
        }
        DemoCommand::Reset => {
            client.call(ResetDemo {}).await.map_err(Refused)?;
            output::line("The demo starts with a fresh hour of history.");
            Ok(Exit::Fine)
        }
    }
}

async fn show(client: &Client) -> anyhow::Result<Exit> {
    let opened = client
        .call(Open {
            target: OpenTarget::Demo,
        })
        .await
        .map_err(Refused)?;
    output::line(&format!(
        "{}: {}",
        opened.profile.name, opened.profile.subtitle
    ));
    output::line(&format!("Consumers: {}", opened.consumers.join(", ")));
    output::line("Look:   waybill check --demo");
    output::line("Break:  waybill demo faults, then waybill demo break FAULT");
    output::line(
        "Mend:   waybill resend --demo --filter 'verdict:missing or verdict:dead-lettered' --yes",
    );
    Ok(Exit::Fine)
}

async fn faults(client: &Client) -> anyhow::Result<Exit> {
    client
        .call(Open {
            target: OpenTarget::Demo,
        })
        .await
        .map_err(Refused)?;
    for fault in client.call(GetFaults {}).await.map_err(Refused)? {
        output::line(&format!("{:<28} {}", fault.name, fault.sentence));
    }
    Ok(Exit::Fine)
}

impl Client {
    /// Keeps what the demo's broker holds, when the target is the demo: it dies with this process.
    pub(crate) async fn save_demo(&self, target: &Target) -> anyhow::Result<()> {
        if !target.demo {
            return Ok(());
        }
        let saved = self.demo().save().await;
        saved
            .map_err(|source| anyhow::anyhow!(source))
            .context("failed to keep the demo")
    }
}
