//! Sending again: plan, dry run, preview, confirm, watch; and the journal of former runs.

use waybill_model::{AttemptState, BodySource, EventId, Mode, Pace, Plan, ResendId};
use waybill_protocol::{
    CheckedRoute, Code, ContinueRun, DryRun, Failure, GetJournal, JournalRun, MakePlan, Preview,
    PreviewedParcel, RunStatus, Send,
};

use super::{Effect, Message, Overlay, OverlayMessage, State, ToastKind, counted};

/// The drawer and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resend {
    /// Whether the drawer is open.
    pub open: bool,
    /// What the drawer shows.
    pub drawer: Drawer,
    /// Who is to receive it.
    pub mode: Mode,
    /// The plan for the chosen events.
    pub plan: Option<Plan>,
    /// A plan is being made.
    pub planning: bool,
    /// Why there is no plan.
    pub failure: Option<Failure>,
    /// What the broker says about the plan.
    pub dry_run: Option<Result<Vec<CheckedRoute>, Failure>>,
    /// The message that is looked at.
    pub preview: Option<(EventId, Option<Result<PreviewedParcel, Failure>>)>,
    /// The question before sending.
    pub confirm: Confirm,
    /// Former runs.
    pub journal: Option<Result<Vec<JournalRun>, Failure>>,
    edit: u32,
}

/// What the drawer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drawer {
    /// Recipients, bodies, warnings.
    #[default]
    Plan,
    /// Every event of the plan, one of them as the exact message.
    Preview,
    /// What the broker says.
    DryRun,
    /// The running or ended run.
    Run,
    /// Former runs.
    Journal,
}

/// The question before sending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confirm {
    /// Why, in the user's words.
    pub reason: String,
    /// What was typed to confirm.
    pub typed: String,
    /// The order is on its way.
    pub sending: bool,
    /// Why it was not taken.
    pub failure: Option<Failure>,
}

/// Something about sending again.
#[derive(Debug, Clone, PartialEq)]
pub enum ResendMessage {
    /// Other events are chosen.
    SelectionChanged,
    /// The chosen events have not changed for a moment.
    Rested {
        /// The change it belongs to.
        edit: u32,
    },
    /// Open or close the drawer.
    Toggle,
    /// Who is to receive it.
    Mode(Mode),
    /// A plan.
    Plan(Box<Result<Plan, Failure>>),
    /// Show this in the drawer.
    Show(Drawer),
    /// What the broker says.
    DryRan(Result<Vec<CheckedRoute>, Failure>),
    /// Look at one message.
    Preview(EventId),
    /// The message.
    Previewed {
        /// Of which event.
        event: EventId,
        /// The answer.
        answer: Box<Result<PreviewedParcel, Failure>>,
    },
    /// Ask before sending.
    Ask,
    /// The reason is typed.
    TypeReason(String),
    /// The confirmation is typed.
    TypeConfirmation(String),
    /// Send.
    Send,
    /// The order was taken, or not.
    Sent(Result<(), Failure>),
    /// Stop the run.
    Stop,
    /// Go on with a run that was cut off.
    Continue(ResendId),
    /// The order to stop or to go on was taken, or not.
    Taken(Result<(), Failure>),
    /// Show former runs.
    OpenJournal,
    /// Former runs.
    Journal(Result<Vec<JournalRun>, Failure>),
}

/// How many events of a run are how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// In all.
    pub total: u32,
    /// Not sent yet.
    pub waiting: u32,
    /// The broker has them; whether they took effect is being watched.
    pub sent: u32,
    /// Seen where they should be.
    pub effective: u32,
    /// Sent, and what was wrong still is.
    pub not_effective: u32,
    /// Nobody knows.
    pub unknown: u32,
    /// The broker refused.
    pub refused: u32,
    /// Found in place right before sending, or stopped before their turn.
    pub left: u32,
}

/// How long the selection rests before a plan is made, in milliseconds.
const REST_MILLIS: u32 = 160;

/// How many former runs are shown.
const JOURNAL_RUNS: u32 = 50;

impl Default for Resend {
    fn default() -> Self {
        Self {
            open: false,
            drawer: Drawer::Plan,
            mode: Mode::Everyone,
            plan: None,
            planning: false,
            failure: None,
            dry_run: None,
            preview: None,
            confirm: Confirm::default(),
            journal: None,
            edit: 0,
        }
    }
}

