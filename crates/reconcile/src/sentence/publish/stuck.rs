//! Stuck: in the outbox, not sent, and late.

use waybill_model::{Marks, StuckReason};

use crate::sentence::basis;
use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;
use crate::sentence::words::span;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>, reason: StuckReason) -> String {
    let why = match reason {
        StuckReason::RelayIdle if story.is_untimed() => {
            "it has been seen waiting for longer than it may; whether the relay sends others, \
             nobody can say of rows without a time"
                .to_owned()
        }
        StuckReason::RelayIdle => "nothing written since has been sent either".to_owned(),
        StuckReason::HeadOfLine => {
            let head = story.head_of_line();
            let head = head.map_or_else(String::new, |head| format!(" ({head})"));
            format!("an older unsent row of the same aggregate stands before it{head}")
        }
        StuckReason::AttemptsExhausted => "the relay tried and gave up".to_owned(),
        StuckReason::PassedOver => "the relay has sent later rows and passed over it".to_owned(),
        StuckReason::OpenTransaction => return hanging(story),
    };
    let attempted = story.outbox_marks().contains(Marks::ATTEMPTED);
    let tried = if attempted && reason != StuckReason::AttemptsExhausted {
        " The relay tried and failed."
    } else {
        ""
    };
    match story.index.copy_doubt(story.row.no) {
        None => format!("It has not been sent: {why}.{tried}"),
        // A relay that died between publishing and noting that leaves the row as it was.
        Some(reason) => {
            let clause = basis::reason(story.index, reason, None);
            format!(
                "Its row still waits in the outbox: {why}.{tried} Whether a copy is out all the \
                 same nobody can say: {clause}."
            )
        }
    }
}

fn hanging(story: &Story<'_>) -> String {
    let longest = span(story.index.shape.grace.transaction_micros);
    format!(
        "It was written in a broker transaction that has been open for more than {longest}. \
         Consumers that read only what is committed wait before it."
    )
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} stuck in the outbox", events.are())
}
