//! The session: opening, its window, its scan, following, and the poll that keeps the page current.

use waybill_model::{Micros, Window};
use waybill_protocol::{
    self as protocol, Failure, OpenTarget, Opened, PlaceStatus, Scan, ScanState, Status, TimeSpec,
};

use super::{
    Asked, Effect, GridMessage, Message, Overlay, ResendMessage, State, TimelineMessage, ToastKind,
};

/// What is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// What was asked to be opened last.
    pub target: Option<OpenTarget>,
    /// It is being opened.
    pub opening: bool,
    /// Why it could not be opened.
    pub failure: Option<Failure>,
    /// The open session.
    pub opened: Option<Opened>,
    /// How things stand, as polled last.
    pub status: Option<Status>,
    /// The poll itself fails: the core is gone or hangs.
    pub lost: Option<Failure>,
    /// The window as the user wrote it.
    pub asked: Asked,
    /// What is wrong with the window that is being typed.
    pub asked_problem: Option<String>,
    /// Whether what arrives is followed.
    pub live: Live,
    /// The core's clock at the last poll.
    pub now: Micros,
    /// The window was opened to look only, whatever the profile allows.
    pub look_only: bool,
    /// Rises with every session: answers that were asked for by an older one are dropped.
    pub epoch: u32,
    poll_no: u32,
}

/// Whether what arrives is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Live {
    /// Yes.
    #[default]
    On,
    /// Paused by the user: the list stands still.
    Paused,
}

/// Something about the session.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionMessage {
    /// Open this.
    Open(OpenTarget),
    /// It is open, or not.
    Opened(Box<Result<Opened, Failure>>),
    /// Back to the start.
    Close,
    /// The window field changes.
    TypeWindow(String),
    /// Look at this window.
    Look(Asked),
    /// Read again.
    Rescan,
    /// The core took the order, or not.
    Taken(Result<(), Failure>),
    /// Stop reading.
    Stop,
    /// Follow, or stand still.
    ToggleLive,
    /// Ask how things stand; does nothing when a later poll has been arranged since.
    Poll {
        /// The poll's number.
        no: u32,
    },
    /// How things stand.
    Status(Box<Result<Status, Failure>>),
}

impl Default for Session {
    fn default() -> Self {
        Self {
            target: None,
            opening: false,
            failure: None,
            opened: None,
            status: None,
            lost: None,
            asked: Asked::last(3_600_000_000),
            asked_problem: None,
            live: Live::On,
            now: Micros(0),
            look_only: false,
            epoch: 0,
            poll_no: 0,
        }
    }
}

impl Session {
    /// Neither open nor being opened.
    pub fn is_closed(&self) -> bool {
        self.opened.is_none() && !self.opening
    }

    /// What keeps sources from being read, each once.
    pub fn failures(&self) -> Vec<Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        let places = self.status.iter().flat_map(|status| &status.places);
        for failure in places.filter_map(|place| place.failure.as_ref()) {
            if failures
                .iter()
                .all(|known| known.message != failure.message)
            {
                failures.push(failure.clone());
            }
        }
        failures
    }

    /// Whether the core is reading.
    pub fn is_scanning(&self) -> bool {
        matches!(
            self.status.as_ref().map(|status| &status.scan),
            Some(ScanState::Connecting | ScanState::Scanning { .. })
        )
    }

    /// Whether something moves, so that polling quickly is worth it.
    pub fn is_busy(&self) -> bool {
        let sending = self
            .status
            .as_ref()
            .and_then(|status| status.run.as_ref())
            .is_some_and(|run| run.running);
        self.is_scanning() || sending
    }

    /// Milliseconds until the next poll.
    pub fn poll_millis(&self) -> u32 {
        match self.status.as_ref().map(|status| &status.scan) {
            _ if self.lost.is_some() => 2_000,
            None => 100,
            Some(_) if self.is_busy() => 100,
            Some(ScanState::Live) => 250,
            Some(_) => 1_000,
        }
    }

    /// The window that is looked at.
    pub fn window(&self) -> Window {
        self.status
            .as_ref()
            .map_or_else(|| self.asked.resolve(self.now), |status| status.window)
    }

    /// Names of the expected consumers.
    pub fn consumers(&self) -> &[String] {
        self.opened.as_ref().map_or(&[], |opened| &opened.consumers)
    }

    /// Why nothing can be sent; `None` when something can.
    pub fn read_only_reason(&self) -> Option<&str> {
        if self.look_only {
            return Some("This window was opened to look only (--read-only).");
        }
        let reason = self
            .opened
            .as_ref()
            .map(|opened| opened.read_only_reason.as_str());
        reason.filter(|reason| !reason.is_empty())
    }

    fn time_spec(&self) -> TimeSpec {
        match (self.asked.from, self.asked.to) {
            (super::End::BeforeNow(micros), super::End::BeforeNow(0)) => TimeSpec::Last {
                secs: u64::try_from(micros / 1_000_000).unwrap_or(0),
            },
            _ => TimeSpec::Fixed(self.asked.resolve(self.now)),
        }
    }
}