impl Resend {
    /// How many bodies come from a row or copy unchanged, and how many are rebuilt.
    pub fn bodies(&self) -> (usize, usize, usize) {
        let events = self.plan.as_ref().map_or(&[][..], |plan| &plan.events);
        let from =
            |test: fn(&BodySource) -> bool| events.iter().filter(|event| test(&event.body)).count();
        (
            from(|body| matches!(body, BodySource::OutboxRow { .. })),
            from(|body| matches!(body, BodySource::Copy { .. })),
            from(|body| matches!(body, BodySource::Reconstructed { .. })),
        )
    }
}

impl Tally {
    /// Counts a run.
    pub fn of(run: &RunStatus) -> Self {
        Self::of_states(run.attempts.iter().map(|attempt| &attempt.state))
    }

    /// Counts states.
    pub fn of_states<'a>(states: impl Iterator<Item = &'a AttemptState>) -> Self {
        let mut tally = Self::default();
        for state in states {
            tally.total += 1;
            *match state {
                AttemptState::Planned | AttemptState::Sending => &mut tally.waiting,
                AttemptState::Sent { .. } => &mut tally.sent,
                AttemptState::Effective => &mut tally.effective,
                AttemptState::NotEffective { .. } => &mut tally.not_effective,
                AttemptState::Unknown { .. } => &mut tally.unknown,
                AttemptState::Refused { .. } => &mut tally.refused,
                AttemptState::Skipped { .. } | AttemptState::Cancelled => &mut tally.left,
            } += 1;
        }
        tally
    }

    /// The outcome as a sentence.
    pub fn sentence(&self) -> String {
        let mut parts = vec![counted(
            u64::from(self.effective),
            "event arrived",
            "events arrived",
        )];
        let more = [
            (self.sent, "sent, not yet seen to arrive"),
            (self.not_effective, "sent without effect"),
            (
                self.unknown,
                "unknown: nobody can tell whether they were sent",
            ),
            (self.refused, "refused by the broker"),
            (self.left, "not sent"),
            (self.waiting, "waiting"),
        ];
        parts.extend(
            more.iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, what)| format!("{n} {what}")),
        );
        parts.join(" · ")
    }
}

impl State {
    pub(super) fn update_resend(&mut self, message: ResendMessage) -> Vec<Effect> {
        match message {
            ResendMessage::SelectionChanged => self.replan(true),
            ResendMessage::Rested { edit } if edit == self.resend.edit => self.make_plan(),
            ResendMessage::Rested { .. } => Vec::new(),
            ResendMessage::Toggle => {
                self.resend.open = !self.resend.open;
                if self.resend.open
                    && self.selection.is_empty()
                    && self.resend.drawer == Drawer::Plan
                {
                    return self.update_resend(ResendMessage::OpenJournal);
                }
                Vec::new()
            }
            ResendMessage::Mode(mode) => {
                self.resend.mode = mode;
                self.replan(false)
            }
            ResendMessage::Plan(answer) => {
                self.resend.planning = false;
                match *answer {
                    Ok(plan) => self.resend.plan = Some(plan),
                    Err(failure) => self.resend.failure = Some(failure),
                }
                Vec::new()
            }
            ResendMessage::Show(drawer) => self.show_in_drawer(drawer),
            ResendMessage::DryRan(answer) => {
                self.resend.dry_run = Some(answer);
                Vec::new()
            }
            ResendMessage::Preview(event) => {
                let Some(plan) = self.resend.plan.as_ref().map(|plan| plan.id) else {
                    return Vec::new();
                };
                self.resend.preview = Some((event.clone(), None));
                vec![Effect::Preview(Preview { plan, event })]
            }
            ResendMessage::Previewed { event, answer } => {
                if let Some((wanted, shown)) = &mut self.resend.preview
                    && *wanted == event
                {
                    *shown = Some(*answer);
                }
                Vec::new()
            }
            ResendMessage::OpenJournal => {
                self.resend.open = true;
                self.resend.drawer = Drawer::Journal;
                vec![Effect::Journal(GetJournal {
                    limit: JOURNAL_RUNS,
                })]
            }
            ResendMessage::Journal(answer) => {
                self.resend.journal = Some(answer);
                Vec::new()
            }
            order => self.update_order(order),
        }
    }

