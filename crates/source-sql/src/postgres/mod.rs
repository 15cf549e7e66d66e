//! PostgreSQL.

mod connect;
mod copy;
mod driver;
mod error;
mod hidden;
mod horizon;
mod inspect;
mod select;
mod types;

pub use driver::PostgresDriver;
