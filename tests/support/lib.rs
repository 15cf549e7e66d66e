//! Support for the tests.

pub mod kafka;
pub mod library_table;
pub mod pooler;
pub mod profile;
pub mod proxy;
pub mod rabbit;
pub mod service;
pub mod shop;
pub mod terminal;
pub mod wait;
pub mod waybill;