    /// The part of the messages that ends in the core doing something.
    fn update_order(&mut self, message: ResendMessage) -> Vec<Effect> {
        match message {
            ResendMessage::Ask if self.send_refusal().is_none() => {
                self.resend.confirm = Confirm {
                    reason: self.resend.confirm.reason.clone(),
                    ..Confirm::default()
                };
                self.update_overlay(OverlayMessage::Toggle(Overlay::Confirm))
            }
            ResendMessage::TypeReason(text) => {
                self.resend.confirm.reason = text;
                Vec::new()
            }
            ResendMessage::TypeConfirmation(text) => {
                self.resend.confirm.typed = text;
                Vec::new()
            }
            ResendMessage::Send => self.send(),
            ResendMessage::Sent(answer) => self.order_taken(answer),
            ResendMessage::Stop => vec![Effect::StopSend],
            ResendMessage::Continue(run) => vec![Effect::ContinueRun(ContinueRun { run })],
            ResendMessage::Taken(answer) => {
                if let Err(failure) = answer {
                    self.complain(&failure, None);
                }
                vec![Effect::Status]
            }
            _ => Vec::new(),
        }
    }

    fn show_in_drawer(&mut self, drawer: Drawer) -> Vec<Effect> {
        self.resend.open = true;
        self.resend.drawer = drawer;
        let Some(plan) = &self.resend.plan else {
            return Vec::new();
        };
        match drawer {
            Drawer::DryRun => {
                self.resend.dry_run = None;
                vec![Effect::DryRun(DryRun { plan: plan.id })]
            }
            Drawer::Preview if self.resend.preview.is_none() => {
                let first = plan.events.first().map(|event| event.id.clone());
                first.map_or_else(Vec::new, |event| {
                    self.update_resend(ResendMessage::Preview(event))
                })
            }
            _ => Vec::new(),
        }
    }

    fn replan(&mut self, selection_changed: bool) -> Vec<Effect> {
        let resend = &mut self.resend;
        resend.edit += 1;
        resend.failure = None;
        resend.dry_run = None;
        resend.preview = None;
        if self.selection.is_empty() {
            resend.plan = None;
            resend.planning = false;
            if resend.drawer != Drawer::Run && resend.drawer != Drawer::Journal {
                resend.open = false;
            }
            return Vec::new();
        }
        if selection_changed {
            resend.open = true;
        }
        resend.drawer = Drawer::Plan;
        resend.planning = true;
        vec![Effect::later(
            REST_MILLIS,
            Message::Resend(ResendMessage::Rested { edit: resend.edit }),
        )]
    }

    fn make_plan(&mut self) -> Vec<Effect> {
        if self.selection.is_empty() {
            return Vec::new();
        }
        let events = self.selection.numbers();
        vec![Effect::Plan(MakePlan {
            events,
            mode: self.resend.mode.clone(),
            pace: Pace::default(),
            unproven_form: None,
            samples: Vec::new(),
        })]
    }

    /// Why the send button does nothing; `None` when it works.
    pub fn send_refusal(&self) -> Option<String> {
        if let Some(reason) = self.session.read_only_reason() {
            return Some(reason.to_owned());
        }
        if self
            .session
            .status
            .as_ref()
            .and_then(|status| status.run.as_ref())
            .is_some_and(|run| run.running)
        {
            return Some("A resend is running.".to_owned());
        }
        match &self.resend.plan {
            _ if self.resend.planning => Some("The plan is being made.".to_owned()),
            None => Some("There is no plan yet.".to_owned()),
            Some(plan) if plan.refused.is_some() => plan.refused.clone(),
            Some(plan) if plan.events.is_empty() => {
                Some("None of the chosen events can be sent.".to_owned())
            }
            Some(_) => None,
        }
    }

    /// Whether what was typed is what was asked for.
    pub fn is_confirmed(&self) -> bool {
        let asked = self
            .resend
            .plan
            .as_ref()
            .and_then(|plan| plan.typed_confirmation.as_deref());
        asked.is_none_or(|asked| self.resend.confirm.typed.trim() == asked)
    }

    fn send(&mut self) -> Vec<Effect> {
        if self.send_refusal().is_some() || !self.is_confirmed() || self.resend.confirm.sending {
            return Vec::new();
        }
        let Some(plan) = &self.resend.plan else {
            return Vec::new();
        };
        let order = Send {
            plan: plan.id,
            typed: self.resend.confirm.typed.trim().to_owned(),
            reason: self.resend.confirm.reason.trim().to_owned(),
        };
        self.resend.confirm.sending = true;
        self.resend.confirm.failure = None;
        vec![Effect::Send(order)]
    }

