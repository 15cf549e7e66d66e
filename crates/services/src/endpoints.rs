//! Where the shared servers answer, for tests.

use std::fmt;

use anyhow::{Context as _, Result, bail};

use crate::kind::Kind;
use crate::record::Record;
use crate::shared::State;

/// The addresses of the four shared servers, with a user who may do everything.
///
/// Make a database, a virtual host or topics of your own: other tests use the
/// same servers at the same time.
#[derive(Clone)]
pub struct Endpoints {
    /// `postgres://user:password@127.0.0.1:port/postgres`
    pub postgres_url: String,
    /// `mysql://user:password@127.0.0.1:port/mysql`: a MariaDB.
    pub mysql_url: String,
    /// `amqp://user:password@127.0.0.1:port/%2f`
    pub amqp_url: String,
    /// `http://user:password@127.0.0.1:port`, without a slash at the end.
    pub rabbit_management_url: String,
    /// `127.0.0.1:port`
    pub kafka_bootstrap: String,
}

/// Reads the state file and asks each server. Fails when one does not answer,
/// and says what to do.
pub fn endpoints() -> Result<Endpoints> {
    let state = State::read()?;
    let find = |kind: Kind| -> Result<&Record> {
        let Some(record) = state.servers.get(&kind) else {
            bail!("{kind} was not started; run: cargo xtask services up");
        };
        record.answers().with_context(|| {
            format!("{kind} was started and is gone; run: cargo xtask services up")
        })?;
        Ok(record)
    };
    let rabbitmq = find(Kind::RabbitMq)?;
    Ok(Endpoints {
        postgres_url: find(Kind::Postgres)?.url(),
        mysql_url: find(Kind::MariaDb)?.url(),
        amqp_url: rabbitmq.url(),
        rabbit_management_url: rabbitmq
            .management_url()
            .context("RabbitMQ was started without its management interface")?,
        kafka_bootstrap: find(Kind::Kafka)?.url(),
    })
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("postgres", &without_login(&self.postgres_url))
            .field("mysql", &without_login(&self.mysql_url))
            .field("amqp", &without_login(&self.amqp_url))
            .field(
                "rabbit_management",
                &without_login(&self.rabbit_management_url),
            )
            .field("kafka_bootstrap", &self.kafka_bootstrap)
            .finish()
    }
}

/// What follows the last `@`.
fn without_login(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_keeps_passwords() {
        let endpoints = Endpoints {
            postgres_url: "postgres://waybill:secret@127.0.0.1:1/postgres".to_owned(),
            mysql_url: "mysql://waybill:secret@127.0.0.1:2/mysql".to_owned(),
            amqp_url: "amqp://waybill:secret@127.0.0.1:3/%2f".to_owned(),
            rabbit_management_url: "http://waybill:secret@127.0.0.1:4".to_owned(),
            kafka_bootstrap: "127.0.0.1:5".to_owned(),
        };
        let text = format!("{endpoints:?}");
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("127.0.0.1:4"), "{text}");
    }
}
