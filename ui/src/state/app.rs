//! The whole state, and the one way to change it.

use waybill_model::{Micros, VerdictClass};
use waybill_protocol::{Failure, Welcome};

use super::{
    BootFacts, Demo, Detail, Effect, Filter, Form, Grid, Message, Overlay, Resend, Selection,
    Session, Timeline, Wizard, Zone,
};

/// Everything the page knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// What the core said first; `None` until then.
    pub welcome: Option<Welcome>,
    /// Why the core did not answer.
    pub unwelcome: Option<Failure>,
    /// The open session, or the one that is being opened.
    pub session: Session,
    /// The filter bar.
    pub filter: Filter,
    /// The grid's lines.
    pub grid: Grid,
    /// The chosen events.
    pub selection: Selection,
    /// The timeline.
    pub timeline: Timeline,
    /// The event that is looked at.
    pub detail: Detail,
    /// Sending again.
    pub resend: Resend,
    /// The profile form, when it is open.
    pub form: Option<Form>,
    /// The wizard, when it is open.
    pub wizard: Option<Wizard>,
    /// The demo's panel.
    pub demo: Demo,
    /// What lies above the window.
    pub overlay: Overlay,
    /// How things look.
    pub look: Look,
    /// Short notes at the lower right.
    pub toasts: Vec<Toast>,
    toast_no: u32,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The chosen theme.
    pub theme: ThemeChoice,
    /// Times in the local zone.
    pub local_times: bool,
    /// The local zone, minutes east of UTC.
    pub local_minutes: i32,
}

/// The choice of theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeChoice {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A short note.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// Its number.
    pub no: u32,
    /// How it looks.
    pub kind: ToastKind,
    /// What happened.
    pub text: String,
    /// What to do next; `""` for nothing.
    pub hint: String,
    /// The failure's code and chain, for "copy details".
    pub detail: String,
    /// What "try again" does.
    pub retry: Option<Box<Message>>,
}

/// How a toast looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    /// Something worked.
    Good,
    /// Something to know.
    Note,
    /// Something failed.
    Bad,
}

/// Toasts that are shown at once; older ones make room.
const MAX_TOASTS: usize = 4;

/// How long a toast without a failure stays, in milliseconds.
const TOAST_MILLIS: u32 = 5_000;

impl Look {
    /// The zone times are shown in.
    pub fn zone(self) -> Zone {
        if self.local_times {
            Zone::Local(self.local_minutes)
        } else {
            Zone::Utc
        }
    }
}

impl ThemeChoice {
    /// The next one of the switch.
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// Its name, as it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl State {
    /// Takes in what happened; returns what is to be done.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Boot(facts) => self.boot(&facts),
            Message::Welcomed(answer) => self.welcomed(answer),
            Message::HelloAgain => vec![Effect::Hello],
            Message::Session(message) => self.update_session(message),
            Message::Filter(message) => self.update_filter(message),
            Message::Grid(message) => self.update_grid(message),
            Message::Timeline(message) => self.update_timeline(message),
            Message::Detail(message) => self.update_detail(message),
            Message::Resend(message) => self.update_resend(message),
            Message::Form(message) => self.update_form(message),
            Message::Wizard(message) => self.update_wizard(message),
            Message::Demo(message) => self.update_demo(message),
            Message::Overlay(message) => self.update_overlay(message),
            Message::Theme(choice) => {
                self.look.theme = choice;
                vec![Effect::Theme(choice)]
            }
            Message::SwitchZone => {
                self.look.local_times = !self.look.local_times;
                vec![Effect::KeepLocalTimes(self.look.local_times)]
            }
            Message::Copy { text, said } => {
                let mut effects = self.toast(ToastKind::Good, said);
                effects.push(Effect::Copy(text));
                effects
            }
            Message::DropToast(no) => {
                self.toasts.retain(|toast| toast.no != no);
                Vec::new()
            }
        }
    }

    fn boot(&mut self, facts: &BootFacts) -> Vec<Effect> {
        self.look = Look {
            theme: facts.theme,
            local_times: facts.local_times,
            local_minutes: facts.local_minutes,
        };
        self.session.now = facts.now;
        self.session.look_only = facts.look_only;
        vec![Effect::Hello, Effect::UiReady]
    }

    fn welcomed(&mut self, answer: Result<Welcome, Failure>) -> Vec<Effect> {
        match answer {
            Ok(welcome) => {
                // Only what was asked for at the start is opened by itself, not again on every hello.
                let open = welcome.open.clone().filter(|_| self.welcome.is_none());
                self.unwelcome = None;
                self.welcome = Some(welcome);
                match open {
                    Some(target) if self.session.is_closed() => self.open(target),
                    _ => Vec::new(),
                }
            }
            Err(failure) => {
                self.unwelcome = Some(failure);
                Vec::new()
            }
        }
    }

    /// Shows a note that goes by itself.
    pub(super) fn toast(&mut self, kind: ToastKind, text: impl Into<String>) -> Vec<Effect> {
        let no = self.push_toast(Toast {
            no: 0,
            kind,
            text: text.into(),
            hint: String::new(),
            detail: String::new(),
            retry: None,
        });
        vec![Effect::later(TOAST_MILLIS, Message::DropToast(no))]
    }

    /// Shows a failure; it stays until it is dropped.
    pub(super) fn complain(&mut self, failure: &Failure, retry: Option<Message>) {
        let code = format!("{:?}", failure.code);
        let detail = if failure.detail.is_empty() {
            code
        } else {
            format!("{code}: {}", failure.detail)
        };
        self.push_toast(Toast {
            no: 0,
            kind: ToastKind::Bad,
            text: failure.message.clone(),
            hint: failure.hint.clone(),
            detail,
            retry: retry.map(Box::new),
        });
    }

    fn push_toast(&mut self, toast: Toast) -> u32 {
        // The same failure again and again (a poll that fails) is one note, not a pile.
        self.toasts.retain(|old| old.text != toast.text);
        self.toast_no += 1;
        self.toasts.push(Toast {
            no: self.toast_no,
            ..toast
        });
        if self.toasts.len() > MAX_TOASTS {
            self.toasts.remove(0);
        }
        self.toast_no
    }

    /// The core's clock, as far as known.
    pub fn now(&self) -> Micros {
        self.session.now
    }

    /// How many events there are of a class.
    pub fn count_of(&self, class: VerdictClass) -> u64 {
        self.session
            .status
            .as_ref()
            .map_or(0, |status| status.counts.of(class))
    }
}