    fn order_taken(&mut self, answer: Result<(), Failure>) -> Vec<Effect> {
        self.resend.confirm.sending = false;
        match answer {
            Ok(()) => {
                self.overlay = Overlay::None;
                self.resend.confirm = Confirm::default();
                self.resend.drawer = Drawer::Run;
                self.resend.open = true;
                vec![Effect::Status]
            }
            Err(failure) if failure.code == Code::Stale => {
                self.overlay = Overlay::None;
                self.complain(&failure, None);
                self.replan(false)
            }
            Err(failure) => {
                self.resend.confirm.failure = Some(failure);
                Vec::new()
            }
        }
    }

    /// A poll brought news of the run.
    pub(super) fn run_moved(&mut self, before: Option<&RunStatus>) -> Vec<Effect> {
        let now = self
            .session
            .status
            .as_ref()
            .and_then(|status| status.run.as_ref());
        let Some(now) = now.cloned() else {
            return Vec::new();
        };
        let same = before.filter(|before| before.id == now.id);
        if now.running && same.is_none_or(|before| !before.running) {
            self.resend.open = true;
            self.resend.drawer = Drawer::Run;
        }
        if !now.running && same.is_some_and(|before| before.running) {
            let tally = Tally::of(&now);
            let fine = tally.effective + tally.left == tally.total;
            if fine {
                self.selection.clear();
                self.resend.plan = None;
            }
            return self.toast(
                if fine {
                    ToastKind::Good
                } else {
                    ToastKind::Note
                },
                tally.sentence(),
            );
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_told_without_hiding_anything() {
        let unknown = AttemptState::Unknown {
            why: "timed out".to_owned(),
        };
        let states = [
            AttemptState::Effective,
            AttemptState::Effective,
            unknown,
            AttemptState::Cancelled,
        ];
        let tally = Tally::of_states(states.iter());
        assert_eq!(
            tally.sentence(),
            "2 events arrived · 1 unknown: nobody can tell whether they were sent · 1 not sent",
        );
    }

    #[test]
    fn choosing_asks_for_a_plan_once_it_rests() {
        let mut state = State::default();
        state.selection.toggle(1);
        state.update_resend(ResendMessage::SelectionChanged);
        state.selection.toggle(2);
        state.update_resend(ResendMessage::SelectionChanged);
        assert!(
            state
                .update_resend(ResendMessage::Rested { edit: 1 })
                .is_empty()
        );
        let effects = state.update_resend(ResendMessage::Rested { edit: 2 });
        assert!(matches!(&effects[..], [Effect::Plan(plan)] if plan.events == [1, 2]));
        assert_eq!(
            state.send_refusal().as_deref(),
            Some("The plan is being made.")
        );
    }

    #[test]
    fn nothing_is_sent_before_it_is_confirmed_by_typing() {
        let mut state = State::default();
        state.resend.plan = Some(plan(Some("toys")));
        state.resend.confirm.typed = "toy".to_owned();
        assert!(state.update_resend(ResendMessage::Send).is_empty());
        state.resend.confirm.typed = "toys ".to_owned();
        assert!(matches!(
            &state.update_resend(ResendMessage::Send)[..],
            [Effect::Send(_)]
        ));
        assert!(
            state.update_resend(ResendMessage::Send).is_empty(),
            "not twice"
        );
    }

    fn plan(typed: Option<&str>) -> Plan {
        Plan {
            id: ResendId(uuid::Uuid::nil()),
            mode: Mode::Everyone,
            pace: Pace::default(),
            events: vec![waybill_model::PlannedEvent {
                no: 1,
                id: EventId("1".to_owned()),
                kind: String::new(),
                aggregate: String::new(),
                route: waybill_model::Route {
                    destination: "product-events".to_owned(),
                    key: None,
                    partition: None,
                    routing_key: None,
                },
                body: BodySource::OutboxRow {
                    coordinate: waybill_model::Coordinate::Record {
                        topic: String::new(),
                        partition: 0,
                        offset: 0,
                    },
                },
                attempt: 1,
            }],
            left_out: Vec::new(),
            recipients: Vec::new(),
            warnings: Vec::new(),
            typed_confirmation: typed.map(str::to_owned),
            refused: None,
            unproven: Vec::new(),
            reconstructed: Vec::new(),
        }
    }
}
