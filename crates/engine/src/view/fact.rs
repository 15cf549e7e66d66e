//! One observation with everything a user needs to look it up.

use waybill_model::{Fact, Marks, Stage};
use waybill_reconcile::Seen;

use crate::session::Layout;

/// An observation in the user's terms.
pub(super) fn fact(seen: &Seen, layout: &Layout) -> Option<Fact> {
    let planned = layout.place(seen.place)?;
    let consumer = seen
        .consumer
        .and_then(|no| layout.consumers.get(usize::from(no.0)));
    Some(Fact {
        stage: seen.stage,
        consumer: consumer.map(|consumer| consumer.name.clone()),
        strength: seen.strength,
        coordinate: planned.coordinate(seen.partition, seen.position, &seen.key),
        stamp: seen.stamp,
        marks: seen.marks,
        note: note(seen.stage, seen.marks),
    })
}

/// What the marks say, in a few words.
fn note(stage: Stage, marks: Marks) -> String {
    let said = [
        (Marks::SENT, "marked as sent"),
        (Marks::GONE, "gone by now, as rows are once they are sent"),
        (Marks::FAILED, "given up by the relay"),
        (Marks::ATTEMPTED, "the relay has tried"),
        (Marks::OWN_RESEND, "sent by Waybill"),
        (Marks::RETRY, "waits for another try"),
        (Marks::UNROUTED, "no queue was bound for it"),
        (
            Marks::OPEN_TRANSACTION,
            "in a transaction that has not ended",
        ),
        (Marks::NO_ID, "carries no id"),
        (Marks::NOT_UTF8, "holds invalid UTF-8"),
        (Marks::OVERSIZE, "too large to be looked at as a whole"),
        (Marks::MALFORMED, "a column could not be read"),
        (Marks::NO_TIME, "carries no time; this is when it was seen"),
    ];
    let mut notes: Vec<&str> = said
        .into_iter()
        .filter(|(mark, _)| marks.contains(*mark))
        // A row that is gone carries no mark.
        .filter(|(mark, _)| *mark != Marks::SENT || !marks.contains(Marks::GONE))
        .map(|(_, words)| words)
        .collect();
    if stage == Stage::Outbox && !marks.intersects(Marks::SENT | Marks::FAILED) {
        notes.insert(0, "not marked as sent");
    }
    notes.join(" · ")
}
