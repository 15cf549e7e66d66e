//! A session: a profile's systems, opened, and everything known about them.

mod compare;

mod layout;
pub use layout::inbox_columns;
pub(crate) use layout::{
    Layout, PlannedConsumer, PlannedPlace, Reading, business_columns, outbox_columns,
};

mod sources;
pub(crate) use sources::{BROKER, DATABASE, Opening, Sources};

mod book;
pub(crate) use book::{Book, PlaceState};

mod open;
pub(crate) use open::Session;

pub(crate) use sources::{broker_target, database_target, open_broker, open_database};
