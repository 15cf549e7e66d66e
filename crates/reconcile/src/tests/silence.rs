//! Silence counts only where speech was heard, or where the place shows that nothing was said.

use expect_test::{Expect, expect};
use waybill_model::{Coverage, Marks, Observation};

use super::company::*;

/// An id that nobody comes upon by chance.
fn id(nth: u32) -> String {
    format!("{nth:08x}-53f2-4c6b-9d2a-8f5b71e40c3d")
}

fn check(mut company: Company, id: &str, expected: Expect) {
    expected.assert_eq(&company.verdict(id));
}

fn lost() -> Company {
    Company::new().row("e", 1000, Marks::SENT)
}

#[test]
fn nothing_is_lost_where_nothing_was_ever_found() {
    check(
        lost().silent(),
        "e",
        expect!["unknown(NoControl) / not-due"],
    );
    check(
        lost().neighbour().silent(),
        "e",
        expect!["lost-in-publish / not-due"],
    );
    // One small number that both have may be anybody's.
    let small = lost()
        .row("17", 900, Marks::SENT)
        .copy("17", 901, 3, Marks::empty());
    check(small.silent(), "e", expect!["unknown(NoControl) / not-due"]);
    // A place that spoke only later may not have spoken then.
    let later = lost()
        .row(&id(1), 1500, Marks::SENT)
        .copy(&id(1), 1501, 3, Marks::empty())
        .cover(TOPIC, 0, 1400)
        .cover(TOPIC, 1450, 2100)
        .cover(OUTBOX, 0, 2100);
    check(later, "e", expect!["unknown(NotCovered) / not-due"]);
}

#[test]
fn a_stranger_alone_is_no_phantom() {
    let stranger = || Company::new().copy(&id(9), 1000, 5, Marks::empty());
    check(
        stranger().silent(),
        &id(9),
        expect!["unknown(NoControl) / unknown(NotCovered)"],
    );
    check(
        stranger().covered(),
        &id(9),
        expect!["phantom / unknown(NotCovered)"],
    );
    // Older than the oldest row that is kept.
    let old = Company::new().copy(&id(9), 400, 5, Marks::empty());
    check(
        old.covered(),
        &id(9),
        expect!["unknown(OutboxCleaned) / unknown(NotCovered)"],
    );
}

#[test]
fn what_has_no_id_may_be_what_is_missed() {
    let nameless = |at, aggregate: &str| Observation {
        aggregate: aggregate.to_owned(),
        position: 7,
        key: String::new(),
        marks: Marks::NO_ID,
        ..seen(TOPIC, "", at)
    };
    let beside = |at| lost().see(nameless(at, "")).covered();
    check(beside(1001), "e", expect!["unknown(OneOfThese) / not-due"]);
    check(beside(1500), "e", expect!["lost-in-publish / not-due"]);
    let of_seven = || {
        let row = Observation {
            aggregate: "order/7".to_owned(),
            position: 70,
            key: String::new(),
            marks: Marks::SENT,
            ..seen(OUTBOX, "e", 1000)
        };
        Company::new().see(row)
    };
    check(
        of_seven().see(nameless(1001, "7")).covered(),
        "e",
        expect!["unknown(OneOfThese) / not-due"],
    );
    check(
        of_seven().see(nameless(1001, "8")).covered(),
        "e",
        expect!["lost-in-publish / not-due"],
    );
}

#[test]
fn a_type_that_was_never_seen_goes_elsewhere() {
    let of_kind = |place, id: &str, at, position, kind: &str| Observation {
        kind: kind.to_owned(),
        position,
        key: String::new(),
        marks: if place == OUTBOX {
            Marks::SENT
        } else {
            Marks::empty()
        },
        ..seen(place, id, at)
    };
    let mut company = Company::new();
    for nth in 0..20 {
        let at = 600 + i64::from(nth);
        company = company
            .see(of_kind(OUTBOX, &id(nth), at, at, "Placed"))
            .see(of_kind(TOPIC, &id(nth), at + 1, at, "Placed"));
    }
    for nth in 20..25 {
        let at = 600 + i64::from(nth);
        company = company.see(of_kind(OUTBOX, &id(nth), at, at, "Paid"));
    }
    let company = company.see(of_kind(OUTBOX, &id(30), 700, 700, "Placed"));
    let mut company = company.silent();
    company.judge(2001);
    assert_eq!(company.told(&id(20)), "unknown(NoControl) / not-due");
    assert_eq!(company.told(&id(30)), "lost-in-publish / not-due");
}