/// Whether a place was read without a gap, the newest moments apart: what is being written right
/// now is never settled yet.
pub fn is_whole(place: &PlaceStatus) -> bool {
    place.failure.is_none() && place.gaps.is_empty() && place.covered >= 0.98
}

impl State {
    pub(super) fn update_session(&mut self, message: SessionMessage) -> Vec<Effect> {
        match message {
            SessionMessage::Open(target) => self.open(target),
            SessionMessage::Opened(answer) => self.opened(*answer),
            SessionMessage::Close => self.close(),
            SessionMessage::TypeWindow(text) => {
                self.session.asked_problem = Asked::parse(&text).err();
                Vec::new()
            }
            SessionMessage::Look(asked) => {
                self.session.asked = asked;
                self.session.asked_problem = None;
                self.overlay = Overlay::None;
                self.timeline.follow();
                self.scan()
            }
            SessionMessage::Rescan => self.scan(),
            SessionMessage::Taken(answer) => {
                if let Err(failure) = answer {
                    self.complain(&failure, Some(Message::Session(SessionMessage::Rescan)));
                }
                if self.session.opened.is_some() {
                    vec![Effect::Status]
                } else {
                    Vec::new()
                }
            }
            SessionMessage::Stop => vec![Effect::Stop],
            SessionMessage::ToggleLive => self.toggle_live(),
            SessionMessage::Poll { no } if no == self.session.poll_no => vec![Effect::Status],
            SessionMessage::Poll { .. } => Vec::new(),
            SessionMessage::Status(answer) => self.status(*answer),
        }
    }

    pub(super) fn open(&mut self, target: OpenTarget) -> Vec<Effect> {
        self.forget_session();
        self.session.target = Some(target.clone());
        self.session.opening = true;
        self.overlay = Overlay::None;
        self.form = None;
        self.wizard = None;
        vec![Effect::Open(protocol::Open { target })]
    }

    fn close(&mut self) -> Vec<Effect> {
        self.forget_session();
        self.overlay = Overlay::None;
        vec![Effect::Close, Effect::Hello]
    }

    fn forget_session(&mut self) {
        let epoch = self.session.epoch + 1;
        let kept = std::mem::take(self);
        self.welcome = kept.welcome;
        self.look = kept.look;
        let (now, look_only) = (kept.session.now, kept.session.look_only);
        self.session = Session {
            epoch,
            now,
            look_only,
            ..Session::default()
        };
        self.timeline = kept.timeline.emptied();
    }

    fn opened(&mut self, answer: Result<Opened, Failure>) -> Vec<Effect> {
        self.session.opening = false;
        match answer {
            Ok(opened) => {
                let (demo, unfinished) = (opened.demo, !opened.unfinished.is_empty());
                self.session.opened = Some(opened);
                let mut effects = self.scan();
                if demo {
                    effects.push(Effect::Faults);
                }
                if unfinished {
                    effects.extend(self.update_resend(ResendMessage::OpenJournal));
                    effects.extend(self.toast(
                        ToastKind::Note,
                        "A resend was cut off earlier. The journal shows what was sent and what was not.",
                    ));
                }
                effects
            }
            Err(failure) => {
                self.session.failure = Some(failure);
                Vec::new()
            }
        }
    }

    fn scan(&mut self) -> Vec<Effect> {
        if self.session.opened.is_none() {
            return Vec::new();
        }
        let live = self.session.live == Live::On && self.session.asked.follows_now();
        vec![Effect::Scan(Scan {
            window: self.session.time_spec(),
            live,
        })]
    }

    fn toggle_live(&mut self) -> Vec<Effect> {
        self.session.live = match self.session.live {
            Live::On => Live::Paused,
            Live::Paused => Live::On,
        };
        vec![Effect::Live(protocol::Live {
            on: self.session.live == Live::On,
        })]
    }

    fn status(&mut self, answer: Result<Status, Failure>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match answer {
            Ok(status) => {
                self.session.lost = None;
                self.session.now = status.now;
                let before = self.session.status.replace(status);
                let first = before.is_none();
                let changed = before.as_ref().map(|old| old.generation)
                    != self.session.status.as_ref().map(|s| s.generation);
                self.timeline.window_is(self.session.window());
                self.grid.groups_are(
                    self.session
                        .status
                        .as_ref()
                        .map_or(&[], |status| &status.groups),
                );
                if changed || first {
                    effects.extend(self.update_grid(GridMessage::Refresh));
                    effects.extend(self.update_timeline(TimelineMessage::Refresh));
                    effects.extend(self.refresh_detail());
                } else {
                    effects.extend(self.tile_if_due());
                }
                effects.extend(self.run_moved(before.as_ref().and_then(|old| old.run.as_ref())));
            }
            Err(failure) => {
                if self.session.lost.is_none() {
                    self.complain(&failure, None);
                }
                self.session.lost = Some(failure);
            }
        }
        self.session.poll_no += 1;
        let again = SessionMessage::Poll {
            no: self.session.poll_no,
        };
        effects.push(Effect::later(
            self.session.poll_millis(),
            Message::Session(again),
        ));
        effects
    }
}
