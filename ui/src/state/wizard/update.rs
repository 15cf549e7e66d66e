//! What each message does to the wizard.

use waybill_protocol::{Failure, OpenTarget, SaveProfile, TryProfile, Trying, Written};

use super::looking::later;
use super::{
    Addresses, Finish, Purpose, Sample, SaveOrder, Step, Trial, Wizard, WizardEffect,
    WizardMessage, Work, set_role,
};
use crate::state::{Effect, Overlay, State, ToastKind};

/// Roles are read again when setting them has rested so long.
const REST_MILLIS: u32 = 250;

const AGAIN_MILLIS: u32 = 250;

impl State {
    pub(in crate::state) fn update_wizard(&mut self, message: WizardMessage) -> Vec<Effect> {
        let names = self.profile_names();
        if message == WizardMessage::Open {
            self.overlay = Overlay::None;
            self.form = None;
            self.wizard = Some(Wizard::default());
            return vec![Effect::Focus("wizard-database")];
        }
        let Some(wizard) = &mut self.wizard else {
            return Vec::new();
        };
        match message {
            WizardMessage::Close => {
                let effects = wizard.give_up();
                self.wizard = None;
                effects
            }
            WizardMessage::Next => match wizard.refusal(&names) {
                Some(_) => Vec::new(),
                None => wizard.next(),
            },
            WizardMessage::Saved(Ok(())) => self.wizard_saved(),
            message => wizard.update(message),
        }
    }

    /// What saved profiles are called.
    pub fn profile_names(&self) -> Vec<String> {
        let profiles = self.welcome.iter().flat_map(|welcome| &welcome.profiles);
        profiles.map(|profile| profile.name.clone()).collect()
    }

    fn wizard_saved(&mut self) -> Vec<Effect> {
        let Some(mut wizard) = self.wizard.take() else {
            return Vec::new();
        };
        let mut effects = wizard.give_up();
        effects.extend(self.toast(ToastKind::Good, "The profile is saved."));
        effects.push(Effect::Hello);
        effects.extend(self.open(OpenTarget::Profile(wizard.name().to_owned())));
        effects
    }
}

impl Wizard {
    fn update(&mut self, message: WizardMessage) -> Vec<Effect> {
        match message {
            WizardMessage::Go(step) if step <= self.reached && !self.work.running => {
                self.show(step)
            }
            WizardMessage::Back => match self.step.before() {
                Some(step) if !self.work.running => self.show(step),
                _ => Vec::new(),
            },
            WizardMessage::Addresses(addresses) => {
                self.change_addresses(addresses);
                Vec::new()
            }
            WizardMessage::Choose(table) => {
                self.choice = Some(table);
                Vec::new()
            }
            WizardMessage::AllTables(all) => {
                self.all_tables = all;
                Vec::new()
            }
            WizardMessage::Role { role, value } => self.set(role, &value),
            WizardMessage::Rested { edit } if edit == self.sample.edit => self.sample(),
            WizardMessage::Sampled { edit, answer } if edit == self.sample.edit => {
                self.sampled(answer);
                Vec::new()
            }
            WizardMessage::Flow { at, draft } => {
                if let Some(flow) = self.flows.get_mut(at) {
                    *flow = *draft;
                }
                Vec::new()
            }
            WizardMessage::DropFlow(at) => {
                if at < self.flows.len() {
                    self.flows.remove(at);
                    self.chosen_destinations = true;
                    self.settle();
                }
                Vec::new()
            }
            WizardMessage::AddDestination(name) => self.add_destination(&name),
            WizardMessage::Looking(answer) => self.looking(answer),
            WizardMessage::LookAgain(no) if self.work.running => {
                vec![Effect::Wizard(WizardEffect::Proposing(no))]
            }
            WizardMessage::Looked { no, answer } => self.looked(no, *answer),
            WizardMessage::StopLooking => self.stop_looking(),
            other => self.update_end(other),
        }
    }

