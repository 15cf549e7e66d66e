//! What a person would say: of one event, and of many.

mod words;

mod event;
pub(crate) use event::event;

mod count;
pub use count::count;
