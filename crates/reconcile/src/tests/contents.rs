//! Contents of rows and copies that differ.

use waybill_model::{Content, Marks, Observation, PlaceId};

use super::company::*;
use crate::OwnResend;

/// The flags of the event `e`.
fn check(mut company: Company, expected: &str) {
    let told = company.verdict("e");
    let flags = told.split_once('[');
    let flags = flags.map_or("", |(_, flags)| flags.trim_end_matches(']'));
    assert_eq!(flags, expected);
}

/// What a body says, as a row or copy of the event `e`; 0 for nothing that could be compared.
fn saying(company: Company, place: PlaceId, position: i64, says: u64) -> Company {
    marked(company, place, position, says, Marks::empty())
}

fn marked(company: Company, place: PlaceId, position: i64, says: u64, marks: Marks) -> Company {
    company.see(Observation {
        position,
        key: String::new(),
        marks,
        content: if says == 0 {
            Content::NONE
        } else {
            Content::json(says << 2)
        },
        ..seen(place, "e", 1000 + position)
    })
}

#[test]
fn a_copy_that_differs_from_every_row_is_told_whichever_comes_first() {
    let new = Company::new;
    let row_first = |row, copy| saying(saying(new(), OUTBOX, 1, row), TOPIC, 5, copy);
    let copy_first = |row, copy| saying(saying(new(), TOPIC, 5, copy), OUTBOX, 1, row);
    for (row, copy, told) in [
        (1, 1, ""),
        (1, 2, "PAYLOAD_MISMATCH"),
        (0, 2, ""),
        (1, 0, ""),
    ] {
        for company in [row_first(row, copy), copy_first(row, copy)] {
            check(company, told);
        }
    }
    // Without a row there is nothing to differ from.
    check(saying(new(), TOPIC, 5, 2), "");
}

#[test]
fn of_several_rows_one_is_enough_that_agrees_or_cannot_be_compared() {
    let rows = |one, other| saying(saying(Company::new(), OUTBOX, 1, one), OUTBOX, 2, other);
    check(
        saying(rows(1, 3), TOPIC, 5, 2),
        "PAYLOAD_MISMATCH DUPLICATE_ROW",
    );
    check(saying(rows(1, 2), TOPIC, 5, 2), "DUPLICATE_ROW");
    check(saying(rows(1, 0), TOPIC, 5, 2), "DUPLICATE_ROW");
}

#[test]
fn any_copy_that_differs_counts_but_ours_retries_and_what_may_be_undone() {
    let fine = || saying(saying(Company::new(), OUTBOX, 1, 1), TOPIC, 5, 1);
    check(saying(fine(), TOPIC, 6, 2), "DUPLICATE PAYLOAD_MISMATCH");
    for (marks, told) in [
        (Marks::OWN_RESEND, "RESENT"),
        (Marks::RETRY, ""),
        (Marks::OPEN_TRANSACTION, "DUPLICATE"),
    ] {
        check(marked(fine(), TOPIC, 6, 2, marks), told);
    }
    let known = OwnResend {
        at: secs(1006),
        consumer: None,
        coordinate: Some((TOPIC, 0, 6)),
    };
    check(saying(fine(), TOPIC, 6, 2).resent("e", known), "RESENT");
    let refused = saying(fine(), LETTERS, 7, 2);
    check(refused, "");
}

#[test]
fn what_a_body_says_is_what_it_said_when_it_was_last_read() {
    let mut company = saying(saying(Company::new(), OUTBOX, 1, 1), TOPIC, 5, 2);
    company.judge(2001);
    check(saying(company, OUTBOX, 1, 2), "");
    let mut company = saying(saying(Company::new(), OUTBOX, 1, 1), TOPIC, 5, 1);
    company.judge(2001);
    check(saying(company, TOPIC, 5, 2), "PAYLOAD_MISMATCH");
    // The same beyond the first of its stage.
    let twice = saying(
        saying(saying(Company::new(), OUTBOX, 1, 1), TOPIC, 5, 1),
        TOPIC,
        6,
        2,
    );
    check(saying(twice, TOPIC, 6, 1), "DUPLICATE");
}

#[test]
fn json_is_never_compared_with_other_text() {
    let row = Observation {
        position: 1,
        key: String::new(),
        content: Content::text(4),
        ..seen(OUTBOX, "e", 1001)
    };
    check(saying(Company::new().see(row), TOPIC, 5, 2), "");
}

#[test]
fn it_is_said_in_a_sentence() {
    let mut company = saying(saying(Company::new(), OUTBOX, 1, 1), TOPIC, 5, 2);
    company.judge(2001);
    let told = company.index.sentence(company.no("e"));
    let sentence = "What was published says something else than its outbox row.";
    assert!(told.contains(sentence), "{told}");
}
