//! Looking at a database that no profile names yet.

use std::sync::Arc;

use waybill_model::DatabaseSettings;
use waybill_protocol::{Code, Failure};
use waybill_source::address::{self, Refusal};

use super::Core;
use crate::failure;
use crate::propose::{self, Asked, Listener, Proposed};
use crate::session::{DATABASE, Opening, open_database};
use crate::tables::{self, Tables, dbms_of};

impl Core {
    /// Opens a database, reads what its tables are, and closes it again. Looks only.
    pub async fn look_at_tables(&self, settings: &DatabaseSettings) -> Result<Tables, Failure> {
        no_secrets(&settings.url)?;
        let of_source = |error| failure::of_source(DATABASE, &error);
        let driver = self
            .inner
            .drivers
            .of_url(&settings.url)
            .map_err(of_source)?;
        let dbms = dbms_of(driver.name())?;
        let opening = Opening {
            drivers: self.inner.drivers.clone(),
            secrets: Arc::clone(&self.inner.secrets),
        };
        let database = open_database(DATABASE, settings, &opening).await?;
        let looked = tables::look(&database, dbms).await;
        database.close().await;
        looked.map_err(of_source)
    }

    /// Looks at database and broker and proposes a profile for them; `say` is told each step.
    /// Looks only, and saves nothing.
    pub async fn propose_profile(
        &self,
        asked: &Asked,
        say: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Proposed, Failure> {
        let opening = Opening {
            drivers: self.inner.drivers.clone(),
            secrets: Arc::clone(&self.inner.secrets),
        };
        propose::propose(asked, &opening, &mut Listener(say)).await
    }
}

/// Whoever types a password into an address shows it to everybody.
pub(crate) fn no_secrets(url: &str) -> Result<(), Failure> {
    let Some(refusal) = address::refusal(url) else {
        return Ok(());
    };
    let told = match refusal {
        Refusal::Password => {
            "There is a password in this address, where others can read it.".to_owned()
        }
        Refusal::Settings | Refusal::Foreign(_) | Refusal::Unclear | Refusal::Parameter(_) => {
            refusal.to_string()
        }
    };
    let elsewhere = "Give the password as the password; on the command line name it with --secret NAME (for a broker --broker-secret NAME), and put it into the keychain or into WAYBILL_SECRET_NAME.";
    Err(Failure::new(Code::BadProfile, told).hint(format!("{} {elsewhere}", refusal.advice())))
}
