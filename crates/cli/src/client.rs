//! The core, asked through the same two doors as the window's page.

use std::sync::Arc;

use anyhow::Context as _;
use waybill_compose::DemoCompany;
use waybill_engine::propose::{Asked, Proposed};
use waybill_engine::tables::Tables;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::DatabaseSettings;
use waybill_protocol::wire::{decode_outcome, encode_request};
use waybill_protocol::{Call, Door, Failure};

use crate::output;

/// The core of this process.
pub(crate) struct Client {
    core: Core,
    demo: Arc<DemoCompany>,
}

impl Client {
    /// Starts a core with the user's folders. Nothing is connected yet.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let dirs = Dirs::of_user().context("failed to find a place for Waybill's files")?;
        let demo = Arc::new(DemoCompany::in_folder(dirs.data.join("demo")));
        let drivers = Drivers::new(waybill_compose::drivers());
        let secrets = Arc::new(waybill_compose::secrets());
        let core = Core::new(drivers, secrets, dirs, Some(demo.clone()));
        Ok(Self { core, demo })
    }

    /// Asks or orders, whichever the call is.
    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Reply, Failure> {
        let request = encode_request(&call);
        let reply = match C::DOOR {
            Door::Ask => self.core.ask(&request).await,
            Door::Act => self.core.act(&request).await,
        };
        decode_outcome::<C>(&reply)
    }

    /// What the tables of a database are. No profile, and so no session, is involved.
    pub(crate) async fn look_at_tables(
        &self,
        settings: &DatabaseSettings,
    ) -> Result<Tables, Failure> {
        self.core.look_at_tables(settings).await
    }

    /// A profile for a database and a broker; each step is said to the person watching.
    pub(crate) async fn propose_profile(&self, asked: &Asked) -> Result<Proposed, Failure> {
        let mut say = |step: &str| output::aside(step);
        self.core.propose_profile(asked, &mut say).await
    }

    /// The demo's company, for what only the command line shows (the truth).
    pub(crate) fn demo(&self) -> &DemoCompany {
        &self.demo
    }
}
