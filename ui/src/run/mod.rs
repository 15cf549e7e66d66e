//! Moves messages: from the DOM and the canvas into the state, from the state to host and browser,
//! and their answers back.

mod page;
pub(crate) use page::{Page, use_page};

mod perform;

mod wizard;

mod browser;

pub(crate) mod prefs;
