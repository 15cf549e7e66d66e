//! Opens Waybill's window.

// A release build on Windows has no console window behind it.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

use clap::Parser as _;
use waybill_window::{Arguments, rendering};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before anything else: WebKit reads these settings once, and starting threads comes later.
    if let Some(failure) = rendering::restart_with_what_this_machine_needs(arguments.safe_rendering)
    {
        eprintln!("waybill-window: could not choose how to render: {failure}");
    }
    match waybill_window::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("waybill-window: {error:#}");
            ExitCode::from(2)
        }
    }
}
