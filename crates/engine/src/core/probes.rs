//! Connection tests: step by step, per connection, in the background.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt as _;
use waybill_model::{Access, BrokerSettings, DatabaseSettings, Profile};
use waybill_protocol::{Code, Failure, Probe, Probed};
use waybill_source::{ProbeOutcome, ProbeStep, Secret, Target};

use super::Core;
use super::background::locked;
use crate::Drivers;
use crate::profiles::{self, MemorySecrets, Secrets, SecretsError};
use crate::session::{
    BROKER, DATABASE, Opening, broker_target, database_target, open_broker, open_database,
};
use crate::zones::{Noted, Told, settle};

impl Core {
    /// Starts a connection test of a profile that need not be saved; its number.
    pub async fn probe(&self, asked: Probe) -> Result<u64, Failure> {
        let profile = profiles::checked(&asked.toml, &self.inner.drivers).map_err(|problems| {
            let first = problems
                .first()
                .map(|p| format!("Line {}: {}", p.line, p.message));
            Failure::new(Code::BadProfile, first.unwrap_or_default())
        })?;
        let opening = self.opening_with(asked.secrets);
        Ok(self.inner.probes.start(|so_far| async move {
            let own = std::iter::once((DATABASE.to_owned(), profile.database.clone()));
            let databases: Vec<_> = own.chain(profile.databases.clone()).collect();
            let note = |connection: &str, step| {
                locked(&so_far).steps.push((connection.to_owned(), step));
            };
            test(&databases, &profile.broker, &opening, &note).await;
            for step in zones(&profile, &opening).await {
                note(DATABASE, step);
            }
            locked(&so_far).done = true;
        }))
    }

    /// How far a connection test is.
    pub fn probe_steps(&self, probe: u64) -> Result<Probed, Failure> {
        self.inner.probes.so_far(probe)
    }

    /// What is needed to open connections with passwords that are not stored yet.
    pub(super) fn opening_with(&self, typed: Vec<(String, String)>) -> Opening {
        let typed = typed.into_iter().filter(|(_, text)| !text.is_empty());
        let typed = typed.map(|(name, text)| (name, Secret::new(text)));
        Opening {
            drivers: self.inner.drivers.clone(),
            secrets: Arc::new(TypedFirst {
                typed: MemorySecrets::with(typed),
                stored: Arc::clone(&self.inner.secrets),
            }),
        }
    }
}

/// Tests all connections at the same time; each step is noted when it is over.
pub(super) async fn test(
    databases: &[(String, DatabaseSettings)],
    broker: &BrokerSettings,
    opening: &Opening,
    note: &(dyn Fn(&str, ProbeStep) + Sync),
) {
    let databases = databases.iter().map(async |(name, settings)| {
        let target = database_target(name, settings, opening).await;
        test_one(name, target, &opening.drivers, note).await;
    });
    let broker = async {
        let target = broker_target(broker, Access::ReadOnly, opening).await;
        test_one(BROKER, target, &opening.drivers, note).await;
    };
    futures::future::join(futures::future::join_all(databases), broker).await;
}

async fn test_one(
    name: &str,
    target: Result<Target, Failure>,
    drivers: &Drivers,
    note: &(dyn Fn(&str, ProbeStep) + Sync),
) {
    let target = match target {
        Ok(target) => target,
        Err(failure) => return note(name, failed("Look up the password", &failure)),
    };
    let driver = match drivers.of_url(&target.url) {
        Ok(driver) => driver,
        Err(error) => {
            let failure = crate::failure::of_source(name, &error);
            return note(name, failed("Find a driver", &failure));
        }
    };
    let mut steps = driver.probe(&target);
    while let Some(step) = steps.next().await {
        note(name, step);
    }
}

/// In which zone each table is read whose times name none. Where a connection fails, that was told.
async fn zones(profile: &Profile, opening: &Opening) -> Vec<ProbeStep> {
    let Ok(database) = open_database(DATABASE, &profile.database, opening).await else {
        return Vec::new();
    };
    let broker = open_broker(&profile.broker, Access::ReadOnly, opening).await;
    let begun = Instant::now();
    let noted = settle(profile, &database, broker.as_ref().ok()).await;
    let took_micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    database.close().await;
    if let Ok(broker) = broker {
        broker.close().await;
    }
    let step = |noted: &Noted| {
        let words = noted.words()?;
        Some(ProbeStep {
            what: format!("Read the times of {}", noted.table),
            outcome: match noted.told {
                Told::Known(_) | Told::Needless => ProbeOutcome::Fine(words),
                Told::Unknown { .. } => ProbeOutcome::Warn(words),
            },
            took_micros,
        })
    };
    noted.iter().filter_map(step).collect()
}

fn failed(what: &str, failure: &Failure) -> ProbeStep {
    ProbeStep {
        what: what.to_owned(),
        outcome: ProbeOutcome::Failed(
            format!("{} {}", failure.message, failure.hint)
                .trim()
                .to_owned(),
        ),
        took_micros: 0,
    }
}

/// What was typed into the form, before what is stored.
#[derive(Debug)]
struct TypedFirst {
    typed: MemorySecrets,
    stored: Arc<dyn Secrets>,
}

impl Secrets for TypedFirst {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        match self.typed.get(name)? {
            Some(typed) => Ok(Some(typed)),
            None => self.stored.get(name),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        self.typed.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), SecretsError> {
        self.typed.delete(name)
    }
}
