//! Suspected, then confirmed; counted up and down.

use expect_test::{Expect, expect};
use waybill_model::{Marks, reconstructed_id};

use super::company::*;
use crate::Judgement;

fn check(company: &Company, expected: Expect) {
    expected.assert_eq(&classes(company));
}

#[test]
fn a_second_scan_confirms_and_a_late_copy_acquits() {
    let company = Company::new()
        .row("lost", 1000, Marks::SENT)
        .row("late", 1001, Marks::SENT)
        .row("fine", 1002, Marks::SENT)
        .copy("fine", 1003, 1, Marks::empty())
        .inbox("fine", 1004);
    let mut company = company.covered();
    company.judge(2001);
    check(
        &company,
        expect!["missing 2 (0 confirmed), arrived 2 (2 confirmed)"],
    );
    company.judge(2010);
    check(
        &company,
        expect!["missing 2 (0 confirmed), arrived 2 (2 confirmed)"],
    );
    let company = company
        .copy("late", 2011, 2, Marks::empty())
        .inbox("late", 2012)
        .scan_again(2020);
    check(
        &company,
        expect!["missing 1 (1 confirmed), arrived 3 (3 confirmed)"],
    );
}

#[test]
fn what_arrives_in_the_course_of_a_scan_does_not_confirm() {
    let mut company = Company::new().row("lost", 1000, Marks::SENT).covered();
    company.judge(2001);
    company.index.begin_scan(secs(2010));
    company = company.cover(TOPIC, 0, 2040);
    company.index.judge(&Judgement {
        now: secs(2030),
        scan_at: secs(2029),
        slack_micros: 0,
    });
    check(
        &company,
        expect!["missing 1 (0 confirmed), arrived 1 (1 confirmed)"],
    );
}

#[test]
fn dead_letters_need_no_second_scan() {
    let mut company = Company::new()
        .row("e", 1000, Marks::SENT)
        .letter("e", 1002, Marks::empty());
    company.judge(2001);
    check(&company, expect!["dead-lettered 1 (1 confirmed)"]);
}

#[test]
fn counts_follow_an_event_through_its_life() {
    const ID: &str = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20";
    let mut company = Company::new().row(ID, 1990, Marks::empty()).covered();
    company.judge(2001);
    check(
        &company,
        expect!["pending 1 (1 confirmed), arrived 1 (1 confirmed)"],
    );
    company = company.scan_again(2100);
    check(
        &company,
        expect!["missing 1 (0 confirmed), arrived 1 (1 confirmed)"],
    );
    assert_eq!(company.index.oldest_unsent(), Some(secs(1990)));
    company = company.scan_again(2110);
    check(
        &company,
        expect!["missing 1 (1 confirmed), arrived 1 (1 confirmed)"],
    );
    company = company.copy(ID, 2112, 1, Marks::empty()).scan_again(2120);
    check(
        &company,
        expect!["pending 1 (1 confirmed), arrived 1 (1 confirmed)"],
    );
    company = company.inbox(ID, 2121).scan_again(2130);
    check(&company, expect!["arrived 2 (2 confirmed)"]);
    assert_eq!(company.index.oldest_unsent(), None);
    let counts = company.index.counts();
    assert_eq!(
        (
            counts.total,
            counts.publish.published,
            counts.consumers[0].processed
        ),
        (2, 2, 2)
    );
    assert_eq!(&company.index.counts_in(window(0, 5000)), counts);
}

#[test]
fn a_change_becomes_the_event_whose_row_comes_later() {
    let id = reconstructed_id("product", "7", 3);
    let mut company = Company::new().change("product/7", 3, 1000).covered();
    company.judge(2001);
    check(
        &company,
        expect!["missing 1 (0 confirmed), arrived 1 (1 confirmed)"],
    );
    let made = company.no(id.as_str());
    let row = waybill_model::Observation {
        aggregate: "product/7".to_owned(),
        version: 3,
        position: 9,
        marks: Marks::SENT,
        ..seen(OUTBOX, "real", 1000)
    };
    company = company
        .see(row)
        .copy("real", 1001, 4, Marks::empty())
        .inbox("real", 1002);
    company.judge(2002);
    check(&company, expect!["arrived 2 (2 confirmed)"]);
    assert_eq!(company.no(id.as_str()), company.no("real"));
    assert!(company.index.row(made).is_none(), "its number is gone");
    let row = company
        .index
        .row(company.no("real"))
        .expect("it is visible");
    assert_eq!((row.stored, row.at), (Some(secs(1000)), secs(1000)));
}

#[test]
fn a_copy_resent_for_a_change_comes_back_to_it() {
    let id = reconstructed_id("product", "7", 3);
    let mut company = Company::new().change("product/7", 3, 1000).covered();
    company.judge(2001);
    company = company
        .copy(id.as_str(), 2002, 4, Marks::OWN_RESEND)
        .inbox(id.as_str(), 2003);
    company.judge(2004);
    expect!["published / processed [RESENT RECONSTRUCTED]"].assert_eq(&company.told(id.as_str()));
    check(&company, expect!["arrived 2 (2 confirmed)"]);
}

#[test]
fn a_scan_that_could_not_read_what_a_finding_rests_on_confirms_nothing() {
    let found = || {
        let mut company = Company::new()
            .row("lost", 1000, Marks::SENT)
            .row("skipped", 1000, Marks::SENT)
            .copy("skipped", 1001, 5, Marks::empty())
            .committed(1900, Some(6))
            .covered();
        company.judge(2001);
        company
    };
    let again = |unread| {
        let mut company = found();
        company.index.begin_scan(secs(2020));
        company = company.cover(TOPIC, 0, 2021).failed(unread);
        company.index.judge(&Judgement {
            now: secs(2021),
            scan_at: secs(2020),
            slack_micros: 0,
        });
        company
    };
    check(
        &again(GROUP),
        expect!["missing 2 (1 confirmed), arrived 1 (1 confirmed)"],
    );
    check(
        &again(INBOX),
        expect!["missing 2 (1 confirmed), arrived 1 (1 confirmed)"],
    );
    check(
        &again(PRODUCTS),
        expect!["missing 2 (1 confirmed), arrived 1 (1 confirmed)"],
    );
    check(
        &found().scan_again(2020),
        expect!["missing 2 (2 confirmed), arrived 1 (1 confirmed)"],
    );
}

#[test]
fn a_resend_of_what_was_made_from_a_row_comes_back_to_it_in_any_order() {
    let id = reconstructed_id("product", "7", 3);
    let copy = waybill_model::Observation {
        aggregate: "product/7".to_owned(),
        version: 3,
        position: 4,
        marks: Marks::OWN_RESEND,
        ..seen(TOPIC, id.as_str(), 1990)
    };
    let mut copy_first = Company::new()
        .see(copy)
        .change("product/7", 3, 1000)
        .covered();
    copy_first.judge(2001);
    expect!["published / in-flight [RESENT RECONSTRUCTED]"]
        .assert_eq(&copy_first.told(id.as_str()));
    let resend = crate::OwnResend {
        at: secs(1990),
        consumer: None,
        coordinate: None,
    };
    let mut journal_first = Company::new()
        .resent(id.as_str(), resend)
        .change("product/7", 3, 1000)
        .covered();
    journal_first.judge(2001);
    expect!["published / in-flight [RESENT RECONSTRUCTED]"]
        .assert_eq(&journal_first.told(id.as_str()));
}
