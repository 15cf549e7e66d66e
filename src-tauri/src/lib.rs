//! The window: composition root, the two doors, logs. The only crate that knows Tauri.
//!
//! It puts the core together from drivers, keychain and demo, and moves bytes between it and the
//! page. What the bytes mean is none of its business.

mod arguments;
pub use arguments::Arguments;

pub mod rendering;

mod logging;

mod composition;

pub mod doors;

mod shell;
pub use shell::{LABEL, LOOK_ONLY_LABEL, run};
