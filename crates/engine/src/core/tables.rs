//! Looking at a database that no profile names yet.

use std::sync::Arc;

use waybill_layouts::Dbms;
use waybill_model::DatabaseSettings;
use waybill_protocol::{Code, Failure};

use super::Core;
use crate::failure;
use crate::profiles::has_password;
use crate::session::{DATABASE, Opening, open_database};
use crate::tables::{self, Tables};

impl Core {
    /// Opens a database, reads what its tables are, and closes it again. Looks only.
    pub async fn look_at_tables(&self, settings: &DatabaseSettings) -> Result<Tables, Failure> {
        if has_password(&settings.url) {
            let told = "There is a password in this address, where others can read it.";
            return Err(Failure::new(Code::BadProfile, told).hint(
                "Remove it, name it with --secret NAME, and put it into the keychain or into WAYBILL_SECRET_NAME.",
            ));
        }
        let of_source = |error| failure::of_source(DATABASE, &error);
        let driver = self
            .inner
            .drivers
            .of_url(&settings.url)
            .map_err(of_source)?;
        let Some(dbms) = dbms_of(driver.name()) else {
            let told = format!("'{}' is no database.", driver.name());
            return Err(Failure::new(Code::BadProfile, told));
        };
        let opening = Opening {
            drivers: self.inner.drivers.clone(),
            secrets: Arc::clone(&self.inner.secrets),
        };
        let database = open_database(DATABASE, settings, &opening).await?;
        let looked = tables::look(&database, dbms).await;
        database.close().await;
        looked.map_err(of_source)
    }
}

fn dbms_of(driver: &str) -> Option<Dbms> {
    match driver {
        "postgres" => Some(Dbms::Postgres),
        "mysql" => Some(Dbms::MySql),
        "sqlite" => Some(Dbms::Sqlite),
        _ => None,
    }
}
