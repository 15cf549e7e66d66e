//! The demo: a world in a folder, on SQLite and a mock cluster, that survives its process.

mod folder;

mod tape;

mod records;

mod move_on;

mod saver;

mod open;

mod company;
pub use company::Demo;

#[cfg(test)]
mod tests;