    /// What concerns the last two pages.
    fn update_end(&mut self, message: WizardMessage) -> Vec<Effect> {
        match message {
            WizardMessage::Written { purpose, answer } => self.written(purpose, answer),
            WizardMessage::TryAgain => {
                self.trial = Trial::default();
                self.write(Purpose::Try)
            }
            WizardMessage::Trying(answer) => self.trying(answer),
            WizardMessage::TrialAgain(no) if self.trial.no == Some(no) => {
                vec![Effect::Wizard(WizardEffect::Trying(no))]
            }
            WizardMessage::Tried { no, answer } => self.tried(no, *answer),
            WizardMessage::Finish(finish) => {
                self.finish = Finish {
                    problems: Vec::new(),
                    ..finish
                };
                Vec::new()
            }
            WizardMessage::Saved(Err(failure)) => {
                self.finish.saving = false;
                self.finish.failure = Some(failure);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn next(&mut self) -> Vec<Effect> {
        match self.step {
            Step::Addresses => self.look(Step::Outbox),
            Step::Outbox => self.with_choice(),
            Step::Columns => self.look(Step::Flow),
            Step::Flow => self.write(Purpose::Try),
            Step::Preview => self.show(Step::Save),
            Step::Save => self.write(Purpose::Save),
        }
    }

    /// Other addresses make everything that was found out worthless.
    fn change_addresses(&mut self, addresses: Addresses) {
        if addresses == self.addresses {
            return;
        }
        *self = Self {
            addresses,
            finish: std::mem::take(&mut self.finish),
            sample: Sample {
                edit: self.sample.edit,
                ..Sample::default()
            },
            work: Work {
                steps: std::mem::take(&mut self.work.steps),
                ..Work::default()
            },
            ..Self::default()
        };
    }

    fn set(&mut self, role: &'static str, value: &str) -> Vec<Effect> {
        let Some(outbox) = &mut self.outbox else {
            return Vec::new();
        };
        set_role(outbox, role, value);
        self.by_hand.insert(role.to_owned(), value.to_owned());
        self.reached = self.step;
        self.sample.edit += 1;
        let edit = self.sample.edit;
        vec![later(REST_MILLIS, WizardMessage::Rested { edit })]
    }

    fn sampled(&mut self, answer: Result<Vec<waybill_protocol::MappedRow>, Failure>) {
        self.sample.reading = false;
        match answer {
            Ok(rows) => {
                self.sample.rows = rows;
                self.sample.failure = None;
            }
            Err(failure) => {
                self.sample.rows.clear();
                self.sample.failure = Some(failure);
            }
        }
    }

    fn add_destination(&mut self, name: &str) -> Vec<Effect> {
        let name = name.trim();
        let is_known = |flow: &super::FlowDraft| flow.flow.destination == name;
        if name.is_empty() || self.flows.iter().any(is_known) {
            return Vec::new();
        }
        self.chosen_destinations = true;
        let mut asked = self.asked();
        asked.destinations.push(name.to_owned());
        self.look_with(asked, Step::Flow)
    }

    /// Writes the profile down; what comes of it depends on what for.
    fn write(&mut self, purpose: Purpose) -> Vec<Effect> {
        match self.profile() {
            Ok(asked) => {
                self.finish.saving = purpose == Purpose::Save;
                self.finish.failure = None;
                vec![Effect::Wizard(WizardEffect::Write {
                    purpose,
                    asked: Box::new(asked),
                })]
            }
            // The page itself says so.
            Err(_) => Vec::new(),
        }
    }

    fn written(&mut self, purpose: Purpose, answer: Result<Written, Failure>) -> Vec<Effect> {
        self.finish.saving = false;
        let written = match (answer, purpose) {
            (Ok(written), _) => written,
            (Err(failure), Purpose::Try) => {
                self.trial.failure = Some(failure);
                return self.show(Step::Preview);
            }
            (Err(failure), Purpose::Save) => {
                self.finish.failure = Some(failure);
                return Vec::new();
            }
        };
        match purpose {
            Purpose::Try => self.try_it(written),
            Purpose::Save if written.problems.is_empty() => {
                self.finish.saving = true;
                let order = SaveProfile {
                    toml: written.toml,
                    secrets: self.addresses.secrets(self.name()).0,
                };
                vec![Effect::Wizard(WizardEffect::Save(SaveOrder(order)))]
            }
            Purpose::Save => {
                self.finish.problems = written.problems;
                Vec::new()
            }
        }
    }

    fn try_it(&mut self, written: Written) -> Vec<Effect> {
        let mut effects = self.show(Step::Preview);
        if self.trial.toml == written.toml && self.trial.failure.is_none() {
            return effects;
        }
        effects.extend(self.stop_trial());
        self.trial = Trial {
            running: written.problems.is_empty(),
            problems: written.problems,
            toml: written.toml.clone(),
            ..Trial::default()
        };
        if self.trial.running {
            effects.push(Effect::Wizard(WizardEffect::Try(TryProfile {
                toml: written.toml,
                secrets: self.addresses.secrets(self.name()),
            })));
        }
        effects
    }

    fn trying(&mut self, answer: Result<u64, Failure>) -> Vec<Effect> {
        match answer {
            Ok(no) => {
                self.trial.no = Some(no);
                vec![Effect::Wizard(WizardEffect::Trying(no))]
            }
            Err(failure) => {
                self.trial.running = false;
                self.trial.failure = Some(failure);
                Vec::new()
            }
        }
    }

    fn tried(&mut self, no: u64, answer: Result<Trying, Failure>) -> Vec<Effect> {
        if self.trial.no != Some(no) {
            return Vec::new();
        }
        match answer {
            Ok(shown) => {
                self.trial.running = !shown.done;
                self.trial.failure.clone_from(&shown.failure);
                self.trial.shown = shown;
            }
            Err(failure) => {
                self.trial.running = false;
                self.trial.failure = Some(failure);
            }
        }
        if self.trial.running {
            return vec![later(AGAIN_MILLIS, WizardMessage::TrialAgain(no))];
        }
        Vec::new()
    }

    fn stop_trial(&mut self) -> Vec<Effect> {
        let no = self.trial.no.take();
        no.map(|no| Effect::Wizard(WizardEffect::DropTry(no)))
            .into_iter()
            .collect()
    }

    /// Ends what goes on in the core.
    fn give_up(&mut self) -> Vec<Effect> {
        let mut effects = self.stop_looking();
        effects.extend(self.stop_trial());
        effects
    }
}
