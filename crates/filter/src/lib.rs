//! The one filter language of grid, tabs and command line.
//!
//! ```text
//! verdict:missing and type ~ "Product*" and age > 30s
//! consumer.search:lost-by-consumer or flag:duplicate
//! not (verdict:arrived) at >= 2026-11-20T14:00:00Z
//! 4711
//! ```
//! Terms beside each other are joined by `and`. A bare word is looked for in id, type and aggregate.

mod error;
pub use error::FilterError;

mod lex;

mod term;
pub use term::{Op, Term};

mod parse;

mod filter;
pub use filter::{Fields, Filter};

mod glob;
