//! Published, never stored, where there is no outbox: a message whose version no business row has.
//!
//! A row shows its newest version only, unless its table keeps all of them. A newer one means that
//! the message's version was stored once; an older one, that it never was; none at all, nothing:
//! the row may have been deleted since. The engine asks for the newest row of any age by its
//! aggregate's id before that is said.

use waybill_model::UnknownReason;

use super::{Context, Since, Summary};
use crate::coverage::Unproven;
use crate::verdicts::PublishCode;

/// Whether the version of a message is proven never to have been stored, or why nobody can say;
/// `None` where it counts as published.
pub(super) fn verdict(event: &Summary<'_>, context: &Context) -> Option<PublishCode> {
    let copy = event.first_foreign?;
    let index = event.index;
    if !context.has_business || !index.tells_change(event.no) {
        return None;
    }
    let newest = index.business.newest(index.full_aggregate(event.no));
    let overtaken = newest.is_some_and(|newest| newest > index.events.version(event.no));
    if overtaken && !(context.keeps_versions && is_left_out(event, context)) {
        return None;
    }
    match absence(event, context)? {
        Ok(()) => {}
        Err(reason) => return Some(PublishCode::unknown(reason)),
    }
    if newest.is_none() && !context.keeps_versions {
        return Some(PublishCode::unknown(UnknownReason::RowGone));
    }
    let control = index.control_of_row(event.no, copy.place, copy.at);
    let alike = index
        .heard()
        .is_of_this_flow(copy.place, index.events.kind(event.no));
    let first = index.heard().first_copy(copy.place);
    let cleaned = event.untimed || first.is_some_and(|first| copy.at < first);
    Some(match control {
        Err(reason) => PublishCode::unknown(reason),
        Ok(_) if !alike => PublishCode::unknown(UnknownReason::NoControl),
        Ok(_) if context.keeps_versions && newest.is_none() && cleaned => {
            PublishCode::unknown(UnknownReason::RowGone)
        }
        Ok(_) => PublishCode::PHANTOM,
    })
}

/// Whether a table that keeps every version was read without a gap from the version before on, and
/// lacks this one. Where that is not there either, this one may be older than what was read.
fn is_left_out(event: &Summary<'_>, context: &Context) -> bool {
    let index = event.index;
    let version = index.events.version(event.no).saturating_sub(1);
    let before = index.business.find(index.full_aggregate(event.no), version);
    before.is_some_and(|before| {
        let spot = &index.business.get(before).spot;
        let from = Since::new(spot.at, spot.marks).from;
        let until = event.first_foreign.map_or(from, |copy| copy.at);
        let until = Context::rows_until(until.saturating_add(context.publish_grace));
        let from = from.saturating_sub(context.judgement.slack_micros);
        context.business.absence(from, until).is_ok()
    })
}

/// Whether the tables, read without a gap, hold no row of that time; `None` where its row may still
/// come.
fn absence(event: &Summary<'_>, context: &Context) -> Option<Result<(), UnknownReason>> {
    let copy = event.first_foreign?;
    if context.is_ahead(copy.at, context.publish_grace) {
        return Some(Err(UnknownReason::ClockAhead));
    }
    if context.may_still_be_published(copy.at) {
        return None;
    }
    // Without a time it may have been there ever since, and its row even longer.
    let from = match event.untimed {
        true => i64::MIN,
        false => copy.at.saturating_sub(context.lookback),
    };
    let to = Context::rows_until(copy.at.saturating_add(context.publish_grace));
    Some(context.business.absence(from, to).map_err(Unproven::reason))
}
