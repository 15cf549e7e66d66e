//! Published, never stored: a copy whose change was rolled back, or never made.

use waybill_model::NO_VERSION;

use super::{Context, Summary};

/// Whether a copy is proven to have neither an outbox row nor a business row.
///
/// The row may have been written long before the copy, if the relay was slow; so absence is asked
/// for from well before the copy. Where that is not covered the event is just published.
pub(super) fn holds(event: &Summary<'_>, context: &Context) -> bool {
    let (Some(copy), None, None) = (event.first_foreign, event.outbox, event.stored) else {
        return false;
    };
    if !context.has_outbox || context.deletes_after_send || event.reconstructed {
        return false;
    }
    if context.may_still_be_published(copy.at) {
        return false;
    }
    // Without a time it may have been there ever since, and its row even longer.
    let from = if event.untimed {
        i64::MIN
    } else {
        copy.at.saturating_sub(context.lookback)
    };
    let to = Context::rows_until(copy.at.saturating_add(context.publish_grace));
    context.outbox.absence(from, to).is_ok() && no_business_row(event, context, from, to)
}

/// A business row shows its newest version only. A newer one than the copy's means that the copy's
/// version was stored once, unless the outbox knows that version under another id.
fn no_business_row(event: &Summary<'_>, context: &Context, from: i64, to: i64) -> bool {
    let index = event.index;
    let aggregate = index.full_aggregate(event.no);
    let version = index.events.version(event.no);
    if !context.has_business || aggregate == 0 || version == NO_VERSION {
        return true;
    }
    let overtaken = index
        .business
        .newest(aggregate)
        .is_some_and(|newest| newest > version);
    context.business.absence(from, to).is_ok()
        && (!overtaken || context.taken_versions.contains(&(aggregate, version)))
}
