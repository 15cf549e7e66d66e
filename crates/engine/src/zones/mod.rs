//! In which zone a table's times are written that name none: by the profile's word, by when the
//! messages of its rows were published, by the server's clock, or nobody knows.
//!
//! An offset is found for now: where clocks are put forward in summer, rows of the other half of
//! the year lie an hour off. That moves no verdict, for only what is young can be *not late yet*,
//! and what is missing is looked for before the window, too.

mod pairs;
pub(crate) use pairs::{Agreed, Pair, agreed};

mod told;
pub(crate) use told::{Known, Told, told};

mod settle;
pub(crate) use settle::{Noted, settle};
