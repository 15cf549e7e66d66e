//! The connections of a session, each open or with the reason why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use waybill_model::{Access, BrokerSettings, DatabaseSettings, Profile};
use waybill_protocol::{ClockOffset, Code, Failure};
use waybill_source::{Broker, Database, Source, Target};

use crate::profiles::{Secrets, environment_variable};
use crate::{Drivers, failure};

/// The service's database, as places name it.
pub(crate) const DATABASE: &str = "database";

/// The broker, as places name it.
pub(crate) const BROKER: &str = "broker";

/// What is needed to open connections.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) drivers: Drivers,
    pub(crate) secrets: Arc<dyn Secrets>,
}

/// The connections of a session.
#[derive(Debug)]
pub(crate) struct Sources {
    databases: BTreeMap<String, Result<Arc<dyn Database>, Failure>>,
    broker: Result<Arc<dyn Broker>, Failure>,
    /// Measured when opened.
    pub(crate) clocks: Vec<ClockOffset>,
}

impl Sources {
    /// Opens everything a profile names, concurrently. What fails is kept as its failure; only
    /// when nothing opens at all the first failure is returned.
    pub(crate) async fn open(profile: &Profile, opening: &Opening) -> Result<Self, Failure> {
        let named = std::iter::once((DATABASE, &profile.database)).chain(
            profile
                .databases
                .iter()
                .map(|(name, settings)| (name.as_str(), settings)),
        );
        let databases = futures::future::join_all(named.map(async |(name, settings)| {
            (
                name.to_owned(),
                open_database(name, settings, opening).await,
            )
        }));
        let broker = open_broker(&profile.broker, profile.access, opening);
        let (databases, broker) = futures::future::join(databases, broker).await;
        let mut sources = Self {
            databases: databases.into_iter().collect(),
            broker,
            clocks: Vec::new(),
        };
        if let Some(failure) = sources.all_failed() {
            return Err(failure);
        }
        sources.clocks = sources.measure_clocks().await;
        crate::clock::follow(&sources.clocks);
        Ok(sources)
    }

    /// A database by its name in the profile.
    pub(crate) fn database(&self, name: &str) -> Result<&Arc<dyn Database>, Failure> {
        match self.databases.get(name) {
            Some(Ok(database)) => Ok(database),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(Failure::new(
                Code::BadProfile,
                format!("There is no database '{name}'."),
            )),
        }
    }

    /// The broker.
    pub(crate) fn broker(&self) -> Result<&Arc<dyn Broker>, Failure> {
        self.broker.as_ref().map_err(Clone::clone)
    }

    /// Ends all connections.
    pub(crate) async fn close(&self) {
        for database in self.databases.values().flatten() {
            database.close().await;
        }
        if let Ok(broker) = &self.broker {
            broker.close().await;
        }
    }

    fn all_failed(&self) -> Option<Failure> {
        if self.broker.is_ok() || self.databases.values().any(Result::is_ok) {
            return None;
        }
        match self.databases.get(DATABASE) {
            Some(Err(failure)) => Some(failure.clone()),
            _ => self.broker.as_ref().err().cloned(),
        }
    }

    async fn measure_clocks(&self) -> Vec<ClockOffset> {
        let mut clocks = Vec::new();
        for (name, database) in &self.databases {
            if let Ok(database) = database {
                clocks.extend(clock(name, database.server().await.ok()));
            }
        }
        if let Ok(broker) = &self.broker {
            clocks.extend(clock(BROKER, broker.server().await.ok()));
        }
        clocks
    }
}

fn clock(source: &str, server: Option<waybill_source::ServerInfo>) -> Option<ClockOffset> {
    let server = server?;
    Some(ClockOffset {
        source: source.to_owned(),
        offset_micros: server.clock_offset_micros?,
        error_micros: server.clock_error_micros.unwrap_or(0),
    })
}

/// Opens a database for looking.
pub(crate) async fn open_database(
    name: &str,
    settings: &DatabaseSettings,
    opening: &Opening,
) -> Result<Arc<dyn Database>, Failure> {
    let target = database_target(name, settings, opening).await?;
    match open(&target, opening).await? {
        Source::Database(database) => Ok(database),
        Source::Broker(_) => Err(wrong_kind(name, "a broker", "a database")),
    }
}

/// Opens a broker.
pub(crate) async fn open_broker(
    settings: &BrokerSettings,
    access: Access,
    opening: &Opening,
) -> Result<Arc<dyn Broker>, Failure> {
    let target = broker_target(settings, access, opening).await?;
    match open(&target, opening).await? {
        Source::Broker(broker) => Ok(broker),
        Source::Database(_) => Err(wrong_kind(BROKER, "a database", "a broker")),
    }
}

async fn open(target: &Target, opening: &Opening) -> Result<Source, Failure> {
    let of_source = |error| failure::of_source(&target.name, &error);
    let driver = opening.drivers.of_url(&target.url).map_err(of_source)?;
    driver.open(target).await.map_err(of_source)
}

fn wrong_kind(name: &str, is: &str, wanted: &str) -> Failure {
    Failure::new(
        Code::BadProfile,
        format!("The address of '{name}' is that of {is}; it must be {wanted}."),
    )
}

/// Where and as whom to open a database. Databases are only ever read.
pub(crate) async fn database_target(
    name: &str,
    settings: &DatabaseSettings,
    opening: &Opening,
) -> Result<Target, Failure> {
    Ok(Target {
        name: name.to_owned(),
        url: settings.url.clone(),
        management_url: None,
        secret: password(settings.secret.as_deref(), opening).await?,
        options: BTreeMap::new(),
        access: Access::ReadOnly,
    })
}

/// Where and as whom to open the broker.
pub(crate) async fn broker_target(
    settings: &BrokerSettings,
    access: Access,
    opening: &Opening,
) -> Result<Target, Failure> {
    Ok(Target {
        name: BROKER.to_owned(),
        url: settings.url.clone(),
        management_url: settings.management_url.clone(),
        secret: password(settings.secret.as_deref(), opening).await?,
        options: settings.options.clone(),
        access,
    })
}

async fn password(
    name: Option<&str>,
    opening: &Opening,
) -> Result<Option<waybill_source::Secret>, Failure> {
    let Some(name) = name else { return Ok(None) };
    let secrets = Arc::clone(&opening.secrets);
    let asked = name.to_owned();
    // Keychains block, and may wait for the user.
    let found = tokio::task::spawn_blocking(move || secrets.get(&asked)).await;
    let hint = format!(
        "Put it into the keychain (edit the profile), or set {}.",
        environment_variable(name)
    );
    match found {
        Ok(Ok(Some(secret))) => Ok(Some(secret)),
        Ok(Ok(None)) => {
            let text = format!("There is no password '{name}'.");
            Err(Failure::new(Code::Unreachable, text).hint(hint))
        }
        Ok(Err(error)) => {
            let text = format!("The password '{name}' could not be read.");
            Err(Failure::new(Code::Unreachable, text)
                .detail(failure::chain(&error))
                .hint(hint))
        }
        Err(error) => Err(failure::internal("Reading a password was cut off.", &error)),
    }
}
