//! What `waybill profiles new` is told.

use clap::{Args, ValueEnum};

/// What `profiles new` is told; nothing else can be found out.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The service's database: postgres://user@host/db, mysql://…, sqlite:path; without a password
    #[arg(long, value_name = "URL")]
    pub(crate) database: String,
    /// The name of its password in the keychain, or in WAYBILL_SECRET_<NAME>
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Option<String>,
    /// The broker: kafka://host:port[,host:port] or amqp://user@host:port/vhost; without a password
    #[arg(long, value_name = "URL")]
    pub(crate) broker: String,
    /// RabbitMQ: the management API, http://user@host:15672; without it no exchange or queue is known
    #[arg(long, value_name = "URL")]
    pub(crate) management_url: Option<String>,
    /// The name of the broker's password
    #[arg(long, value_name = "NAME")]
    pub(crate) broker_secret: Option<String>,
    /// A setting of the broker's client, like security.protocol=ssl; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) broker_option: Vec<String>,
    /// A consumer's database with its inbox; may be given several times
    #[arg(long, value_name = "NAME=URL")]
    pub(crate) consumer_database: Vec<String>,
    /// The name of the password of a consumer's database, as DATABASE=NAME
    #[arg(long, value_name = "DATABASE=NAME")]
    pub(crate) consumer_secret: Vec<String>,
    /// What to call the profile; after its database when left out
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What a mistake would hit: colour and guard
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Environment::Development)]
    pub(crate) environment: Environment,
    /// The outbox table; recognised when left out
    #[arg(long, value_name = "TABLE")]
    pub(crate) outbox: Option<String>,
    /// A table whose every change must lead to an event, where there is no outbox; found out when
    /// left out; may be given several times
    #[arg(long, value_name = "TABLE", conflicts_with = "outbox")]
    pub(crate) business: Vec<String>,
    /// What a role of the outbox is, like id=event_id or sent-states=2,3; may be given several
    /// times. Roles: key, id, aggregate-type, aggregate-id, version, type, payload, headers,
    /// created-at, sent-at, due-at, due-states, failed-at, status, sent-states, failed-states,
    /// attempts, error, deletes-after-send; with --business key, id, version, changed-at,
    /// aggregate-type, history. Nothing behind the equals sign: no such column
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub(crate) column: Vec<String>,
    /// The topic or exchange events go to; found out when left out; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) destination: Vec<String>,
    /// Save it among the profiles
    #[arg(long)]
    pub(crate) save: bool,
    /// Save it over one of the same name
    #[arg(long, requires = "save")]
    pub(crate) force: bool,
    /// Ask nothing: take the default where it is not sure
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    /// Somebody's own machine
    Development,
    /// Shared, but not the customers'
    Staging,
    /// The customers'
    Production,
}
