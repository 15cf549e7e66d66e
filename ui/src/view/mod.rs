//! What is seen: one component per file. Views read the state and send messages; they decide nothing.

mod app;
pub(crate) use app::App;

mod listen;

mod environment;
mod failure;
mod icon;

mod filter_bar;
mod foot;
mod header;
mod profile_menu;
mod rail;
mod window_menu;

mod timeline;
mod tip;

mod grid;
mod row;
mod tabs;

mod detail;
mod diff;
mod found;
mod headers;
mod history;
mod payload;
mod stages;

mod confirm;
mod drawer;
mod dry_run;
mod journal;
mod outcome;
mod plan;
mod preview;

mod fields;
mod form;
mod probe;
mod start;
mod wizard;

mod demo;
mod keys;
mod palette;
mod toasts;
