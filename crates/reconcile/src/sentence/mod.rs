//! What a person would say: of one event, and of many. One file per verdict.

mod words;

mod story;
pub(crate) use story::event;

mod rest;
pub(crate) use rest::rests_on;

mod many;
pub use many::many;

mod grace;
pub use grace::grace;

mod basis;
pub use basis::basis;

mod silent;
pub use silent::silent;

mod consumer;
mod publish;
