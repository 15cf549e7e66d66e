//! The contract as checks. Every implementation runs them, the fakes first.
//!
//! A check panics with what it expected; it is given what only a test can have: a way to put data
//! where the source under test finds it.

pub mod broker;
pub mod database;
