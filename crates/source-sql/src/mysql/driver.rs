//! The driver for MySQL and MariaDB.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::stream::BoxStream;
use waybill_source::{Driver, ProbeStep, Result, Source, Target};

use crate::address::Address;
use crate::database::Sql;
use crate::link::Link;
use crate::mysql::connect::MySqlDial;
use crate::mysql::select::MySql;
use crate::probe;

/// Opens MySQL and MariaDB databases.
#[derive(Debug, Clone, Copy, Default)]
pub struct MySqlDriver;

const NAME: &str = "mysql";
const EXAMPLE: &str = "mysql://user@host:3306/database";

#[async_trait]
impl Driver for MySqlDriver {
    fn name(&self) -> &'static str {
        NAME
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb"]
    }

    async fn open(&self, target: &Target) -> Result<Source> {
        let link = open(address(target)?).await?;
        Ok(Source::Database(Arc::new(Sql::new(link))))
    }

    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep> {
        let address = match address(target) {
            Ok(address) => address,
            Err(error) => return probe::bad(error),
        };
        let link = Arc::new(OnceLock::new());
        let mut steps = probe::reach(&address);
        let what = format!("Log in as {} to {}", address.user, address.database);
        steps.push(probe::log_in(
            what,
            &link,
            async move { open(address).await },
        ));
        steps.extend(probe::look_around(&link));
        probe::run(steps)
    }
}

fn address(target: &Target) -> Result<Address> {
    Address::new(NAME, target, 3306, EXAMPLE)
}

async fn open(address: Address) -> Result<Arc<dyn Link>> {
    let dial = MySqlDial::new(address)?;
    Ok(Arc::new(MySql::open(dial).await?))
}
