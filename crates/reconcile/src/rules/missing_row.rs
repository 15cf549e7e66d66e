//! The dual-write hole: the business row is there, the outbox row is not, and neither is a copy.

use waybill_model::UnknownReason;

use super::{Context, Since, Summary, doubt};
use crate::coverage::Unproven;
use crate::verdicts::PublishCode;

/// The verdict on a change that nothing but its business row tells of.
pub(super) fn verdict(event: &Summary<'_>, changed: Since, context: &Context) -> PublishCode {
    match absence(changed, context) {
        Err(Unproven::Failed) => PublishCode::NOT_CHECKED,
        _ if context.may_still_be_published(changed.at) => context.not_late_yet(changed),
        Err(Unproven::Because(reason)) => PublishCode::unknown(reason),
        Ok(()) => match doubt::of_absence(event).or(of_silence(event, changed, context)) {
            Some(reason) => PublishCode::unknown(reason),
            None => PublishCode::MISSING_OUTBOX_ROW,
        },
    }
}

/// Whether silence counts: in the outbox, which may have been cleaned; without one, at the
/// destinations.
fn of_silence(event: &Summary<'_>, changed: Since, context: &Context) -> Option<UnknownReason> {
    if !context.has_outbox {
        return doubt::of_silence(event, changed);
    }
    let index = event.index;
    let kept = index.bases.kept_since();
    // Where rows carry no time, the first message whose row is kept says how far back they go.
    let oldest = kept.map(|at| {
        if at == i64::MIN {
            index.heard().first_of_all()
        } else {
            at
        }
    });
    let before = |at: i64| changed.from.saturating_sub(index.slack()) < at;
    if index.bases.may_be_cleaned() && oldest.is_some_and(before) {
        return Some(UnknownReason::OutboxCleaned);
    }
    let control = index.heard().of_record(changed.from);
    control.is_none().then_some(UnknownReason::NoControl)
}

/// Row and outbox row are written in one transaction, so the outbox is asked about that moment
/// only; a copy could have come at any time since. Without either there is nobody to ask.
fn absence(changed: Since, context: &Context) -> Result<(), Unproven> {
    let slack = context.judgement.slack_micros;
    let mut row = Ok(());
    if context.has_outbox {
        let (from, to) = (
            changed.from.saturating_sub(slack),
            changed.at.saturating_add(slack),
        );
        row = context.outbox.absence(from, to);
        if row.is_ok() && context.deletes_after_send {
            row = Err(Unproven::Because(UnknownReason::OutboxCleaned));
        }
    }
    let copy = if context.has_observer {
        context.no_copy_since(changed)
    } else if context.has_outbox {
        Ok(())
    } else {
        Err(Unproven::Because(UnknownReason::NoObserver))
    };
    match (row, copy) {
        (_, Err(Unproven::Failed)) => copy,
        (Err(_), _) => row,
        _ => copy,
    }
}
