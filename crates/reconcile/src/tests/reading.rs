//! What the index gives back: rows, facts, neighbours, order, lanes.

use expect_test::{Expect, expect};
use waybill_model::{
    ConsumerVerdict, EventId, Finding, GapReason, Marks, Micros, Observation, PublishVerdict,
    StuckReason, reconstructed_id,
};

use super::company::*;
use crate::{Lane, sentence};

fn history() -> Company {
    let row = |id: &str, version: i64, at: i64| Observation {
        aggregate: "product/7".to_owned(),
        kind: "ProductRenamed".to_owned(),
        version,
        position: version,
        marks: Marks::SENT,
        key: String::new(),
        ..seen(OUTBOX, id, at)
    };
    let mut company = Company::new()
        .see(row("v3", 3, 1300))
        .see(row("v1", 1, 1100))
        .see(row("v2", 2, 1200))
        .copy("v1", 1101, 1, Marks::empty())
        .copy("v2", 1201, 2, Marks::empty())
        .copy("stranger", 1250, 3, Marks::empty())
        .inbox("v1", 1102)
        .letter("v2", 1205, Marks::empty())
        .covered();
    company.judge(2001);
    company
}

#[test]
fn facts_are_told_in_causal_order_with_their_coordinates() {
    let company = history();
    let told: Vec<String> = company
        .index
        .facts(company.no("v2"))
        .iter()
        .map(|fact| {
            let at = fact.stamp.at.0 / 1_000_000;
            format!(
                "{:?} {} {}@{} '{}'",
                fact.stage, at, fact.partition, fact.position, fact.key
            )
        })
        .collect();
    expect![[r#"
        Outbox 1200 0@2 ''
        Published 1201 0@2 ''
        Consumed 1205 0@1205 ''"#]]
    .assert_eq(&told.join("\n"));
    let inbox = company
        .index
        .facts(company.no("v1"))
        .pop()
        .expect("it has facts");
    assert_eq!((inbox.key.as_str(), inbox.consumer), ("v1", Some(SEARCH)));
}

#[test]
fn rows_keep_their_times_to_the_microsecond() {
    let odd = 1_795_179_600_123_457;
    let far = odd + 3_000_000_000_000;
    let at = |place, at: i64| {
        let mut observation = seen(place, "e", 0);
        observation.stamp.at = Micros(at);
        observation
    };
    let mut company = Company::new()
        .see(at(OUTBOX, odd))
        .see(at(TOPIC, odd + 1))
        .see(at(INBOX, far));
    company.judge(1_800_000_000);
    let row = company.index.row(company.no("e")).expect("it is visible");
    let times = (row.at.0, row.outbox, row.published, row.consumers[0].at);
    assert_eq!(
        times,
        (
            odd,
            Some(Micros(odd)),
            Some(Micros(odd + 1)),
            Some(Micros(far))
        )
    );
}

#[test]
fn siblings_are_the_same_aggregate_in_order() {
    let company = history();
    let told = |id: &str, around| -> Vec<String> {
        let siblings = company.index.siblings(company.no(id), around);
        siblings.into_iter().map(|sibling| sibling.id.0).collect()
    };
    assert_eq!(told("v2", 5), ["v1", "v2", "v3"]);
    assert_eq!(told("v1", 1), ["v1", "v2"]);
    assert_eq!(told("stranger", 5), ["stranger"]);
}

#[test]
fn events_stand_in_order_of_time_and_windows_cut_it() {
    let company = history();
    let ids = |numbers: &[u32]| -> Vec<String> {
        numbers
            .iter()
            .map(|&no| company.index.row(no).expect("visible").id.0)
            .collect()
    };
    assert_eq!(
        ids(company.index.in_time_order()),
        [NEIGHBOUR, "v1", "v2", "stranger", "v3"]
    );
    assert_eq!(
        ids(company.index.in_window(window(1200, 1300))),
        ["v2", "stranger"]
    );
    assert_eq!(ids(company.index.in_window(window(1300, 1200))), [""; 0]);
    // An earlier stage that comes late moves its event.
    let mut company = company.row("stranger", 1050, Marks::SENT);
    company.judge(2002);
    let first = company.index.in_time_order()[1];
    assert_eq!(
        company.index.row(first).expect("visible").id,
        EventId("stranger".to_owned())
    );
}

#[test]
fn lanes_hold_what_was_seen_and_what_needs_action() {
    let company = history();
    let lane = |lane| {
        let times = company.index.lane(lane);
        (times.len(), times.rank(secs(1200), 0))
    };
    assert_eq!(lane(Lane::Outbox), (4, 2));
    assert_eq!(lane(Lane::Published(TOPIC)), (4, 2));
    assert_eq!(lane(Lane::Consumer(SEARCH)), (2, 2));
    // v2 is dead-lettered, v3 lost in publish, the stranger a phantom.
    assert_eq!(lane(Lane::Missing), (3, 0));
    assert_eq!(lane(Lane::Stored), (1, 1));
    assert_eq!(company.index.copies(), 4);
    assert_eq!(company.index.relay_p99_micros(), Some(1_000_000));
}

#[test]
fn ids_are_found_in_any_spelling() {
    let company = Company::new().row("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20", 1000, Marks::SENT);
    let found = |id: &str| company.index.no_of(&EventId(id.to_owned()));
    assert_eq!(found("{0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20}"), Some(0));
    assert_eq!(found("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b21"), None);
}

fn check_sentences(company: &Company, ids: &[&str], expected: Expect) {
    let told = |id: &&str| format!("{id}: {}\n", company.index.sentence(company.no(id)));
    expected.assert_eq(&ids.iter().map(told).collect::<String>());
}

#[test]
fn sentences_say_what_happened() {
    check_sentences(
        &history(),
        &["v1", "v2", "v3", "stranger"],
        expect![[r#"
            v1: Written to the outbox at 00:18:20.000. Published to product-events 1.0 s later. Processed by search 1.0 s after that.
            v2: Written to the outbox at 00:20:00.000. Published to product-events 1.0 s later. search could not process it: dead-lettered at 00:20:05.000.
            v3: Written to the outbox at 00:21:40.000. The outbox says it was sent, but product-events was read without a gap from its beginning to 00:35:00 and holds no copy. 3 of 3 neighbours were found in product-events.
            stranger: Published to product-events at 00:20:50.000. Neither an outbox row nor a business row of it is there; both tables were read without a gap. Nobody can say whether search processed it: that time was not read without a gap. 3 of 3 neighbours were found in outbox.
        "#]],
    );
    let mut company = Company::new()
        .row("tried", 1000, Marks::ATTEMPTED)
        .row("later", 1100, Marks::SENT)
        .copy("twice", 1101, 3, Marks::empty())
        .copy("twice", 1105, 4, Marks::empty())
        .copy("young", 1995, 5, Marks::OWN_RESEND)
        .row("waiting", 1990, Marks::empty())
        .change("product/9", 1, 1200)
        .committed(1900, Some(3))
        .covered();
    company.judge(2001);
    let hole = reconstructed_id("product", "9", 1);
    check_sentences(
        &company,
        &["tried", "twice", "young", "waiting", hole.as_str()],
        expect![[r#"
            tried: Written to the outbox at 00:16:40.000. It has not been sent: the relay has sent later rows and passed over it. The relay tried and failed.
            twice: Published to product-events at 00:18:21.000. Neither an outbox row nor a business row of it is there; both tables were read without a gap. search has not come this far yet. 1 of 2 neighbours were found in outbox. It was published more than once.
            young: Published to product-events by Waybill at 00:33:15.000. It is on its way to search. Waybill has sent it again.
            waiting: Written to the outbox at 00:33:10.000. It is waiting to be sent and not late.
            e4f9a4c9-3b28-5b37-8cd1-466de2bb87aa: Stored at 00:20:00.000. It never reached the outbox; product-events was read without a gap from its beginning to 00:35:00 and holds no copy. 1 of 1 neighbour was found in outbox.
        "#]],
    );
    let mut unread = Company::new()
        .row("unread", 1000, Marks::SENT)
        .failed(TOPIC);
    unread.judge(2001);
    check_sentences(
        &unread,
        &["unread"],
        expect![[r#"
        unread: Written to the outbox at 00:16:40.000. It could not be checked (product-events: refused).
    "#]],
    );
}

#[test]
fn a_row_that_waits_claims_nothing_about_copies_that_nobody_can_see() {
    let mut company = Company::new().row("kept", 1000, Marks::empty()).gap(
        TOPIC,
        900,
        1200,
        GapReason::Retention,
    );
    company.judge(2001);
    check_sentences(
        &company,
        &["kept"],
        expect![[r#"
        kept: Written to the outbox at 00:16:40.000. Its row still waits in the outbox: nothing written since has been sent either. Whether a copy is out all the same nobody can say: retention has removed what could have told.
    "#]],
    );
    let mut company = Company::new().row("gone", 1000, Marks::empty()).covered();
    let no = company.no("gone");
    company.index.row_gone(no);
    company.judge(2001);
    check_sentences(
        &company,
        &["gone"],
        expect![[r#"
            gone: Written to the outbox at 00:16:40.000. Its outbox row is gone, as rows are once they are sent, but product-events was read without a gap from its beginning to 00:35:00 and holds no copy. 1 of 1 neighbour was found in product-events.
        "#]],
    );
}

#[test]
fn a_number_of_events_is_told_by_what_they_have_in_common() {
    let told = |n, finding: Finding| sentence::many(n, &finding, true, |_| "search");
    let lost = || Finding::Consumer(SEARCH, ConsumerVerdict::LostByConsumer);
    let stuck = || Finding::Publish(PublishVerdict::Stuck(StuckReason::RelayIdle));
    expect![[r#"
        45 events are stuck in the outbox
        1 event is stuck in the outbox
        7 events were passed over without being processed by search
        1 event was received by everyone"#]]
    .assert_eq(
        &[
            told(45, stuck()),
            told(1, stuck()),
            told(7, lost()),
            told(1, Finding::Arrived),
        ]
        .join("\n"),
    );
}

#[test]
fn a_verdict_names_the_places_whose_whole_reading_it_rests_on() {
    let company = Company::new()
        .row("lost", 1000, Marks::SENT)
        .copy("phantom", 1001, 1, Marks::empty())
        .row("skipped", 1002, Marks::SENT)
        .copy("skipped", 1003, 2, Marks::empty())
        .row("fine", 1004, Marks::SENT)
        .copy("fine", 1005, 3, Marks::empty())
        .inbox("fine", 1006);
    let mut company = company.covered();
    company.judge(2001);
    let rests = |id| {
        let names = company.index.rests_on(company.no(id)).into_iter();
        let name = |place: waybill_model::PlaceId| {
            let mut places = shape().places.into_iter();
            places.find(|it| it.id == place).map(|it| it.name)
        };
        names.filter_map(name).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(rests("lost"), "product-events");
    assert!(
        rests("phantom").starts_with("outbox, products"),
        "{}",
        rests("phantom")
    );
    assert_eq!(rests("fine"), "");
}

#[test]
fn what_stands_behind_an_unsent_row_names_it() {
    let about = |id: &str, at| waybill_model::Observation {
        aggregate: "product/7".to_owned(),
        position: at - 800,
        ..seen(OUTBOX, id, at)
    };
    let company = Company::new()
        .see(about("behind", 1000))
        .see(about("first", 950))
        .row("sent", 1100, Marks::SENT);
    let mut company = company.covered();
    company.judge(2001);
    check_sentences(
        &company,
        &["behind", "first"],
        expect![[r#"
            behind: Written to the outbox at 00:16:40.000. It has not been sent: an older unsent row of the same aggregate stands before it (outbox, row 150).
            first: Written to the outbox at 00:15:50.000. It has not been sent: the relay has sent later rows and passed over it.
        "#]],
    );
}

/// Whatever had begun when it was seen to have passed is in the inbox two seconds later at most.
#[test]
fn an_inbox_is_known_well_enough_up_to_the_look_at_what_was_passed() {
    let until = |end| {
        let published =
            Company::new()
                .row("e", 999, Marks::SENT)
                .copy("e", 1000, 5, Marks::empty());
        let passed = published.committed(1900, Some(6)).covered_but(INBOX);
        passed.cover(INBOX, 0, end).verdict("e")
    };
    assert_eq!(until(1898), "published / lost-by-consumer");
    assert_eq!(until(1897), "published / unknown(NotCovered)");
}
