//! Sources in memory, for tests: what they hold, and what goes wrong with them, is scripted.

pub mod broker;
pub mod database;
