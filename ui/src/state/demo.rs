//! The demo's panel: break something, watch it, heal it.

use waybill_protocol::{BreakIt, Failure, FaultInfo, OpenTarget};

use super::{Effect, State, ToastKind};

/// The panel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demo {
    /// Whether it is open.
    pub open: bool,
    /// What can be broken.
    pub faults: Vec<FaultInfo>,
    /// What happened last, a sentence.
    pub said: String,
    /// The fault that is being switched.
    pub busy: Option<String>,
}

/// Something about the demo.
#[derive(Debug, Clone, PartialEq)]
pub enum DemoMessage {
    /// Open or close the panel.
    Toggle,
    /// What can be broken.
    Faults(Result<Vec<FaultInfo>, Failure>),
    /// Break this.
    Break(String),
    /// It is broken; the sentence to show.
    Broken(Result<String, Failure>),
    /// Switch all faults off.
    Heal,
    /// Start anew.
    Reset,
    /// All is well again.
    Healed(Result<(), Failure>),
    /// The company is a new one; its addresses may have changed.
    WasReset(Result<(), Failure>),
}

impl State {
    pub(super) fn update_demo(&mut self, message: DemoMessage) -> Vec<Effect> {
        match message {
            DemoMessage::Toggle => {
                self.demo.open = !self.demo.open;
                if self.demo.open {
                    vec![Effect::Faults]
                } else {
                    Vec::new()
                }
            }
            DemoMessage::Faults(Ok(faults)) => {
                self.demo.faults = faults;
                Vec::new()
            }
            DemoMessage::Break(name) => {
                self.demo.busy = Some(name.clone());
                vec![Effect::Break(BreakIt { fault: name })]
            }
            DemoMessage::Broken(Ok(said)) => {
                self.demo.busy = None;
                self.demo.said = said;
                vec![Effect::Faults]
            }
            DemoMessage::Heal => vec![Effect::Heal],
            DemoMessage::Reset => vec![Effect::ResetDemo],
            DemoMessage::Healed(Ok(())) => {
                self.demo.said = String::new();
                let mut effects = self.toast(ToastKind::Good, "All faults are off.");
                effects.push(Effect::Faults);
                effects
            }
            DemoMessage::WasReset(Ok(())) => self.open(OpenTarget::Demo),
            DemoMessage::Faults(Err(failure))
            | DemoMessage::Broken(Err(failure))
            | DemoMessage::WasReset(Err(failure))
            | DemoMessage::Healed(Err(failure)) => {
                self.demo.busy = None;
                self.complain(&failure, None);
                Vec::new()
            }
        }
    }
}
