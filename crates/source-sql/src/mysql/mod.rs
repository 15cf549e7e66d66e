//! MySQL and MariaDB.

mod connect;
mod driver;
mod error;
mod horizon;
mod inspect;
mod replica;
mod select;
mod shared;
mod types;

pub use driver::MySqlDriver;
