//! Every adapter against the real thing: `cargo xtask services up` starts the servers.

mod amqp;
mod kafka;
mod sql;
