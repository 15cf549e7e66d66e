//! Rows that wait: what a missing mark says, and what only that a row was not deleted.

use expect_test::{Expect, expect};
use waybill_model::{GapReason, Marks, Observation, UnknownReason};

use super::company::*;
use crate::Shape;

fn check(mut company: Company, expected: Expect) {
    expected.assert_eq(&company.verdict("e"));
}

fn unsent() -> Company {
    Company::new().row("e", 1000, Marks::empty())
}

/// An outbox without marks whose relay deletes what it has sent, and a row that is there.
fn not_deleted() -> Company {
    let shape = Shape {
        outbox_tells_sent: false,
        deletes_after_send: true,
        ..shape()
    };
    Company::of(shape).row("e", 1000, Marks::empty())
}

#[test]
fn a_row_that_was_not_deleted_is_stuck_unless_a_witness_cannot_say() {
    check(
        not_deleted().covered(),
        expect!["stuck(RelayIdle) / not-due"],
    );
    check(not_deleted(), expect!["unknown(NotCovered) / not-due"]);
    let with = |reason| not_deleted().gap(TOPIC, 900, 1200, reason);
    check(
        with(GapReason::Retention),
        expect!["unknown(RetentionPassed) / not-due"],
    );
    check(
        with(GapReason::Compacted),
        expect!["unknown(Compacted) / not-due"],
    );
    check(
        with(GapReason::OpenTransactions),
        expect!["unknown(OpenTransactions) / not-due"],
    );
    // Nothing will ever say more than the row.
    check(
        with(GapReason::TapClosed),
        expect!["stuck(RelayIdle) / not-due"],
    );
    let unobserved = Shape {
        has_observer: false,
        ..not_deleted().index.shape().clone()
    };
    check(
        Company::of(unobserved).row("e", 1000, Marks::empty()),
        expect!["stuck(RelayIdle) / not-due"],
    );
    // What the relay did not get to note is no reason to send it again.
    check(
        not_deleted().inbox("e", 1002).covered_but(TOPIC),
        expect!["published / processed"],
    );
}

#[test]
fn a_missing_mark_is_the_word_of_the_relay_whatever_the_destination_can_show() {
    for reason in [GapReason::Retention, GapReason::Compacted] {
        check(
            unsent().gap(TOPIC, 900, 1200, reason),
            expect!["stuck(RelayIdle) / not-due"],
        );
    }
}

#[test]
fn a_row_that_is_gone_was_sent() {
    let gone = |mut company: Company| {
        let no = company.no("e");
        company.index.row_gone(no);
        company
    };
    check(
        gone(not_deleted().covered()),
        expect!["lost-in-publish / not-due"],
    );
    check(
        gone(not_deleted().gap(TOPIC, 900, 1200, GapReason::TapClosed)),
        expect!["unknown(NoObserver) / not-due"],
    );
    // It was put back.
    let again = gone(not_deleted()).see(Observation {
        position: 1,
        key: String::new(),
        ..seen(OUTBOX, "e", 1000)
    });
    check(again.covered(), expect!["stuck(RelayIdle) / not-due"]);
}

#[test]
fn who_is_stuck_can_be_asked_about_and_so_can_what_the_destination_proves() {
    let told = |mut company: Company| {
        company.judge(2001);
        let no = company.no("e");
        let doubt = company.index.copy_doubt(no);
        (company.index.stuck() == [no], doubt)
    };
    assert_eq!(told(unsent().covered()), (true, None));
    assert_eq!(
        told(unsent().gap(TOPIC, 900, 1200, GapReason::Retention)),
        (true, Some(UnknownReason::RetentionPassed))
    );
    assert_eq!(
        told(Company::new().row("e", 1000, Marks::SENT).covered()),
        (false, None)
    );
}
