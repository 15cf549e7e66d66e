//! Published, never stored: a message whose change was rolled back, or never made. Also where only a
//! consumer's inbox tells of the message.

use waybill_model::{ConsumerNo, NO_VERSION, UnknownReason};

use super::{Context, Summary, unstored};
use crate::coverage::Unproven;
use crate::store::CopyRef;
use crate::verdicts::PublishCode;

/// Whether a message is proven to have neither an outbox row nor a business row, or why nobody can
/// say; `None` where it counts as published.
///
/// The row may have been written long before the copy, if the relay was slow; so absence is asked
/// for from well before the copy, unless the outbox was asked for the row itself.
pub(super) fn verdict(event: &Summary<'_>, context: &Context) -> Option<PublishCode> {
    if event.outbox.is_some() || event.stored.is_some() || event.reconstructed {
        return None;
    }
    if !context.has_outbox {
        return unstored::verdict(event, context);
    }
    if context.deletes_after_send {
        return None;
    }
    let told = match event.first_foreign {
        Some(copy) => of_copy(event, &copy, context)?,
        None if event.copies().next().is_none() && event.resends().is_empty() => {
            of_inbox(event, context)?
        }
        None => return None,
    };
    Some(told.map_or_else(PublishCode::unknown, |()| PublishCode::PHANTOM))
}

/// What is proven of a message without a row; `None` where there is nothing to be proven yet.
type Told = Option<Result<(), UnknownReason>>;

fn of_copy(event: &Summary<'_>, copy: &CopyRef, context: &Context) -> Told {
    // Without a time it may have been there ever since, and its row even longer.
    let ever = event.untimed;
    let from = copy.at.saturating_sub(context.lookback);
    if let Err(reason) = no_row(event, copy.at, if ever { i64::MIN } else { from }, context)? {
        return Some(Err(reason));
    }
    let index = event.index;
    let control = index.control_of_row(event.no, copy.place, copy.at);
    let first = index.heard().first_copy(copy.place);
    let before = first.is_some_and(|first| copy.at.saturating_sub(index.slack()) < first);
    let cleaned = ever || before && !are_rows_kept_from(event, from);
    Some(match control {
        Err(UnknownReason::NoControl) => Err(UnknownReason::NoControl),
        _ if cleaned && may_be_cleaned(event) => Err(UnknownReason::OutboxCleaned),
        control => control.map(|_| ()),
    })
}

/// A consumer has it, and nobody else. Its inbox may hold other flows' events, so that its rows
/// have to be of this one nearly all.
fn of_inbox(event: &Summary<'_>, context: &Context) -> Told {
    let index = event.index;
    let claims = |no: &ConsumerNo| index.events.inbox_at(event.no, *no).is_some();
    let named = (0..=u8::MAX).map(ConsumerNo).take(context.consumers.len());
    let heard: Vec<_> = named
        .filter(claims)
        .filter_map(|no| Some((no, index.heard_by(usize::from(no.0))?)))
        .collect();
    // Nobody counts what is another flow's; what may as well be this one's is no good news.
    let ours = heard.iter().find(|(_, heard)| heard.is_of_this_flow());
    let mostly = || {
        let mut heard = heard.iter();
        heard.find(|(_, heard)| heard.is_mostly_of_this_flow())
    };
    let &(no, heard) = ours.or_else(mostly)?;
    let at = event.consumed?;
    let consumer = context.consumers.get(usize::from(no.0))?;
    let from = at
        .saturating_sub(context.lookback)
        .saturating_sub(consumer.grace);
    if let Err(reason) = no_row(event, at, from, context)? {
        return Some(Err(reason));
    }
    if heard.of_row(at).is_none() {
        return Some(Err(UnknownReason::NoControl));
    }
    let cleaned = at.saturating_sub(index.slack()) < heard.first();
    Some(if cleaned && may_be_cleaned(event) {
        Err(UnknownReason::OutboxCleaned)
    } else {
        Ok(())
    })
}

/// Whether a row that was sent, and is older than any that a message may be of, is there: then
/// nobody has cleaned the younger ones, even if its own message was lost or came late.
fn are_rows_kept_from(event: &Summary<'_>, from: i64) -> bool {
    let index = event.index;
    let oldest = index
        .bases
        .kept_since()
        .filter(|oldest| *oldest != i64::MIN);
    oldest.is_some_and(|oldest| oldest <= from.saturating_sub(index.slack()))
}

/// Whether the tables, read without a gap, hold nothing that a message of that time came from;
/// `None` where it may still come, and where a newer version shows that this one was stored.
fn no_row(event: &Summary<'_>, at: i64, from: i64, context: &Context) -> Told {
    if context.is_ahead(at, context.publish_grace) {
        return Some(Err(UnknownReason::ClockAhead));
    }
    if context.may_still_be_published(at) {
        return None;
    }
    let to = Context::rows_until(at.saturating_add(context.publish_grace));
    let tables = match no_outbox_row(event, from, to, context) {
        Ok(()) => no_business_row(event, context, from, to)?,
        Err(why) => Err(why),
    };
    Some(tables.map_err(Unproven::reason))
}

/// Whether the outbox holds no row of it. Where it was asked for the id, a row that was written
/// before the outbox was read has been found.
fn no_outbox_row(
    event: &Summary<'_>,
    from: i64,
    to: i64,
    context: &Context,
) -> Result<(), Unproven> {
    let near = to
        .saturating_sub(context.publish_grace)
        .saturating_sub(context.judgement.slack_micros);
    let index = event.index;
    let asked = !index.bases.any_by_version() && index.was_asked_for(event.no);
    let from = if asked { from.max(near) } else { from };
    context.outbox.absence(from, to)
}

/// Whether rows that were sent may have been cleaned. A relay sends about in order: what came before
/// the first message whose row is kept may have lost its row, what came after has none.
fn may_be_cleaned(event: &Summary<'_>) -> bool {
    event.index.bases.may_be_cleaned()
}

/// Whether the business table tells of no such version. A row shows its newest one only: a newer one
/// than the copy's means that the copy's was stored once (`None`), unless the outbox knows that
/// version under another id.
fn no_business_row(
    event: &Summary<'_>,
    context: &Context,
    from: i64,
    to: i64,
) -> Option<Result<(), Unproven>> {
    let index = event.index;
    let aggregate = index.full_aggregate(event.no);
    let version = index.events.version(event.no);
    if !context.has_business || aggregate == 0 || version == NO_VERSION {
        return Some(Ok(()));
    }
    let newest = index.business.newest(aggregate);
    let overtaken = newest.is_some_and(|newest| newest > version);
    if overtaken && !context.taken_versions.contains(&(aggregate, version)) {
        return None;
    }
    Some(context.business.absence(from, to))
}
