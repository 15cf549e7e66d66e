//! Logs go to standard error; nothing is logged unless asked for.

use tracing_subscriber::EnvFilter;

/// `--log debug`, or `WAYBILL_LOG=waybill_engine=trace`. Warnings are always written.
pub(crate) fn start(level: Option<&str>) {
    let filter = match (level, std::env::var("WAYBILL_LOG")) {
        (Some(level), _) => EnvFilter::new(format!("warn,waybill={level}")),
        (None, Ok(directives)) => EnvFilter::new(directives),
        (None, Err(_)) => EnvFilter::new("warn"),
    };
    // A second start in one process (tests) keeps the first.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
        .ok();
}
