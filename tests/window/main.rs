//! The real window, driven over a real WebDriver as a user would drive it: by clicks.
//!
//! Run by `cargo xtask test window`, which brings the display. Pictures go to
//! `target/pictures`, for people to look at.

mod demo;
mod driver;
mod looks;
mod read_only;
mod shop;
mod window;
mod wizard;
