//! Tidy: the rules of this workspace that neither the compiler nor clippy knows.
//!
//! Each rule is a pure function from text to findings; `run.rs` alone reads files.

mod dependencies;
mod finding;
mod map;
mod run;
mod sources;
mod versions;

pub(crate) use run::run;
