//! What is seen: one component per file. Views read the state and send messages; they decide nothing.

mod app;
pub(crate) use app::App;

mod listen;

mod icon;
mod failure;

mod header;
mod window_menu;
mod profile_menu;
mod filter_bar;
mod rail;
mod foot;

mod timeline;
mod tip;

mod tabs;
mod grid;
mod row;

mod detail;
mod found;
mod stages;
mod payload;
mod headers;
mod diff;
mod history;

mod drawer;
mod plan;
mod preview;
mod dry_run;
mod outcome;
mod journal;
mod confirm;

mod start;
mod form;
mod fields;
mod probe;

mod demo;
mod palette;
mod keys;
mod toasts;
