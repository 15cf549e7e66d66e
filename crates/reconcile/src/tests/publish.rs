//! Publish verdicts and their precedence.

use expect_test::{Expect, expect};
use waybill_model::{GapReason, Marks, Observation};

use super::company::*;
use crate::Shape;

pub(super) fn check(mut company: Company, expected: Expect) {
    expected.assert_eq(&company.verdict("e"));
}

fn sent() -> Company {
    Company::new().row("e", 1000, Marks::SENT)
}

fn unsent() -> Company {
    Company::new().row("e", 1000, Marks::empty())
}

/// A copy of `product/7` version 3 without a row.
pub(super) fn copy_of_a_change() -> Company {
    Company::new().see(Observation {
        aggregate: "product/7".to_owned(),
        version: 3,
        position: 5,
        key: String::new(),
        ..seen(TOPIC, "e", 1000)
    })
}

/// An outbox row of `product/7` in some version.
pub(super) fn row_of_a_change(id: &str, version: i64) -> Observation {
    Observation {
        aggregate: "product/7".to_owned(),
        version,
        position: 100 + version,
        marks: Marks::SENT,
        ..seen(OUTBOX, id, 1010)
    }
}

#[test]
fn sent_and_absent_is_lost_only_where_everything_was_read() {
    check(sent().covered(), expect!["lost-in-publish / not-due"]);
    check(sent(), expect!["unknown(NotCovered) / not-due"]);
    check(
        sent().covered_but(TOPIC),
        expect!["unknown(NotCovered) / not-due"],
    );
    check(
        sent().cover(TOPIC, 1000, 2100),
        expect!["unknown(NotCovered) / not-due"],
    );
    check(
        sent().cover(TOPIC, 0, 1990),
        expect!["unknown(NotCovered) / not-due"],
    );
    check(
        sent().covered_but(TOPIC).failed(TOPIC),
        expect!["not-checked(product-events: refused) / not-due"],
    );
}

#[test]
fn a_gap_says_why_nothing_can_be_said() {
    let with = |reason| sent().gap(TOPIC, 900, 1200, reason);
    check(
        with(GapReason::Retention),
        expect!["unknown(RetentionPassed) / not-due"],
    );
    check(
        with(GapReason::Compacted),
        expect!["unknown(Compacted) / not-due"],
    );
    check(
        with(GapReason::TapClosed),
        expect!["unknown(NoObserver) / not-due"],
    );
    check(
        with(GapReason::Failed("x".to_owned())),
        expect!["unknown(SourceFailed) / not-due"],
    );
    check(
        with(GapReason::OpenTransactions),
        expect!["unknown(OpenTransactions) / not-due"],
    );
    check(
        sent().gap(TOPIC, 100, 200, GapReason::Retention),
        expect!["lost-in-publish / not-due"],
    );
}

#[test]
fn a_copy_outweighs_every_proof_of_absence() {
    let copied = |company: Company| company.copy("e", 1001, 5, Marks::empty()).covered();
    check(copied(sent()), expect!["published / unknown(NotCovered)"]);
    check(copied(unsent()), expect!["published / unknown(NotCovered)"]);
    check(
        copied(sent()).failed(TOPIC),
        expect!["published / unknown(NotCovered)"],
    );
    check(
        sent().inbox("e", 1002).covered(),
        expect!["published / processed"],
    );
    check(
        unsent().letter("e", 1002, Marks::empty()).covered(),
        expect!["published / dead-lettered"],
    );
}

#[test]
fn without_an_observer_a_sent_row_cannot_be_checked() {
    let shape = Shape {
        has_observer: false,
        ..shape()
    };
    let company = |marks| {
        Company::of(shape.clone())
            .row("e", 1000, marks)
            .covered_but(TOPIC)
    };
    check(
        company(Marks::SENT),
        expect!["unknown(NoObserver) / not-due"],
    );
    check(
        company(Marks::empty()),
        expect!["stuck(RelayIdle) / not-due"],
    );
    check(
        company(Marks::SENT).inbox("e", 1002),
        expect!["published / processed"],
    );
}

#[test]
fn unsent_is_pending_then_stuck() {
    let young = |marks| Company::new().row("e", 1990, marks).covered();
    check(young(Marks::empty()), expect!["pending / not-due"]);
    check(young(Marks::SENT), expect!["pending / not-due"]);
    check(
        young(Marks::FAILED),
        expect!["stuck(AttemptsExhausted) / not-due"],
    );
    check(unsent().covered(), expect!["stuck(RelayIdle) / not-due"]);
    check(unsent(), expect!["stuck(RelayIdle) / not-due"]);
    check(
        unsent().failed(TOPIC),
        expect!["not-checked(product-events: refused) / not-due"],
    );
}

