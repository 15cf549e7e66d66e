//! The window's command line.

use clap::Parser;
use waybill_protocol::OpenTarget;

/// Opens Waybill's window
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "waybill-window", version, max_term_width = 100)]
pub struct Arguments {
    /// Open the built-in demo at once; no server needed
    #[arg(long, conflicts_with = "profile")]
    pub demo: bool,
    /// Open this saved profile at once
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// A window that can only look, whatever the profile allows
    #[arg(long)]
    pub read_only: bool,
    /// For a window that stays blank: the slowest and surest way to draw
    #[arg(long)]
    pub safe_rendering: bool,
    /// Changes per second that the demo's company makes by itself
    #[arg(long, value_name = "RATE", default_value_t = 2.0)]
    pub demo_rate: f64,
    /// Write a log to standard error: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
}

impl Arguments {
    /// What the page is told to open at once.
    pub fn target(&self) -> Option<OpenTarget> {
        match &self.profile {
            Some(name) => Some(OpenTarget::Profile(name.clone())),
            None => self.demo.then_some(OpenTarget::Demo),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
        let parsed = Arguments::try_parse_from(["waybill-window", "--profile", "toys"])
            .expect("it is valid");
        assert_eq!(
            parsed.target(),
            Some(OpenTarget::Profile("toys".to_owned()))
        );
        assert!(
            Arguments::try_parse_from(["waybill-window", "--profile", "toys", "--demo"]).is_err()
        );
    }
}
