//! PostgreSQL, MySQL, MariaDB and SQLite behind the seam, through sqlx.
//!
//! A read-only session, short statements, keyset pages, and a settled horizon, so that rows of
//! transactions that commit late are never missed. The three folders have the same files; what
//! they share is beside them: [`cell`] ends the wire formats, [`scan`] is the read.

mod cell;
mod condition;
mod dialect;
mod epoch;
mod forms;
mod numbers;
mod shape;
mod state;
mod statements;
mod suggest;
mod texts;
mod times;
mod written;

mod cursor;
mod fingerprint;
mod ledger;
mod settle;
mod unsent;

mod accounts;
mod attached;

mod body;
mod bring;
mod by_number;
mod by_time;
mod outlet;
mod page;
mod rows;
mod said;
mod sample;
mod scan;

mod address;
mod database;
mod error;
mod here;
mod lanes;
mod link;
mod probe;
mod shown;

mod mysql;
pub use mysql::MySqlDriver;
mod postgres;
pub use postgres::PostgresDriver;
mod sqlite;
pub use sqlite::SqliteDriver;
