//! Flags.

use expect_test::{Expect, expect};
use waybill_model::{Marks, Observation};

use super::company::*;
use crate::OwnResend;

fn check(mut company: Company, id: &str, expected: Expect) {
    let told = company.verdict(id);
    let flags = told
        .split_once('[')
        .map_or("", |(_, flags)| flags.trim_end_matches(']'));
    expected.assert_eq(flags);
}

fn version(id: &str, version: i64, partition: u32, offset: i64) -> Observation {
    Observation {
        aggregate: "product/7".to_owned(),
        version,
        partition,
        position: offset,
        key: String::new(),
        ..seen(TOPIC, id, 1000 + offset)
    }
}

#[test]
fn two_copies_are_a_duplicate_unless_one_is_ours() {
    let twice = |marks| {
        Company::new()
            .copy("e", 1000, 5, Marks::empty())
            .copy("e", 1010, 6, marks)
    };
    check(twice(Marks::empty()), "e", expect!["DUPLICATE"]);
    check(twice(Marks::OWN_RESEND), "e", expect!["RESENT"]);
    check(twice(Marks::RETRY), "e", expect![""]);
    let known = OwnResend {
        at: secs(1010),
        consumer: None,
        coordinate: Some((TOPIC, 0, 6)),
    };
    check(
        twice(Marks::empty()).resent("e", known),
        "e",
        expect!["RESENT"],
    );
    check(
        Company::new()
            .copy("e", 1000, 5, Marks::empty())
            .letter("e", 1010, Marks::empty()),
        "e",
        expect![""],
    );
}

#[test]
fn reading_the_same_coordinate_again_is_no_duplicate() {
    let again = Company::new()
        .copy("e", 1000, 5, Marks::empty())
        .copy("e", 1000, 5, Marks::empty())
        .copy("e", 1010, 6, Marks::OWN_RESEND)
        .copy("e", 1010, 6, Marks::OWN_RESEND)
        .inbox("e", 1003)
        .inbox("e", 1003);
    check(again, "e", expect!["RESENT"]);
}

#[test]
fn the_same_id_in_two_rows_is_told() {
    let twice = Company::new()
        .row("e", 1000, Marks::SENT)
        .row("e", 1001, Marks::SENT);
    check(twice, "e", expect!["DUPLICATE_ROW"]);
}

#[test]
fn order_is_the_brokers_within_one_partition() {
    let copies = |list: &[Observation]| {
        list.iter()
            .fold(Company::new(), |company, copy| company.see(copy.clone()))
    };
    let late = || {
        copies(&[
            version("v2", 2, 0, 10),
            version("v1", 1, 0, 11),
            version("v3", 3, 0, 12),
        ])
    };
    check(late(), "v1", expect!["OUT_OF_ORDER"]);
    check(late(), "v2", expect![""]);
    check(late(), "v3", expect![""]);
    let moved = || {
        copies(&[
            version("v2", 2, 0, 10),
            version("v1", 1, 1, 11),
            version("v3", 3, 1, 12),
        ])
    };
    check(moved(), "v1", expect!["KEY_MOVED"]);
    check(moved(), "v3", expect![""]);
    // A resend of an old version is late on purpose.
    let ours = Observation {
        marks: Marks::OWN_RESEND,
        ..version("v1", 1, 0, 11)
    };
    check(
        copies(&[version("v2", 2, 0, 10), ours]),
        "v1",
        expect!["RESENT"],
    );
}

#[test]
fn order_is_looked_at_again_when_the_missing_copy_comes() {
    let mut company = Company::new().see(version("v1", 1, 0, 11));
    company.judge(2001);
    check(
        company.see(version("v2", 2, 0, 10)),
        "v1",
        expect!["OUT_OF_ORDER"],
    );
}

#[test]
fn clocks_that_contradict_causality_are_told_beyond_the_slack() {
    let copied = |at| {
        Company::new()
            .row("e", 1000, Marks::SENT)
            .copy("e", at, 5, Marks::empty())
    };
    check(copied(999), "e", expect![""]);
    check(copied(990), "e", expect!["SKEW"]);
    check(copied(1000).inbox("e", 990), "e", expect!["SKEW"]);
}