#[test]
fn a_stuck_row_says_what_holds_it() {
    let about = |id: &str, at, marks| Observation {
        aggregate: "product/7".to_owned(),
        position: at,
        marks,
        ..seen(OUTBOX, id, at)
    };
    let stuck = || {
        Company::new()
            .see(about("e", 1000, Marks::empty()))
            .covered()
    };
    let later_sent = |company: Company| company.row("later", 1100, Marks::SENT);
    check(stuck(), expect!["stuck(RelayIdle) / not-due"]);
    check(
        stuck().row("earlier", 900, Marks::SENT),
        expect!["stuck(RelayIdle) / not-due"],
    );
    check(later_sent(stuck()), expect!["stuck(PassedOver) / not-due"]);
    check(
        later_sent(stuck()).see(about("older", 950, Marks::empty())),
        expect!["stuck(HeadOfLine) / not-due"],
    );
    check(
        stuck().see(about("older", 950, Marks::empty())),
        expect!["stuck(RelayIdle) / not-due"],
    );
    let failed = later_sent(Company::new().row("e", 1000, Marks::FAILED | Marks::ATTEMPTED));
    check(
        failed.covered(),
        expect!["stuck(AttemptsExhausted) / not-due"],
    );
}

#[test]
fn an_outbox_that_does_not_tell_leaves_it_to_the_destination() {
    let silent = || {
        let shape = Shape {
            outbox_tells_sent: false,
            ..shape()
        };
        Company::of(shape).row("e", 1000, Marks::empty())
    };
    check(silent().covered(), expect!["stuck(RelayIdle) / not-due"]);
    check(silent(), expect!["unknown(NotCovered) / not-due"]);
    let passed_over =
        silent()
            .row("later", 1100, Marks::empty())
            .copy("later", 1101, 1, Marks::empty());
    check(
        passed_over.covered(),
        expect!["stuck(PassedOver) / not-due"],
    );
}

#[test]
fn a_change_without_row_and_copy_is_missing_its_row() {
    let id = waybill_model::reconstructed_id("product", "7", 3);
    let check = |mut company: Company, expected: Expect| {
        expected.assert_eq(&company.verdict(id.as_str()));
    };
    let changed = || Company::new().change("product/7", 3, 1000);
    check(
        changed().covered(),
        expect!["missing-outbox-row / not-due [RECONSTRUCTED]"],
    );
    check(
        changed(),
        expect!["unknown(NotCovered) / not-due [RECONSTRUCTED]"],
    );
    check(
        changed().covered_but(OUTBOX),
        expect!["unknown(NotCovered) / not-due [RECONSTRUCTED]"],
    );
    check(
        changed().covered_but(TOPIC),
        expect!["unknown(NotCovered) / not-due [RECONSTRUCTED]"],
    );
    check(
        changed().covered_but(OUTBOX).failed(OUTBOX),
        expect!["not-checked(outbox: refused) / not-due [RECONSTRUCTED]"],
    );
    check(
        changed().covered_but(OUTBOX).cover(OUTBOX, 0, 1000),
        expect!["unknown(NotCovered) / not-due [RECONSTRUCTED]"],
    );
    check(
        Company::new().change("product/7", 3, 1990).covered(),
        expect!["pending / not-due [RECONSTRUCTED]"],
    );
    let deletes = Shape {
        deletes_after_send: true,
        ..shape()
    };
    check(
        Company::of(deletes).change("product/7", 3, 1000).covered(),
        expect!["unknown(OutboxCleaned) / not-due [RECONSTRUCTED]"],
    );
}

#[test]
fn a_row_without_an_id_accounts_for_its_change() {
    let nameless = Observation {
        id: String::new(),
        aggregate: "product/7".to_owned(),
        version: 3,
        ..seen(OUTBOX, "", 1000)
    };
    let mut company = Company::new()
        .change("product/7", 3, 1000)
        .see(nameless)
        .covered();
    company.judge(2000);
    expect!["unknown 1 (0 confirmed), arrived 1 (1 confirmed)"].assert_eq(&classes(&company));
}

#[test]
fn what_the_broker_could_not_route_or_has_not_committed_is_told_apart() {
    let copied = |marks| sent().copy("e", 1201, 5, marks).covered();
    check(copied(Marks::UNROUTED), expect!["unroutable / not-due"]);
    check(
        copied(Marks::OPEN_TRANSACTION),
        expect!["in-open-transaction / not-due"],
    );
    check(
        copied(Marks::UNROUTED).copy("e", 1210, 6, Marks::empty()),
        expect!["published / unknown(NotCovered) [DUPLICATE]"],
    );
}

#[test]
fn what_has_no_id_cannot_be_matched() {
    let mut company = Company::new().see(Observation {
        marks: Marks::NO_ID,
        position: 17,
        key: String::new(),
        ..seen(TOPIC, "", 1000)
    });
    expect!["unknown(NoMatchableId) / unknown(NoMatchableId) [NO_ID]"]
        .assert_eq(&company.verdict("product-events-0@17"));
    let oddities = company.index.oddities();
    assert_eq!(
        (oddities.count, oddities.first[0].at.as_str()),
        (1, "product-events-0@17")
    );
}

