//! Calls of the wizard: propose a profile, read rows by a mapping, write a profile down.

use std::sync::Arc;

use waybill_layouts::BrokerKind;
use waybill_model::{OutboxSettings, ProbeOutcome};
use waybill_protocol::{
    Code, Failure, GetProposing, MappedRow, Propose, Proposing, ReadMapping, WriteProfile, Written,
};
use waybill_source::Topology;

use super::Core;
use super::background::{SoFar, locked};
use super::probes::test;
use crate::propose::{Asked, Witness, propose, read_mapping, seen_broker, seen_tables, written};
use crate::session::{DATABASE, Opening, open_database};
use crate::tables::Tables;
use crate::{failure, profiles};

impl Core {
    /// Starts to look at database and broker, to propose a profile; its number.
    pub async fn propose(&self, order: Propose) -> Result<u64, Failure> {
        let opening = self.opening_with(order.secrets.0);
        Ok(self.inner.proposals.start(|so_far| async move {
            let ended = work(&order.asked, order.test, &opening, &so_far).await;
            let mut so_far = locked(&so_far);
            match ended {
                Ok(proposed) => so_far.proposed = Some(Box::new(proposed)),
                Err(failure) => so_far.failure = Some(failure),
            }
            so_far.done = true;
        }))
    }

    /// How far a proposal is. What is long comes with its end only: it is asked for often.
    pub fn proposing(&self, asked: &GetProposing) -> Result<Proposing, Failure> {
        let mut so_far = self.inner.proposals.so_far(asked.no)?;
        if !so_far.done {
            so_far.tables.clear();
            so_far.broker = None;
        }
        Ok(so_far)
    }

    /// Reads some rows of an outbox as a mapping says. Looks only.
    pub async fn read_mapping(&self, asked: ReadMapping) -> Result<Vec<MappedRow>, Failure> {
        super::no_secrets(&asked.database.url)?;
        let opening = self.opening_with(asked.secrets.0);
        let database = open_database(DATABASE, &asked.database, &opening).await?;
        let rows = read_mapping(&database, &asked.outbox).await;
        database.close().await;
        rows.map_err(|error| failure::of_source(DATABASE, &error))
    }

    /// A profile's text with its reasons, and what is wrong with it.
    pub fn write_profile(&self, asked: &WriteProfile) -> Written {
        let toml = written(&asked.profile, &asked.why);
        Written {
            problems: profiles::check(&toml, &self.inner.drivers),
            toml,
        }
    }
}

async fn work(
    asked: &Asked,
    first_test: bool,
    opening: &Opening,
    so_far: &SoFar<Proposing>,
) -> Result<crate::propose::Proposed, Failure> {
    if first_test {
        tested(asked, opening, so_far).await?;
    }
    propose(asked, opening, &mut Noting(Arc::clone(so_far))).await
}

/// Tests every connection. What cannot be reached is not looked at.
async fn tested(
    asked: &Asked,
    opening: &Opening,
    so_far: &SoFar<Proposing>,
) -> Result<(), Failure> {
    let own = (DATABASE.to_owned(), asked.database.clone());
    let others = asked.databases.iter();
    let others = others.map(|(name, settings)| (name.clone(), settings.clone()));
    let databases: Vec<_> = std::iter::once(own).chain(others).collect();
    let note = |connection: &str, step| {
        locked(so_far).steps.push((connection.to_owned(), step));
    };
    test(&databases, &asked.broker, opening, &note).await;
    let steps = &locked(so_far).steps;
    let failed = steps.iter().find_map(|(name, step)| match &step.outcome {
        ProbeOutcome::Failed(why) => Some((name, step, why)),
        ProbeOutcome::Fine(_) | ProbeOutcome::Warn(_) => None,
    });
    let Some((name, step, why)) = failed else {
        return Ok(());
    };
    let what = if name == DATABASE || name == crate::session::BROKER {
        format!("the {name}")
    } else {
        format!("the database '{name}'")
    };
    Err(Failure::new(
        Code::Unreachable,
        format!(
            "Could not get through to {what}. {}: {}.",
            step.what,
            why.trim_end_matches('.')
        ),
    )
    .hint("Correct the address or the password, or see to the server; then look again."))
}

/// Writes down what is seen.
struct Noting(SoFar<Proposing>);

impl Witness for Noting {
    fn doing(&mut self, step: &str) {
        locked(&self.0).said.push(step.to_owned());
    }

    fn tables(&mut self, database: Option<&str>, tables: &Tables) {
        let seen = seen_tables(database, tables);
        locked(&self.0).tables.extend(seen);
    }

    fn outbox(&mut self, outbox: &OutboxSettings) {
        locked(&self.0).outbox = Some(outbox.clone());
    }

    fn broker(&mut self, kind: BrokerKind, topology: &Topology) {
        locked(&self.0).broker = Some(seen_broker(kind, topology));
    }
}
