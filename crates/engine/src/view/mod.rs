//! What the window and the command line see of a session.

mod tally;
pub(crate) use tally::{Tally, tally};

mod groups;

mod status;
pub(crate) use status::status;

mod fields;

mod rows;
pub(crate) use rows::{Found, rows, select};

mod lanes;
pub(crate) use lanes::{nearest, of_index, tile};

mod mask;
pub(crate) use mask::masked;

mod fact;

mod detail;
pub(crate) use detail::{detail, facts};
