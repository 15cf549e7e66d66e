//! When an event is late, where the profile leaves that open: as its flow has shown.

use waybill_model::{Grace, GraceBasis, GraceSettings, Marks};

use super::company::*;

/// A company that has published so many events, each a second after its row and processed two
/// seconds later, with nothing set about grace.
fn company(published: i64) -> Company {
    let mut shape = shape();
    shape.grace = GraceSettings::default().into();
    (0..published).fold(Company::of(shape), |company, nth| {
        let (id, at) = (format!("quick-{nth}"), 1000 + nth);
        company
            .row(&id, at, Marks::SENT)
            .copy(&id, at + 1, nth, Marks::empty())
            .inbox(&id, at + 3)
    })
}

/// The verdict at second 2001 on a row that was written then.
fn unsent_since(company: Company, at: i64) -> String {
    company.row("e", at, Marks::empty()).silent().verdict("e")
}

#[test]
fn a_quick_relay_is_missed_sooner_than_an_unknown_one() {
    assert_eq!(unsent_since(company(49), 1960), "pending / not-due");
    assert_eq!(
        unsent_since(company(50), 1960),
        "stuck(RelayIdle) / not-due"
    );
    assert_eq!(unsent_since(company(50), 1975), "pending / not-due");
}

#[test]
fn what_waybill_sent_itself_teaches_nothing() {
    let resent = (0..50).fold(company(0), |company, nth| {
        let id = format!("resent-{nth}");
        company
            .row(&id, 1000 + nth, Marks::SENT)
            .copy(&id, 1500, nth, Marks::OWN_RESEND)
            .inbox(&id, 1501)
    });
    let mut resent = resent.silent();
    resent.judge(2001);
    let cold = |secs: i64| Grace {
        micros: secs * 1_000_000,
        basis: GraceBasis::Cold { events: 0 },
    };
    assert_eq!(resent.index.publish_grace(), Some(cold(120)));
    assert_eq!(resent.index.consume_graces(), [cold(600)]);
}

#[test]
fn each_edge_learns_for_itself_and_says_from_how_many() {
    let mut company = company(60).silent();
    company.judge(2001);
    let learnt = |micros, p99_micros| Grace {
        micros,
        basis: GraceBasis::Learnt {
            p99_micros,
            events: 60,
        },
    };
    // Three times a second is less than anyone can rely on; clocks may be a second apart.
    assert_eq!(
        company.index.publish_grace(),
        Some(learnt(31_000_000, 1_000_000))
    );
    assert_eq!(
        company.index.consume_graces(),
        [learnt(61_000_000, 2_000_000)]
    );
}

#[test]
fn an_inbox_row_that_is_read_before_its_copy_teaches_the_same() {
    let mut shape = shape();
    shape.grace = GraceSettings::default().into();
    let early = (0..50).fold(Company::of(shape), |company, nth| {
        let (id, at) = (format!("quick-{nth}"), 1000 + nth);
        company
            .inbox(&id, at + 30)
            .copy(&id, at, nth, Marks::empty())
    });
    let mut early = early.covered();
    early.judge(2001);
    let grace = early.index.consume_graces()[0];
    assert_eq!(grace.micros, 91_000_000, "{:?}", grace.basis);
}
