//! How a world is set up.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Everything a world needs to know.
#[derive(Debug, Clone)]
pub struct WorldConfig {
    /// The same seed makes the same products, events and faults.
    pub seed: u64,
    /// Where products, outbox and inboxes are kept.
    pub database: DatabaseKind,
    /// Where events go.
    pub broker: BrokerKind,
    /// Put before the database's name and every topic, group, exchange and queue, so that worlds
    /// can share servers. Lower-case letters, digits, `_` and `-`; needed on servers.
    pub prefix: String,
    /// How Kafka consumers get their partitions; RabbitMQ has no such choice.
    pub membership: Membership,
}

/// Where products, outbox and inboxes are kept.
#[derive(Clone)]
pub enum DatabaseKind {
    /// A file `shop.db` in this folder.
    Sqlite {
        /// The folder; made when it is not there.
        dir: PathBuf,
    },
    /// A database of its own, made on this server: `postgres://user:password@host:port/any`.
    Postgres {
        /// Of a user who may create databases.
        url: String,
    },
    /// A database of its own, made on this server: `mysql://user:password@host:port/any`.
    MySql {
        /// Of a user who may create databases.
        url: String,
    },
}

/// Where events go.
#[derive(Clone)]
pub enum BrokerKind {
    /// Librdkafka's mock cluster inside this process; gone when the world is dropped.
    Mock,
    /// A Kafka cluster: `host:port[,host:port]`.
    Kafka {
        /// Its bootstrap servers.
        bootstrap: String,
    },
    /// RabbitMQ.
    RabbitMq {
        /// `amqp://user:password@host:port/vhost`
        amqp_url: String,
        /// `http://user:password@host:15672`, for the profile; the world itself does not use it.
        management_url: String,
    },
}

/// How Kafka consumers get their partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Each takes all partitions and commits for its group without joining it: starts at once.
    Assigned,
    /// They join their groups, as services do.
    Subscribed,
}

impl DatabaseKind {
    /// `sqlite`, `postgres` or `mysql`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
            Self::MySql { .. } => "mysql",
        }
    }
}

impl BrokerKind {
    /// `mock`, `kafka` or `rabbitmq`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Kafka { .. } => "kafka",
            Self::RabbitMq { .. } => "rabbitmq",
        }
    }
}

/// URLs hold passwords.
impl fmt::Debug for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// URLs hold passwords.
impl fmt::Debug for BrokerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The passwords that belong to a profile, by the names it gives them. Never printed.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
