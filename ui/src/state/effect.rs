//! What the page asks others to do for it.

use waybill_protocol::{
    BreakIt, CheckProfile, ContinueRun, DeleteProfile, DryRun, GetDetail, GetJournal, GetProfile,
    GetRows, GetTile, Live, MakePlan, Nearest, Open, Preview, Probe, ProbeSteps, SaveProfile, Scan,
    Select, Send,
};

use super::{Message, ThemeChoice, WizardEffect};

/// Something to do. The answer comes back as a [`Message`].
#[derive(Clone, PartialEq)]
pub enum Effect {
    /// Who is there.
    Hello,
    /// Open a session.
    Open(Open),
    /// End the session.
    Close,
    /// Read a window.
    Scan(Scan),
    /// Stop reading.
    Stop,
    /// Follow, or not.
    Live(Live),
    /// How things stand.
    Status,
    /// Lines for the grid.
    Rows(GetRows),
    /// The numbers of a stretch of lines, for a range that was chosen with shift.
    Range(GetRows),
    /// Everything that may be resent.
    Select(Select),
    /// A tile for the timeline.
    Tile(GetTile),
    /// The event nearest to a click.
    Nearest(Nearest),
    /// Everything about one event.
    Detail(GetDetail),
    /// A plan.
    Plan(MakePlan),
    /// One message of a plan.
    Preview(Preview),
    /// What the broker says about a plan.
    DryRun(DryRun),
    /// Send a plan.
    Send(Send),
    /// Stop sending.
    StopSend,
    /// Go on with a run that was cut off.
    ContinueRun(ContinueRun),
    /// Former runs.
    Journal(GetJournal),
    /// A profile's text.
    Profile(GetProfile),
    /// What is wrong with a profile.
    CheckProfile(CheckProfile),
    /// Test a profile's connections.
    Probe(Probe),
    /// How far the test is.
    ProbeSteps(ProbeSteps),
    /// Save a profile.
    SaveProfile(SaveProfile),
    /// Remove a profile.
    DeleteProfile(DeleteProfile),
    /// Something for the wizard.
    Wizard(WizardEffect),
    /// The demo's faults.
    Faults,
    /// Break something in the demo.
    Break(BreakIt),
    /// Switch all faults off.
    Heal,
    /// Start the demo anew.
    ResetDemo,
    /// Come back with a message.
    Later(Later),
    /// Write to the clipboard.
    Copy(String),
    /// Move the keyboard focus to the element with this `data-test`.
    Focus(&'static str),
    /// Scroll the grid so that a line is in view.
    Reveal {
        /// Line, from 0.
        line: u64,
    },
    /// Wear a theme and remember the choice.
    Theme(ThemeChoice),
    /// Remember whether times are local.
    KeepLocalTimes(bool),
    /// Tell the shell that there is something to see.
    UiReady,
}

/// A message to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Later {
    /// After so many milliseconds.
    pub millis: u32,
    /// What then happens.
    pub message: Box<Message>,
}

impl Effect {
    /// `message` after `millis`.
    pub fn later(millis: u32, message: Message) -> Self {
        Self::Later(Later {
            millis,
            message: Box::new(message),
        })
    }
}
