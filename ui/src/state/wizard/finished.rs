//! The profile as it stands on the pages.

use std::collections::BTreeMap;

use waybill_model::{Environment, GraceSettings, Profile};
use waybill_protocol::{Asked, ReadMapping, Reasons, WriteProfile};

use super::Wizard;

/// What secrets are called after while the profile has no name.
const NAMELESS: &str = "new-profile";

impl Wizard {
    /// What is known, to have the rest proposed.
    pub(super) fn asked(&self) -> Asked {
        Asked {
            business: None,
            name: None,
            // Name and guard are set on the last page.
            environment: Environment::default(),
            database: self.addresses.database(NAMELESS),
            databases: self.addresses.databases(NAMELESS),
            broker: self.addresses.broker(NAMELESS),
            outbox: self.choice.clone(),
            destinations: if self.chosen_destinations {
                let flows = self.flows.iter();
                flows.map(|flow| flow.flow.destination.clone()).collect()
            } else {
                Vec::new()
            },
            roles: self.roles(),
            inboxes: BTreeMap::new(),
        }
    }

    /// The roles that were set by hand. A time of writing that was left empty beside them is none.
    fn roles(&self) -> BTreeMap<String, String> {
        let mut roles = self.by_hand.clone();
        let outbox = self.outbox.as_ref();
        if !roles.is_empty() && outbox.is_some_and(|outbox| outbox.created_at.is_none()) {
            roles.entry("created-at".to_owned()).or_default();
        }
        roles
    }

    /// Some rows, by the mapping as it stands.
    pub(super) fn read_mapping(&self) -> Option<ReadMapping> {
        Some(ReadMapping {
            database: self.addresses.database(NAMELESS),
            secrets: self.addresses.secrets(NAMELESS),
            outbox: self.outbox.clone()?,
        })
    }

    /// What passwords are called while one looks.
    pub(super) fn nameless_secrets(&self) -> waybill_protocol::TypedSecrets {
        self.addresses.secrets(NAMELESS)
    }

    /// The name it is tried and saved under.
    pub(super) fn name(&self) -> &str {
        match self.finish.name.trim() {
            "" => NAMELESS,
            name => name,
        }
    }

    /// The whole profile with its reasons, or what is wrong with it.
    pub(super) fn profile(&self) -> Result<WriteProfile, String> {
        let name = self.name();
        let mut why = Reasons::default();
        let mut flows = Vec::new();
        for draft in &self.flows {
            let (flow, consumers) = draft.finished()?;
            flows.push(flow);
            why.flows.push(draft.why.clone());
            why.consumers.push(consumers);
        }
        if let Some(proposed) = &self.proposed {
            why.outbox.clone_from(&proposed.why.outbox);
            why.business.clone_from(&proposed.why.business);
            why.rest.clone_from(&proposed.why.rest);
        }
        let proposed = self.proposed.as_ref().map(|proposed| &proposed.profile);
        let profile = Profile {
            name: name.to_owned(),
            environment: self.finish.environment,
            access: self.finish.access,
            database: self.addresses.database(name),
            databases: self.addresses.databases(name),
            broker: self.addresses.broker(name),
            outbox: self.outbox.clone(),
            business: proposed.map(|p| p.business.clone()).unwrap_or_default(),
            flows,
            grace: proposed.map_or_else(GraceSettings::default, |p| p.grace),
            scan: proposed.map(|p| p.scan).unwrap_or_default(),
            masks: proposed.map(|p| p.masks.clone()).unwrap_or_default(),
        };
        Ok(WriteProfile { profile, why })
    }
}
