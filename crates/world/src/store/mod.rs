//! The shop's database: what is written, and in which transaction. How each database spells it is
//! in `postgres`, `mysql` and `sqlite`.

mod mysql;
mod postgres;
mod sql;
mod sqlite;

mod connect;
pub(crate) use connect::{SQLITE_FILE, with_database};

mod rows;
pub(crate) use rows::{OutboxRow, UnsentRow};

mod shop;
pub(crate) use shop::Store;

mod bulk;
