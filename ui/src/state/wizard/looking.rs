//! Looking at database and broker: started, followed, given up, and what comes of it.

use waybill_protocol::{Asked, Code, Failure, Propose, Proposing, SeenRole};

use super::flow::drafts;
use super::{Sample, Step, Trial, Wizard, WizardEffect, WizardMessage, Work};
use crate::state::{Effect, Message};

const AGAIN_MILLIS: u32 = 150;

pub(super) fn later(millis: u32, message: WizardMessage) -> Effect {
    Effect::later(millis, Message::Wizard(message))
}

impl Wizard {
    /// Looks, and then shows a page; at once where nothing has changed since the last look.
    pub(super) fn look(&mut self, then: Step) -> Vec<Effect> {
        let asked = self.asked();
        if self.work.settled.as_ref() == Some(&asked) && self.work.failure.is_none() {
            return self.show(then);
        }
        self.look_with(asked, then)
    }

    pub(super) fn look_with(&mut self, asked: Asked, then: Step) -> Vec<Effect> {
        let test = self.step == Step::Addresses;
        self.work = Work {
            running: true,
            steps: if test {
                Vec::new()
            } else {
                std::mem::take(&mut self.work.steps)
            },
            then,
            ..Work::default()
        };
        vec![Effect::Wizard(WizardEffect::Propose(Box::new(Propose {
            asked,
            secrets: self.nameless_secrets(),
            test,
        })))]
    }

    pub(super) fn looking(&mut self, answer: Result<u64, Failure>) -> Vec<Effect> {
        match answer {
            // It was given up before it had a number.
            Ok(no) if !self.work.running => {
                vec![Effect::Wizard(WizardEffect::DropProposal(no))]
            }
            Ok(no) => {
                self.work.no = Some(no);
                vec![Effect::Wizard(WizardEffect::Proposing(no))]
            }
            Err(failure) => {
                self.work.running = false;
                self.work.failure = Some(failure);
                Vec::new()
            }
        }
    }

    pub(super) fn stop_looking(&mut self) -> Vec<Effect> {
        self.work.running = false;
        let no = self.work.no.take();
        no.map(|no| Effect::Wizard(WizardEffect::DropProposal(no)))
            .into_iter()
            .collect()
    }

    pub(super) fn looked(&mut self, no: u64, answer: Result<Proposing, Failure>) -> Vec<Effect> {
        if self.work.no != Some(no) {
            return Vec::new();
        }
        let so_far = match answer {
            Ok(so_far) => so_far,
            Err(failure) => {
                self.work.running = false;
                self.work.failure = Some(failure);
                return Vec::new();
            }
        };
        if !so_far.steps.is_empty() {
            self.work.steps.clone_from(&so_far.steps);
        }
        self.work.said.clone_from(&so_far.said);
        if !so_far.done {
            return vec![later(AGAIN_MILLIS, WizardMessage::LookAgain(no))];
        }
        self.work.running = false;
        self.work.no = None;
        self.take(so_far)
    }

    /// Takes in what was found, also where it is not enough for a profile.
    fn take(&mut self, found: Proposing) -> Vec<Effect> {
        if !found.tables.is_empty() || self.work.then == Step::Outbox {
            self.tables = found.tables;
        }
        self.broker = found.broker.unwrap_or_default();
        if let Some(outbox) = found.outbox {
            self.choice = Some(outbox.table.clone());
            self.outbox = Some(outbox);
        }
        if let Some(proposed) = found.proposed {
            self.choice = proposed.profile.outbox.as_ref().map(|o| o.table.clone());
            self.outbox.clone_from(&proposed.profile.outbox);
            self.flows = drafts(&proposed);
            if self.finish.name.is_empty() {
                self.finish.name.clone_from(&proposed.profile.name);
            }
            self.proposed = Some(*proposed);
            self.settle();
            self.trial = Trial::default();
            return self.show(self.work.then);
        }
        self.work.failure = found.failure;
        let code = self.work.failure.as_ref().map(|failure| failure.code);
        match (code, self.work.then) {
            (Some(Code::NoOutbox), Step::Outbox) => {
                self.choice = None;
                self.outbox = None;
                self.all_tables = true;
                self.show(Step::Outbox)
            }
            (Some(Code::NoDestination), then) => {
                self.flows.clear();
                self.chosen_destinations = false;
                self.proposed = None;
                self.show(then)
            }
            _ => Vec::new(),
        }
    }

    /// What is on the pages now is what was found: there is nothing to look for anew.
    pub(super) fn settle(&mut self) {
        self.work.settled = self.proposed.is_some().then(|| self.asked());
    }

    /// Shows a page, with whatever it shows by itself.
    pub(super) fn show(&mut self, step: Step) -> Vec<Effect> {
        self.step = step;
        self.reached = self.reached.max(step);
        let mut effects = vec![Effect::Focus(focus(step))];
        if step == Step::Columns {
            effects.extend(self.sample());
        }
        effects
    }

    /// Reads rows by the mapping as it stands; an answer to an earlier question is dropped.
    pub(super) fn sample(&mut self) -> Vec<Effect> {
        self.sample.edit += 1;
        let edit = self.sample.edit;
        let lacks = self
            .outbox
            .as_ref()
            .is_none_or(|o| !super::lacking(o).is_empty());
        let Some(asked) = self.read_mapping().filter(|_| !lacks) else {
            self.sample = Sample {
                edit,
                ..Sample::default()
            };
            return Vec::new();
        };
        self.sample.reading = true;
        let asked = Box::new(asked);
        vec![Effect::Wizard(WizardEffect::Sample { edit, asked })]
    }

    /// A table that nobody recognised is mapped by hand; of another one its mapping is asked for.
    pub(super) fn with_choice(&mut self) -> Vec<Effect> {
        let Some(table) = self.chosen().cloned() else {
            return Vec::new();
        };
        let is_mapped = self.outbox.as_ref().is_some_and(|o| o.table == table.name);
        if is_mapped {
            return self.show(Step::Columns);
        }
        self.by_hand.clear();
        self.flows.clear();
        self.chosen_destinations = false;
        self.proposed = None;
        self.work.failure = None;
        self.reached = Step::Columns;
        if table.role == SeenRole::Outbox {
            self.outbox = None;
            return self.look(Step::Columns);
        }
        self.outbox = Some(super::unmapped(&table));
        self.show(Step::Columns)
    }
}

/// Where the keyboard goes on a page.
fn focus(step: Step) -> &'static str {
    match step {
        Step::Addresses => "wizard-database",
        Step::Outbox => "wizard-tables",
        Step::Columns => "wizard-role-key",
        Step::Flow => "wizard-flow",
        Step::Preview => "wizard-preview",
        Step::Save => "wizard-name",
    }
}