#[test]
fn a_small_number_does_not_outweigh_a_row_that_says_unsent() {
    let unsent = |copied| {
        Company::new()
            .row("17", 1000, Marks::empty())
            .copy("17", copied, 3, Marks::empty())
            .covered()
    };
    check(unsent(1800), "17", expect!["stuck(RelayIdle) / not-due"]);
    check(
        unsent(1001),
        "17",
        expect!["published / unknown(NotCovered)"],
    );
    let wide =
        Company::new()
            .row(&id(17), 1000, Marks::empty())
            .copy(&id(17), 1800, 3, Marks::empty());
    check(
        wide.covered(),
        &id(17),
        expect!["published / unknown(NotCovered)"],
    );
}

#[test]
fn an_end_that_was_noted_before_and_has_not_moved_is_a_control() {
    let noted = |mut company: Company, end, to| {
        company.index.cover(Coverage {
            place: TOPIC,
            partition: Some(0),
            window: window(0, to),
            positions: Some((0, end)),
            gaps: Vec::new(),
        });
        company
    };
    let looked = |company: Company| noted(company, 7, 2000);
    let row = || Company::new().row("e", 2010, Marks::SENT);
    let judged = |company: Company| {
        let mut company = company;
        company.index.begin_scan(secs(2200));
        let mut company = noted(company, 7, 2201);
        company.index.judge(&crate::Judgement {
            now: secs(2201),
            scan_at: secs(2200),
            slack_micros: 1_000_000,
        });
        company.told("e")
    };
    assert_eq!(judged(looked(row())), "lost-in-publish / not-due");
    assert_eq!(judged(row()), "unknown(NoControl) / not-due");
    // Made anew since: what was noted before says nothing.
    assert_eq!(
        judged(noted(row(), 900, 2000)),
        "unknown(NoControl) / not-due"
    );
}

#[test]
fn a_stored_change_from_before_the_oldest_kept_row_may_have_had_one() {
    let changed = |at| {
        let mut company = Company::new().change("product/7", 3, at).covered();
        company.judge(2001);
        classes(&company)
    };
    expect!["missing 1 (0 confirmed), arrived 1 (1 confirmed)"].assert_eq(&changed(1000));
    expect!["unknown 1 (0 confirmed), arrived 1 (1 confirmed)"].assert_eq(&changed(400));
}

#[test]
fn what_only_an_inbox_of_this_flow_claims_is_a_phantom() {
    let claimed = || Company::new().inbox(&id(9), 1000);
    check(claimed().covered(), &id(9), expect!["phantom / processed"]);
    check(
        claimed().silent(),
        &id(9),
        expect!["unknown(NoControl) / processed"],
    );
    // An inbox that serves other flows, too.
    let shared = (10..20).fold(claimed(), |company, nth| company.inbox(&id(nth), 1000));
    check(shared.covered(), &id(9), expect!["published / processed"]);
}

/// What consumers have came from somewhere; not from where the profile says.
#[test]
fn a_destination_is_silent_also_where_consumers_have_everything() {
    let told = |mut company: Company| {
        company.judge(2001);
        let silent = company.index.silent().into_iter();
        silent.map(|flow| flow.sentence).collect::<Vec<_>>()
    };
    let one = || lost().inbox("e", 1010);
    let expected = "1 row says sent since 00:16:40 UTC, it was never seen at product-events: follow and \
                    make one event, name another destination, or show one message that was received";
    assert_eq!(told(one().silent()), [expected]);
    assert!(told(one().neighbour().silent()).is_empty(), "it was heard");
    assert!(told(one().covered_but(TOPIC)).is_empty(), "it was not read");
}
