//! Which servers there are, and which Debian packages bring them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Postgres,
    MariaDb,
    RabbitMq,
    Kafka,
}

impl Kind {
    /// Every kind, the slowest to start first.
    pub const ALL: [Self; 4] = [Self::Kafka, Self::RabbitMq, Self::MariaDb, Self::Postgres];

    /// The name in commands, in the state file and of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
            Self::RabbitMq => "rabbitmq",
            Self::Kafka => "kafka",
        }
    }

    /// The Debian packages it needs. Kafka itself is no Debian package: its jars
    /// come from Maven Central.
    pub fn packages(self) -> &'static [&'static str] {
        match self {
            // Tests put a pooler in front of it.
            Self::Postgres => &["postgresql", "pgbouncer"],
            Self::MariaDb => &["mariadb-server"],
            Self::RabbitMq => &["rabbitmq-server"],
            Self::Kafka => &["default-jdk-headless", "maven"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                anyhow::anyhow!("there is no server called {name}; there are kafka, rabbitmq, mariadb and postgres")
            })
    }
}
