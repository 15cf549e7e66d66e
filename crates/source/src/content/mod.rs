//! Whether two bodies say the same, whoever wrote them and however.
//!
//! Pure, and the same for every source. `tokens` reads JSON piece by piece without a tree and
//! without recursion; `canonical` makes one number of it, for which order of members, spaces,
//! escapes and spellings of numbers are all the same; `pointer` says which parts count, `compare`
//! what a body is in the first place, `body` how it was packed.

mod compare;
pub use compare::Compare;

mod parts;
pub use parts::{is_document, members, same, string};

mod body;
pub(crate) use body::framed_text;
pub use body::{Unreadable, document, text_in};

mod pointer;

mod canonical;
mod escapes;
mod hash;
mod number;
mod tokens;

#[cfg(test)]
mod tests;