#[test]
fn with_neither_outbox_nor_observer_nobody_can_say_that_a_row_is_missing() {
    let blind = Shape {
        has_outbox: false,
        has_observer: false,
        ..shape()
    };
    let mut company = Company::of(blind).change("product/7", 3, 1000).covered();
    let id = waybill_model::reconstructed_id("product", "7", 3);
    expect!["unknown(NoObserver) / not-due [RECONSTRUCTED]"]
        .assert_eq(&company.verdict(id.as_str()));
}

#[test]
fn what_could_not_be_read_is_told_before_what_was_not_covered() {
    let mut company = Company::new()
        .change("product/7", 3, 1000)
        .covered_but(TOPIC)
        .gap(OUTBOX, 900, 1100, GapReason::Retention)
        .failed(TOPIC);
    let id = waybill_model::reconstructed_id("product", "7", 3);
    expect!["missing-outbox-row / not-due [RECONSTRUCTED]"].assert_eq(
        &Company::new()
            .change("product/7", 3, 1000)
            .covered()
            .failed(TOPIC)
            .verdict(id.as_str()),
    );
    expect!["not-checked(product-events: refused) / not-due [RECONSTRUCTED]"]
        .assert_eq(&company.verdict(id.as_str()));
}

#[test]
fn an_unsent_row_is_not_called_stuck_where_the_outbox_cannot_be_read_again() {
    check(unsent().covered(), expect!["stuck(RelayIdle) / not-due"]);
    check(
        unsent().covered().failed(OUTBOX),
        expect!["not-checked(outbox: refused) / not-due"],
    );
    // Sent stays sent.
    check(
        sent().covered().failed(OUTBOX),
        expect!["lost-in-publish / not-due"],
    );
}

#[test]
fn a_transaction_that_nobody_can_be_about_to_end_is_no_excuse() {
    let open = |at| sent().copy("e", at, 5, Marks::OPEN_TRANSACTION);
    check(
        open(1101).covered(),
        expect!["in-open-transaction / not-due"],
    );
    check(
        open(1100).covered(),
        expect!["stuck(OpenTransaction) / not-due"],
    );
    // It was tried again since, and that may still be committed.
    check(
        open(1001)
            .copy("e", 1500, 6, Marks::OPEN_TRANSACTION)
            .covered(),
        expect!["in-open-transaction / not-due [DUPLICATE]"],
    );
}

#[test]
fn a_copy_that_may_yet_be_undone_is_no_phantom() {
    let open = |marks| {
        Company::new().see(Observation {
            marks,
            position: 5,
            key: String::new(),
            ..seen(TOPIC, "e", 1200)
        })
    };
    check(
        open(Marks::OPEN_TRANSACTION).covered(),
        expect!["in-open-transaction / not-due"],
    );
    check(
        open(Marks::empty()).covered(),
        expect!["phantom / unknown(NotCovered)"],
    );
}

#[test]
fn a_resend_that_could_not_be_routed_has_reached_nobody() {
    let marks = Marks::OWN_RESEND | Marks::UNROUTED;
    check(
        sent().copy("e", 1500, 5, marks).covered(),
        expect!["unroutable / not-due [RESENT]"],
    );
}

#[test]
fn of_rows_written_in_the_same_second_none_was_passed_over() {
    let same = Company::new()
        .row("e", 1000, Marks::empty())
        .row("sent", 1000, Marks::SENT);
    check(same.covered(), expect!["stuck(RelayIdle) / not-due"]);
}

#[test]
fn which_of_two_rows_came_in_first_says_nothing_about_the_relay() {
    let row = |at, position| Observation {
        position,
        key: String::new(),
        ..seen(OUTBOX, "twice", at)
    };
    let stuck = || Company::new().row("e", 1000, Marks::empty());
    let rows_first = stuck().see(row(900, 70)).see(row(1100, 71));
    check(
        rows_first.copy("twice", 1110, 4, Marks::empty()).covered(),
        expect!["stuck(PassedOver) / not-due"],
    );
    let copy_first = stuck().copy("twice", 1110, 4, Marks::empty());
    check(
        copy_first.see(row(900, 70)).see(row(1100, 71)).covered(),
        expect!["stuck(PassedOver) / not-due"],
    );
}

#[test]
fn a_row_without_a_time_may_have_been_sent_ever_since() {
    let timeless = || Company::new().row("e", 1000, Marks::SENT | Marks::NO_TIME);
    check(
        timeless().covered(),
        expect!["unknown(NotCovered) / not-due"],
    );
    let from_the_beginning = timeless().neighbour().cover_from_the_beginning(TOPIC, 2100);
    check(from_the_beginning, expect!["lost-in-publish / not-due"]);
}

#[test]
fn a_row_without_a_time_grows_old_all_the_same() {
    let waiting = Company::new()
        .see(row_without_time(1000))
        .see(row_without_time(1990));
    check(waiting.covered(), expect!["stuck(RelayIdle) / not-due"]);
}

/// An unsent row, read at that second.
fn row_without_time(read: i64) -> Observation {
    Observation {
        position: 7,
        key: String::new(),
        marks: Marks::NO_TIME,
        ..seen(OUTBOX, "e", read)
    }
}
