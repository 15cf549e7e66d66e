//! Everything that can happen to the page.

use waybill_model::Micros;
use waybill_protocol::{Failure, Welcome};

use super::{
    DemoMessage, DetailMessage, FilterMessage, FormMessage, GridMessage, OverlayMessage,
    ResendMessage, SessionMessage, ThemeChoice, TimelineMessage, WizardMessage,
};

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The page starts.
    Boot(BootFacts),
    /// The core answered the first call.
    Welcomed(Result<Welcome, Failure>),
    /// Ask the core again who is there.
    HelloAgain,
    /// About the session, its window and its scan.
    Session(SessionMessage),
    /// About the filter bar.
    Filter(FilterMessage),
    /// About the grid and the selection.
    Grid(GridMessage),
    /// About the timeline.
    Timeline(TimelineMessage),
    /// About the one event that is looked at.
    Detail(DetailMessage),
    /// About sending again.
    Resend(ResendMessage),
    /// About the profile form.
    Form(FormMessage),
    /// About the wizard that makes a profile.
    Wizard(WizardMessage),
    /// About the demo's panel.
    Demo(DemoMessage),
    /// About what lies above the window.
    Overlay(OverlayMessage),
    /// Light, dark, or as the system says.
    Theme(ThemeChoice),
    /// UTC or local times.
    SwitchZone,
    /// Put a text into the clipboard.
    Copy {
        /// The text.
        text: String,
        /// What to say: `id copied`.
        said: &'static str,
    },
    /// Drop a toast.
    DropToast(u32),
}

/// What the page knows when it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct BootFacts {
    /// The page's clock.
    pub now: Micros,
    /// The machine's zone, minutes east of UTC.
    pub local_minutes: i32,
    /// The theme kept from last time.
    pub theme: ThemeChoice,
    /// Whether times were shown in the local zone last time.
    pub local_times: bool,
    /// The window was opened to look only.
    pub look_only: bool,
}
