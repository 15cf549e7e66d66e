//! Performs what the wizard wants done. No session owns it, so no answer is dropped with one; the
//! wizard itself drops what it did not ask for.

use waybill_protocol::{DropProposal, DropTry, GetProposing, GetTrying};

use super::Page;
use super::perform::ask_always;
use crate::state::{Message, WizardEffect, WizardMessage};

pub(super) fn perform_wizard(page: Page, effect: WizardEffect) {
    let wizard = Message::Wizard;
    match effect {
        WizardEffect::Propose(order) => ask_always(page, *order, move |answer| {
            wizard(WizardMessage::Looking(answer))
        }),
        WizardEffect::Proposing(no) => ask_always(page, GetProposing { no }, move |answer| {
            let answer = Box::new(answer);
            wizard(WizardMessage::Looked { no, answer })
        }),
        // Whether there was anything to give up changes nothing.
        WizardEffect::DropProposal(no) => ask_always(page, DropProposal { no }, move |_| {
            wizard(WizardMessage::GivenUp)
        }),
        WizardEffect::Sample { edit, asked } => ask_always(page, *asked, move |answer| {
            wizard(WizardMessage::Sampled { edit, answer })
        }),
        WizardEffect::Write { purpose, asked } => ask_always(page, *asked, move |answer| {
            wizard(WizardMessage::Written { purpose, answer })
        }),
        WizardEffect::Try(order) => ask_always(page, order, move |answer| {
            wizard(WizardMessage::Trying(answer))
        }),
        WizardEffect::Trying(no) => ask_always(page, GetTrying { no }, move |answer| {
            let answer = Box::new(answer);
            wizard(WizardMessage::Tried { no, answer })
        }),
        WizardEffect::DropTry(no) => ask_always(page, DropTry { no }, move |_| {
            wizard(WizardMessage::GivenUp)
        }),
        WizardEffect::Save(order) => ask_always(page, order.0, move |answer| {
            wizard(WizardMessage::Saved(answer))
        }),
    }
}
