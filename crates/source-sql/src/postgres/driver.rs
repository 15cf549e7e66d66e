//! The driver for PostgreSQL.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::stream::BoxStream;
use waybill_source::{Driver, ProbeStep, Result, Source, Target};

use crate::address::Address;
use crate::database::Sql;
use crate::link::Link;
use crate::postgres::connect::PostgresDial;
use crate::postgres::select::Postgres;
use crate::probe;

/// Opens PostgreSQL databases.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgresDriver;

const NAME: &str = "postgres";
const EXAMPLE: &str = "postgres://user@host:5432/database";

#[async_trait]
impl Driver for PostgresDriver {
    fn name(&self) -> &'static str {
        NAME
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
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
    Address::new(NAME, target, 5432, EXAMPLE)
}

async fn open(address: Address) -> Result<Arc<dyn Link>> {
    let dial = PostgresDial::new(address)?;
    Ok(Arc::new(Postgres::open(dial).await?))
}
