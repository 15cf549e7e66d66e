//! Rows that say unsent where no row that was sent is left.

use waybill_model::{Content, Marks, Observation};

use super::company::*;
use crate::Shape;

/// A relay that gives messages ids of its own died before it could note what it had sent, and
/// whoever cleans has left no row that says sent. `says`: what the messages say, in the order of
/// their rows, which say 1, 2, 3 …
fn died_before_mark(shape: Shape, says: &[u64]) -> Company {
    let mut company = Company::of(shape).silent();
    for (nth, says) in (1..).zip(says) {
        let unsent = Observation {
            marks: Marks::empty(),
            content: Content::json(nth << 2),
            aggregate: "product/7".to_owned(),
            version: nth as i64,
            key: String::new(),
            position: nth as i64,
            ..seen(OUTBOX, &format!("e{nth}"), 1000)
        };
        let sent = Observation {
            content: Content::json(says << 2),
            aggregate: "product/7".to_owned(),
            version: nth as i64,
            key: String::new(),
            position: nth as i64,
            ..seen(TOPIC, &format!("m{nth}"), 1001 + nth as i64)
        };
        company = company.see(unsent).see(sent);
    }
    company
}

#[test]
fn a_row_that_says_unsent_is_asked_for_a_message_under_another_id() {
    let deletes = Shape {
        deletes_after_send: true,
        ..shape()
    };
    for shape in [shape(), deletes] {
        let told = |says: &[u64]| died_before_mark(shape.clone(), says).verdict("e1");
        assert_eq!(told(&[1]), "published / unknown(NotCovered)");
        assert_eq!(told(&[1, 2, 3]), "published / unknown(NotCovered)");
        // What nobody said is no message of these rows, nor is one that all share.
        assert_eq!(told(&[7]), "stuck(RelayIdle) / not-due");
        assert_eq!(told(&[7, 8, 9]), "stuck(RelayIdle) / not-due");
    }
}
