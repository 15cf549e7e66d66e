//! Rows that are to be sent later than they were written.

use expect_test::{Expect, expect};
use waybill_model::{Marks, Observation};

use super::company::*;

fn check(mut company: Company, expected: Expect) {
    expected.assert_eq(&company.verdict("e"));
}

/// An outbox row that is to be sent from a second on.
fn due(at: i64, marks: Marks) -> Company {
    let mut company = Company::new();
    let mut told = batch(&[Observation {
        position: 1,
        key: String::new(),
        marks,
        ..seen(OUTBOX, "e", 1000)
    }]);
    told.set_due(secs(at).0);
    company.index.ingest(&told);
    company
}

#[test]
fn what_is_to_be_sent_later_is_not_late_before() {
    check(
        due(5000, Marks::empty()).covered(),
        expect!["pending / not-due"],
    );
    check(
        due(1990, Marks::empty()).covered(),
        expect!["pending / not-due"],
    );
    check(
        due(1100, Marks::empty()).covered(),
        expect!["stuck(RelayIdle) / not-due"],
    );
    // Nobody has told when it was written, and it says when it is due.
    check(
        due(5000, Marks::NO_TIME).covered(),
        expect!["pending / not-due"],
    );
    check(
        due(5000, Marks::FAILED).covered(),
        expect!["stuck(AttemptsExhausted) / not-due"],
    );
    check(
        due(5000, Marks::SENT).covered(),
        expect!["lost-in-publish / not-due"],
    );
}

/// What is to be sent tomorrow does not stand before what is to be sent now.
#[test]
fn what_is_not_due_holds_nothing_up() {
    let mut company = due(5000, Marks::empty());
    let mut told = batch(&[Observation {
        aggregate: "product/7".to_owned(),
        position: 1,
        key: String::new(),
        ..seen(OUTBOX, "e", 1000)
    }]);
    told.set_due(secs(5000).0);
    company.index.ingest(&told);
    let mut company = company
        .see(Observation {
            position: 2,
            key: String::new(),
            aggregate: "product/7".to_owned(),
            ..seen(OUTBOX, "f", 1010)
        })
        .row("g", 1500, Marks::SENT)
        .copy("g", 1501, 9, Marks::empty())
        .covered();
    assert_eq!(company.verdict("f"), "stuck(PassedOver) / not-due");
}
