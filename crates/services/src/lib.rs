//! Real servers for tests: PostgreSQL, MariaDB, RabbitMQ and Apache Kafka.
//!
//! `cargo xtask services up` starts them once on free loopback ports; tests ask
//! [`endpoints`] where they are. Each test makes its own database, virtual host
//! or topic, so one set of servers serves them all.
//!
//! A test that needs to break a server starts one for itself: [`OwnServer`].
//!
//! Nothing a server stores is worth keeping: a server that is started again
//! starts empty. (Only [`OwnServer::revive`] keeps the data, because that is
//! what such a test is about.)

mod blueprint;
mod endpoints;
mod kafka;
mod kind;
mod mariadb;
mod own;
mod place;
mod postgres;
mod probe;
mod process;
mod rabbitmq;
mod record;
mod shared;

pub use endpoints::{Endpoints, endpoints};
pub use kind::Kind;
pub use own::OwnServer;
pub use record::Record;
pub use shared::{Outcome, Standing, Status, down, status, up};
