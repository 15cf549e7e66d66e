//! The `waybill` command: the same core and the same verdicts as the window, in a terminal.

mod args;
mod check;
mod client;
mod demo;
mod exit;
mod failures;
mod journal;
mod layouts;
mod output;
mod profiles;
mod report;
mod resend;
mod scan;
mod window;

mod start;
pub use start::main;
