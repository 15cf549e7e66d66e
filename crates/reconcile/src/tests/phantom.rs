//! Messages without a row: phantoms, and why something is none.

use expect_test::expect;
use waybill_model::{EventId, Marks};

use super::company::*;
use super::publish::{check, copy_of_a_change, row_of_a_change};
use crate::Shape;

#[test]
fn a_copy_that_nobody_stored_is_a_phantom() {
    let foreign = || copy_of_a_change();
    check(
        foreign().covered(),
        expect!["phantom / unknown(NotCovered)"],
    );
    check(
        foreign().covered_but(OUTBOX),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    check(
        foreign().covered_but(PRODUCTS),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    check(
        foreign().covered_but(OUTBOX).cover(OUTBOX, 990, 2100),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    check(
        foreign().covered_but(OUTBOX).failed(OUTBOX),
        expect!["unknown(SourceFailed) / unknown(NotCovered)"],
    );
    // Late from 1060 on; a row's time is at most two seconds older than its transaction.
    let until = |end| foreign().covered_but(OUTBOX).cover(OUTBOX, 0, end);
    check(
        until(1057),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    check(until(1058), expect!["phantom / unknown(NotCovered)"]);
    check(
        Company::new().copy("e", 1990, 5, Marks::empty()).covered(),
        expect!["published / in-flight"],
    );
    check(
        foreign().change("product/7", 3, 990).covered(),
        expect!["published / unknown(NotCovered)"],
    );
    let deletes = Shape {
        deletes_after_send: true,
        ..shape()
    };
    check(
        Company::of(deletes)
            .copy("e", 1000, 5, Marks::empty())
            .covered(),
        expect!["published / unknown(NotCovered)"],
    );
}

#[test]
fn a_copy_whose_row_cannot_be_asked_for_is_no_phantom_because_of_a_window() {
    let seen = |found_by_id| {
        let shape = Shape {
            found_by_id,
            ..shape()
        };
        Company::of(shape).copy("e", 1000, 5, Marks::empty())
    };
    let a_window = |found_by_id| {
        let company = seen(found_by_id).covered_but(OUTBOX);
        company.cover(OUTBOX, 500, 3000)
    };
    check(a_window(true), expect!["phantom / unknown(NotCovered)"]);
    check(
        a_window(false),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    let mut to_its_beginning = a_window(false);
    to_its_beginning.index.begins(OUTBOX, secs(500));
    check(to_its_beginning, expect!["phantom / unknown(NotCovered)"]);
}

#[test]
fn what_the_outbox_was_asked_for_needs_no_rows_of_long_before() {
    // The relay once took 200 s, and rows were read from 700 on.
    let asked = |asked: &str| {
        let mut company = Company::new()
            .row("slow", 710, Marks::SENT)
            .copy("slow", 910, 4, Marks::empty())
            .copy("e", 1000, 5, Marks::empty())
            .covered_but(OUTBOX)
            .cover(OUTBOX, 700, 2100);
        company.index.asked_for_rows(&[EventId(asked.to_owned())]);
        company
    };
    check(asked("e"), expect!["phantom / unknown(NotCovered)"]);
    check(
        asked("other"),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
}

#[test]
fn what_carries_a_time_to_come_is_neither_fine_nor_on_its_way_for_ever() {
    let later = |at| Company::new().row("e", at, Marks::empty()).covered();
    // Judged at 2000; a minute of grace, a second between clocks.
    check(later(2061), expect!["pending / not-due"]);
    check(later(2062), expect!["unknown(ClockAhead) / not-due"]);
    let copied = |at| Company::new().copy("e", at, 5, Marks::empty()).covered();
    check(copied(2061), expect!["published / in-flight"]);
    check(copied(2101), expect!["unknown(ClockAhead) / in-flight"]);
    check(
        copied(2102),
        expect!["unknown(ClockAhead) / unknown(ClockAhead)"],
    );
}

#[test]
fn a_version_that_was_stored_once_is_no_phantom_unless_another_event_is_that_version() {
    let overtaken = || copy_of_a_change().change("product/7", 4, 1500).covered();
    check(overtaken(), expect!["published / unknown(NotCovered)"]);
    check(
        overtaken().see(row_of_a_change("real", 3)),
        expect!["phantom / unknown(NotCovered)"],
    );
    let same_version = copy_of_a_change()
        .change("product/7", 3, 1010)
        .see(row_of_a_change("real", 3));
    check(
        same_version.covered(),
        expect!["phantom / unknown(NotCovered)"],
    );
}

#[test]
fn a_slow_relay_makes_rows_count_that_were_written_long_before() {
    // Rows were read from 700 on. The relay once took 200 s, so the row of a copy at 1000 may have
    // been written at 600.
    let slow = Company::new()
        .row("slow", 710, Marks::SENT)
        .copy("slow", 910, 4, Marks::empty());
    let foreign = slow.copy("e", 1000, 5, Marks::empty());
    check(
        foreign.covered_but(OUTBOX).cover(OUTBOX, 700, 2100),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    let quick = Company::new()
        .row("quick", 710, Marks::SENT)
        .copy("quick", 711, 4, Marks::empty());
    check(
        quick
            .copy("e", 1000, 5, Marks::empty())
            .covered_but(OUTBOX)
            .cover(OUTBOX, 700, 2100),
        expect!["phantom / unknown(NotCovered)"],
    );
}

#[test]
fn a_copy_without_a_time_is_no_phantom_unless_the_outbox_was_read_from_the_beginning() {
    let timeless = || Company::new().copy("e", 1000, 5, Marks::NO_TIME).covered();
    check(
        timeless(),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
    check(
        timeless().cover_from_the_beginning(OUTBOX, 2100),
        expect!["unknown(OutboxCleaned) / unknown(NotCovered)"],
    );
}

/// So many events of its own in an inbox, and so many that nothing else tells of.
fn inbox_of(ours: i64, strange: i64) -> Company {
    let mut company = Company::new().covered();
    for nth in 0..ours {
        let id = format!("ours-{nth}");
        company = company
            .row(&id, 900 + nth, Marks::SENT)
            .inbox(&id, 901 + nth);
    }
    for nth in 1..strange {
        company = company.inbox(&format!("strange-{nth}"), 950 + nth);
    }
    company.inbox("e", 1000)
}

#[test]
fn of_an_inbox_that_holds_others_too_nobody_says_that_all_is_well() {
    check(inbox_of(10, 1), expect!["phantom / processed"]);
    check(inbox_of(10, 8), expect!["unknown(NoControl) / processed"]);
    check(inbox_of(10, 30), expect!["published / processed"]);
}

#[test]
fn rows_are_kept_from_the_oldest_on_even_if_its_own_message_was_lost() {
    let later = "6f1c0b8e-53f2-4c6b-9d2a-8f5b71e40c3d";
    let at = |lost| {
        Company::new()
            .row("lost", lost, Marks::SENT)
            .row(later, 1100, Marks::SENT)
            .copy(later, 1101, 9, Marks::empty())
            .copy("e", 1000, 5, Marks::empty())
            .silent()
    };
    check(at(500), expect!["phantom / unknown(NotCovered)"]);
    check(
        at(995),
        expect!["unknown(OutboxCleaned) / unknown(NotCovered)"],
    );
}