#[test]
fn what_is_malformed_is_told_wherever_it_was() {
    check(
        Company::new().row("e", 1000, Marks::NOT_UTF8),
        "e",
        expect!["MALFORMED"],
    );
    let inbox = Observation {
        marks: Marks::MALFORMED,
        ..seen(INBOX, "e", 1001)
    };
    check(Company::new().see(inbox), "e", expect!["MALFORMED"]);
    check(
        Company::new().copy("e", 1000, 5, Marks::NO_TIME),
        "e",
        expect![""],
    );
}

#[test]
fn a_copy_without_a_version_does_not_hide_what_is_out_of_order() {
    let nothing_told = version("none", waybill_model::NO_VERSION, 0, 11);
    let company = Company::new()
        .see(version("v2", 2, 0, 10))
        .see(nothing_told)
        .see(version("v1", 1, 0, 12));
    check(company, "v1", expect!["OUT_OF_ORDER"]);
}

#[test]
fn retries_and_resends_that_the_journal_knows_are_late_on_purpose() {
    let retried = Observation {
        marks: Marks::RETRY,
        ..version("v1", 1, 0, 11)
    };
    check(
        Company::new().see(version("v2", 2, 0, 10)).see(retried),
        "v1",
        expect![""],
    );
    let mut company = Company::new()
        .see(version("v2", 2, 0, 10))
        .see(version("v1", 1, 0, 11));
    company.judge(2001);
    let known = OwnResend {
        at: secs(1011),
        consumer: None,
        coordinate: Some((TOPIC, 0, 11)),
    };
    check(company.resent("v1", known), "v1", expect!["RESENT"]);
}

#[test]
fn order_is_looked_at_for_each_destination() {
    const SECOND: waybill_model::PlaceId = waybill_model::PlaceId(9);
    let mut shape = shape();
    let mut place = shape.places[1].clone();
    place.id = SECOND;
    shape.places.push(place);
    let second = |id, number, offset| Observation {
        place: SECOND,
        ..version(id, number, 0, offset)
    };
    let company = Company::of(shape)
        .see(version("v1", 1, 0, 1))
        .see(version("v2", 2, 0, 2))
        .see(second("v2", 2, 10))
        .see(second("v1", 1, 11));
    check(company, "v1", expect!["OUT_OF_ORDER"]);
}

#[test]
fn copies_with_the_bare_id_belong_to_the_aggregate_that_business_rows_know() {
    let bare = |id, number, offset| Observation {
        aggregate: "7".to_owned(),
        ..version(id, number, 0, offset)
    };
    let mut company = Company::new()
        .see(version("v2", 2, 0, 10))
        .see(bare("v1", 1, 11));
    company.judge(2001);
    check(
        company.change("product/7", 2, 1005),
        "v1",
        expect!["OUT_OF_ORDER"],
    );
}

#[test]
fn which_of_two_copies_of_one_moment_moved_does_not_depend_on_the_order_of_arrival() {
    let copy = |id, number, partition| Observation {
        stamp: seen(TOPIC, id, 1000).stamp,
        ..version(id, number, partition, 10)
    };
    let one_way = Company::new().see(copy("v1", 1, 0)).see(copy("v2", 2, 1));
    check(one_way, "v2", expect!["KEY_MOVED"]);
    let the_other = Company::new().see(copy("v2", 2, 1)).see(copy("v1", 1, 0));
    check(the_other, "v2", expect!["KEY_MOVED"]);
}

#[test]
fn what_carries_no_time_says_nothing_about_clocks() {
    let copied = |marks| {
        Company::new()
            .row("e", 1000, Marks::SENT)
            .copy("e", 1900, 5, marks)
            .inbox("e", 1003)
    };
    check(copied(Marks::empty()), "e", expect!["SKEW"]);
    check(copied(Marks::NO_TIME), "e", expect![""]);
}
