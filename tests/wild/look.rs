//! Asks the real engine for a profile, as `profiles new` does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use serde_json::Value;
use tempfile::TempDir;
use waybill_engine::profiles::MemorySecrets;
use waybill_engine::propose::{Asked, Question};
use waybill_engine::tables::Tables;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::{BrokerSettings, DatabaseSettings, Environment};
use waybill_protocol::{GetProposing, Propose, TypedSecrets};
use waybill_services::Endpoints;
use waybill_source::Secret;

use crate::stage;

const POLL: Duration = Duration::from_millis(20);

/// A core, and its folder.
pub(crate) struct Eye {
    core: Core,
    _folder: TempDir,
}

/// What came of a proposal.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The outbox that was taken, as a profile has it; also where nothing came of it.
    pub(crate) outbox: Option<Value>,
    pub(crate) questions: Vec<Question>,
    /// Where events go.
    pub(crate) destinations: Vec<String>,
    /// Where messages have their ids.
    pub(crate) carriers: Vec<String>,
    /// Whether there is a profile that `--yes` would save.
    pub(crate) is_chosen: bool,
    /// Why there is none.
    pub(crate) failure: String,
}

impl Eye {
    pub(crate) fn open(servers: &Endpoints) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let secrets = stage::secrets(servers)?.into_iter();
        let secrets = secrets.map(|(name, text)| (name, Secret::new(text)));
        let core = Core::new(
            Drivers::new(waybill_compose::drivers()),
            Arc::new(MemorySecrets::with(secrets)),
            Dirs::under(folder.path()),
            None,
        );
        Ok(Self {
            core,
            _folder: folder,
        })
    }

    /// What the tables of a database are.
    pub(crate) async fn tables(&self, database: &DatabaseSettings) -> anyhow::Result<Tables> {
        let looked = self.core.look_at_tables(database).await;
        looked.map_err(|failure| anyhow!("{}: {}", failure.message, failure.detail))
    }

    pub(crate) async fn propose(
        &self,
        database: DatabaseSettings,
        broker: String,
    ) -> anyhow::Result<Said> {
        let asked = Asked {
            name: Some("wild".to_owned()),
            environment: Environment::Development,
            database,
            databases: BTreeMap::new(),
            broker: BrokerSettings {
                url: broker,
                management_url: None,
                secret: None,
                options: BTreeMap::new(),
            },
            outbox: None,
            business: Some(Vec::new()),
            destinations: Vec::new(),
            roles: BTreeMap::new(),
            inboxes: BTreeMap::new(),
        };
        let order = Propose {
            asked,
            secrets: TypedSecrets(Vec::new()),
            test: false,
        };
        let refused = |failure: waybill_protocol::Failure| anyhow!(failure.message);
        let no = self.core.propose(order).await.map_err(refused)?;
        let ended = loop {
            let so_far = self.core.proposing(&GetProposing { no }).map_err(refused)?;
            if so_far.done {
                break so_far;
            }
            tokio::time::sleep(POLL).await;
        };
        let mut said = Said::default();
        if let Some(outbox) = &ended.outbox {
            said.outbox = Some(serde_json::to_value(outbox)?);
        }
        if let Some(failure) = ended.failure {
            said.failure = format!("{} {}", failure.message, failure.hint);
        }
        if let Some(proposed) = ended.proposed {
            let outbox = proposed.profile.outbox.as_ref();
            said.outbox = outbox.map(serde_json::to_value).transpose()?;
            let flows = proposed.profile.flows.iter();
            for flow in flows {
                said.destinations.push(flow.destination.clone());
                let carriers = flow.carriers.id.iter();
                said.carriers.extend(carriers.map(ToString::to_string));
            }
            said.is_chosen = proposed.undecided().is_none() && said.outbox.is_some();
            said.questions = proposed.questions;
        }
        Ok(said)
    }
}
