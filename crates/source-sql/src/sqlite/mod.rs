//! SQLite.

mod connect;
mod driver;
mod error;
mod horizon;
mod inspect;
mod select;
mod types;
mod wal;

pub use driver::SqliteDriver;
