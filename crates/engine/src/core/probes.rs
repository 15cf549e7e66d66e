//! Connection tests: step by step, per connection, in the background.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt as _;
use tokio::task::AbortHandle;
use waybill_model::{Access, Profile};
use waybill_protocol::{Code, Failure, Probe, Probed};
use waybill_source::{ProbeOutcome, ProbeStep, Secret, Target};

use super::Core;
use crate::Drivers;
use crate::profiles::{self, MemorySecrets, Secrets, SecretsError};
use crate::session::{BROKER, DATABASE, Opening, broker_target, database_target};

/// Tests kept; the oldest one is ended for a new one.
const KEPT: usize = 4;

/// The connection tests of the forms that are open.
#[derive(Debug, Default)]
pub(super) struct Probes {
    all: Mutex<Tests>,
}

#[derive(Debug, Default)]
struct Tests {
    last: u64,
    tests: BTreeMap<u64, Test>,
}

#[derive(Debug)]
struct Test {
    so_far: Arc<Mutex<Probed>>,
    task: AbortHandle,
}

impl Core {
    /// Starts a connection test of a profile that need not be saved; its number.
    pub async fn probe(&self, asked: Probe) -> Result<u64, Failure> {
        let profile = profiles::checked(&asked.toml, &self.inner.drivers).map_err(|problems| {
            let first = problems
                .first()
                .map(|p| format!("Line {}: {}", p.line, p.message));
            Failure::new(Code::BadProfile, first.unwrap_or_default())
        })?;
        let typed = asked
            .secrets
            .into_iter()
            .filter(|(_, text)| !text.is_empty());
        let typed = typed.map(|(name, text)| (name, Secret::new(text)));
        let opening = Opening {
            drivers: self.inner.drivers.clone(),
            secrets: Arc::new(TypedFirst {
                typed: MemorySecrets::with(typed),
                stored: Arc::clone(&self.inner.secrets),
            }),
        };
        let so_far = Arc::new(Mutex::new(Probed {
            steps: Vec::new(),
            done: false,
        }));
        let task = tokio::spawn(test(profile, opening, Arc::clone(&so_far)));
        let mut tests = self.inner.probes.lock();
        tests.last += 1;
        let no = tests.last;
        let task = task.abort_handle();
        tests.tests.insert(no, Test { so_far, task });
        while tests.tests.len() > KEPT {
            if let Some((_, oldest)) = tests.tests.pop_first() {
                oldest.task.abort();
            }
        }
        Ok(no)
    }

    /// How far a connection test is.
    pub fn probe_steps(&self, probe: u64) -> Result<Probed, Failure> {
        let tests = self.inner.probes.lock();
        let test = tests.tests.get(&probe);
        let test =
            test.ok_or_else(|| Failure::new(Code::Stale, "This test is over and forgotten."))?;
        Ok(locked(&test.so_far).clone())
    }
}

impl Probes {
    fn lock(&self) -> MutexGuard<'_, Tests> {
        locked(&self.all)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tests all connections of a profile at the same time.
async fn test(profile: Profile, opening: Opening, so_far: Arc<Mutex<Probed>>) {
    let databases = std::iter::once((DATABASE, &profile.database)).chain(
        profile
            .databases
            .iter()
            .map(|(name, settings)| (name.as_str(), settings)),
    );
    let databases = databases.map(async |(name, settings)| {
        let target = database_target(name, settings, &opening).await;
        test_one(name, target, &opening.drivers, &so_far).await;
    });
    let broker = async {
        let target = broker_target(&profile.broker, Access::ReadOnly, &opening).await;
        test_one(BROKER, target, &opening.drivers, &so_far).await;
    };
    futures::future::join(futures::future::join_all(databases), broker).await;
    locked(&so_far).done = true;
}

async fn test_one(
    name: &str,
    target: Result<Target, Failure>,
    drivers: &Drivers,
    so_far: &Mutex<Probed>,
) {
    let note = |step| locked(so_far).steps.push((name.to_owned(), step));
    let target = match target {
        Ok(target) => target,
        Err(failure) => return note(failed("Look up the password", &failure)),
    };
    let driver = match drivers.of_url(&target.url) {
        Ok(driver) => driver,
        Err(error) => {
            let failure = crate::failure::of_source(name, &error);
            return note(failed("Find a driver", &failure));
        }
    };
    let mut steps = driver.probe(&target);
    while let Some(step) = steps.next().await {
        note(step);
    }
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
