//! What is printed: documents for scripts, text for people.

pub(crate) mod document;
pub(crate) mod layouts;
pub(crate) mod plan;
pub(crate) mod text;
