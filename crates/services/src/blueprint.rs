//! What starting a server means, as data: which commands, and where it will answer.
//!
//! A blueprint is kept with the running server, so that the same server can be
//! started again on the same data and ports.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// A server that is ready to be started: its folder is laid out, its ports are chosen.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Blueprint {
    pub(crate) kind: Kind,
    /// Everything it writes lies under this folder.
    pub(crate) folder: PathBuf,
    /// In the order in which they are started.
    pub(crate) launches: Vec<Launch>,
    pub(crate) address: Address,
}

/// One long-running command.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// Names its log file.
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// The account it runs as, when it is not ours.
    pub(crate) user: Option<String>,
}

/// Where a server answers.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) port: u16,
    /// RabbitMQ's management interface.
    pub(crate) management_port: Option<u16>,
    /// Where RabbitMQ speaks STOMP; none on a server that an earlier build started.
    #[serde(default)]
    pub(crate) stomp_port: Option<u16>,
    /// Nobody, for Kafka.
    pub(crate) user: String,
    pub(crate) password: String,
}
