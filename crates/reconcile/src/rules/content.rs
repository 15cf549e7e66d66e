//! Whether what was published says the same as the outbox row.

use waybill_model::Marks;

use super::Summary;
use crate::store::CopyRef;

/// A copy that differs from every outbox row of its event. One row that cannot be compared may be
/// the one it was made from, so then nobody can say.
pub(super) fn mismatch(event: &Summary<'_>) -> bool {
    let events = &event.index.events;
    let strange = |copy: &CopyRef| {
        let mut rows = events.row_contents(event.no);
        rows.all(|row| row.differs_from(copy.content))
    };
    event.outbox.is_some()
        && event
            .copies()
            .any(|copy| !copy.content.is_none() && counts(event, &copy) && strange(&copy))
}

/// What a consumer sends itself again may say why, what Waybill sends may be rebuilt, and what
/// lies in an open transaction may yet be undone.
fn counts(event: &Summary<'_>, copy: &CopyRef) -> bool {
    !copy
        .marks
        .intersects(Marks::RETRY | Marks::OPEN_TRANSACTION)
        && !event.is_own(copy)
}
