//! From evidence to verdict: one file per group of verdicts, pure functions of a summary of the
//! event and the context of the judgement.
//!
//! The order of the questions is the precedence: what is there beats what is absent, what cannot
//! be known beats what is suspected.

mod context;
pub(crate) use context::{ConsumerContext, Context, Head};

mod destinations;
pub(crate) use destinations::Destinations;

mod summary;
pub(crate) use summary::{Goes, Since, Summary};

mod publish;
pub(crate) use publish::publish;

mod doubt;
pub(crate) use doubt::{of_no_copy, of_weak_matches};

mod phantom;
mod unsent;
mod unstored;

mod lost;

mod missing_row;

mod consumer;
pub(crate) use consumer::consumer;

mod content;

mod flags;
pub(crate) use flags::flags;
