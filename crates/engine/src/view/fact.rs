//! One observation with everything a user needs to look it up.

use waybill_model::{Fact, Marks, Stage, Strength};
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
        note: note(seen),
    })
}

/// What the marks say, in a few words.
fn note(seen: &Seen) -> String {
    let marks = seen.marks;
    let mut notes = match seen.stage {
        Stage::Outbox => of_outbox(marks),
        Stage::Consumed => of_inbox(seen.strength, marks),
        Stage::Stored | Stage::Published => Vec::new(),
    };
    let said = [
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
        (
            Marks::WHOSE_UNKNOWN,
            "does not carry what tells whose messages count",
        ),
        (
            Marks::OTHER_PUBLISHER,
            "names another publisher than those with a row",
        ),
        (Marks::NO_TIME, "carries no time; this is when it was seen"),
    ];
    let there = said.iter().filter(|(mark, _)| marks.contains(*mark));
    notes.extend(there.map(|(_, words)| *words));
    notes.join(" · ")
}

fn of_outbox(marks: Marks) -> Vec<&'static str> {
    let sent = if marks.contains(Marks::GONE) {
        // A row that is gone carries no mark.
        Some("gone by now, as rows are once they are sent")
    } else if marks.contains(Marks::SENT) {
        Some("marked as sent")
    } else if marks.contains(Marks::FAILED) {
        None
    } else {
        Some("not marked as sent")
    };
    let failed = marks.contains(Marks::FAILED);
    let tried = marks.contains(Marks::ATTEMPTED);
    let failed = failed.then_some("given up by the relay");
    let tried = tried.then_some("the relay has tried");
    sent.into_iter().chain(failed).chain(tried).collect()
}

/// A row that does not prove that it was processed was received, no more.
fn of_inbox(strength: Strength, marks: Marks) -> Vec<&'static str> {
    if strength == Strength::Proof {
        return Vec::new();
    }
    vec![if marks.contains(Marks::GONE) {
        "was not processed when it was last there, and is gone by now"
    } else if marks.contains(Marks::FAILED) {
        "received; processing failed"
    } else {
        "received, not processed"
    }]
}
