//! PostgreSQL, MariaDB and SQLite, against real ones: each test in a database of its own.

mod base;
mod broken;
mod conformance;
mod contents;
mod late;
mod layouts;
mod odd;
mod probe;
mod refused;
mod shown;
mod stage;
mod windows;
