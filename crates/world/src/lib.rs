//! A small company that sells squeaky toys, with faults on demand and a ledger of the truth.
//!
//! Three uses: the window's demo, the tests on real servers, and `cargo xtask truth`.
//! A [`World`] writes a past ([`World::history`]) or works in real time ([`World::run_live`]);
//! the [`Ledger`] knows what really happened to every event; [`Demo`] keeps a world between runs.

mod config;
pub use config::{BrokerKind, DatabaseKind, Membership, Secrets, WorldConfig};

mod name;
pub use name::ConsumerName;

mod error;
pub use error::{Error, Result};

mod clock;

mod product;

mod spelling;

mod respell;

mod situation;
pub use situation::Situation;

mod ids;
pub use ids::MessageIds;

mod event;

mod fault;
pub use fault::{Fault, Planted, Says};

mod ledger;
pub use ledger::{Apart, ConsumerEntry, Entry, Expected, Ledger};

mod schedule;

mod store;

mod bus;

mod profile;

mod world;
pub use world::World;

mod history;
pub use history::{HistoryReport, HistorySpan};

mod live;
pub use live::{Broken, LiveHandle, LiveOptions};

mod demo;
pub use demo::Demo;

#[cfg(test)]
mod tests;
