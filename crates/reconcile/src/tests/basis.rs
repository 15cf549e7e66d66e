//! By what messages are recognised, and what is said where nothing recognises them.

use expect_test::{Expect, expect};
use waybill_model::{ConsumerNo, Marks, Observation, Place, PlaceId, PlaceRole, Recognised};

use super::company::*;
use crate::{ConsumerShape, ProgressKind, QueueProgress, Shape, sentence};

/// What one message or row tells of its event.
#[derive(Clone, Copy)]
struct About {
    aggregate: &'static str,
    version: i64,
    kind: &'static str,
}

const NOTHING: About = About {
    aggregate: "",
    version: waybill_model::NO_VERSION,
    kind: "",
};

fn version(version: i64) -> About {
    About {
        aggregate: "product/7",
        version,
        kind: "",
    }
}

fn told(observation: Observation, about: About) -> Observation {
    Observation {
        aggregate: about.aggregate.to_owned(),
        version: about.version,
        kind: about.kind.to_owned(),
        ..observation
    }
}

fn row(id: &str, at: i64, about: About) -> Observation {
    let row = Observation {
        marks: Marks::SENT,
        position: at,
        key: String::new(),
        ..seen(OUTBOX, id, at)
    };
    told(row, about)
}

/// A copy at the offset that is its second; nameless without an id.
fn copy(id: &str, at: i64, about: About) -> Observation {
    let nameless = if id.is_empty() {
        Marks::NO_ID
    } else {
        Marks::empty()
    };
    let copy = Observation {
        marks: nameless,
        position: at,
        key: String::new(),
        ..seen(TOPIC, id, at)
    };
    told(copy, about)
}

/// Six rows, the copies of which carry ids of the relay's own making, or none.
fn company_with(ids: fn(i64) -> String, tells: fn(i64) -> About) -> Company {
    let mut company = Company::new().covered().committed(2000, Some(5000));
    for nth in 1..=6 {
        company = company
            .see(row(&format!("e{nth}"), 1000 + nth, version(nth)))
            .see(copy(&ids(nth), 1001 + nth, tells(nth)))
            .inbox(&format!("e{nth}"), 1002 + nth);
    }
    // So that the last copy lies before the youngest row.
    company
        .see(row("e9", 1010, version(9)))
        .see(copy("e9", 1010, version(9)))
        .inbox("e9", 1010)
}

fn of_relay(nth: i64) -> String {
    format!("m{nth}")
}

fn nobody(_: i64) -> String {
    String::new()
}

/// The verdicts of the events that these ids lead to.
fn check(company: &mut Company, ids: &[&str], expected: Expect) {
    company.judge(2001);
    let told: Vec<String> = ids
        .iter()
        .map(|id| format!("{id} {}", company.told(id)))
        .collect();
    expected.assert_eq(&told.join("\n"));
}

fn matched(company: &Company) -> String {
    let found = company.index.basis(TOPIC).expect("there are copies");
    sentence::basis(&found, company.index.shape())
}

#[test]
fn what_hardly_any_id_leads_to_is_no_phantom_and_lost_only_where_nothing_came_since() {
    let mut company = company_with(of_relay, |_| NOTHING);
    check(
        &mut company,
        &["e1", "m1", "e9"],
        expect![[r#"
            e1 published / processed
            m1 unknown(NoMatchableId) / unknown(NoMatchableId)
            e9 published / processed"#]],
    );
    // Nothing that is not known has come since it was written, whatever that would carry.
    let mut company = company.see(row("e8", 1009, version(8)));
    check(
        &mut company,
        &["e8"],
        expect!["e8 lost-in-publish / not-due"],
    );
    expect!["matched by id (2 of 8 sampled); if the others carry another id, check `match.id` of their flow"].assert_eq(&matched(&company));
    expect!["Written to the outbox at 00:16:49.000. The outbox says it was sent, but product-events was read without a gap from its beginning to 00:35:00 and holds no copy. 2 of 2 neighbours were found in product-events."]
        .assert_eq(&company.index.sentence(company.no("e8")));
}

#[test]
fn a_row_that_says_it_is_unsent_is_stuck_whatever_the_copies_carry() {
    let unsent = Observation {
        marks: Marks::empty(),
        ..row("e8", 1009, NOTHING)
    };
    let mut company = company_with(of_relay, |_| NOTHING).see(unsent);
    check(
        &mut company,
        &["e8"],
        expect!["e8 stuck(PassedOver) / not-due"],
    );
}

#[test]
fn a_flow_that_has_just_begun_gets_its_phantom() {
    let mut company = Company::new().covered();
    for (id, at) in [("e1", 1000), ("e2", 1002), ("e3", 1010)] {
        company = company.see(row(id, at, NOTHING)).see(copy(id, at, NOTHING));
    }
    let mut company = company.see(copy("nobody", 1005, NOTHING));
    check(
        &mut company,
        &["nobody"],
        expect!["nobody phantom / unknown(NotCovered)"],
    );
    expect!["matched by id (4 of 5 sampled)"].assert_eq(&matched(&company));
}

#[test]
fn under_ids_of_the_relay_row_copy_and_inbox_are_one_event_in_any_order() {
    let mut company = company_with(of_relay, version);
    check(
        &mut company,
        &["e1", "m1"],
        expect![[r#"
            e1 published / processed
            m1 published / processed"#]],
    );
    expect!["matched by aggregate and version (8 of 8 sampled; 2 by id)"]
        .assert_eq(&matched(&company));
    assert_eq!(company.no("e1"), company.no("m1"));
    assert_eq!(company.index.ids(company.no("e1")).len(), 2);
    assert_eq!(company.index.facts(company.no("m1")).len(), 3);
    assert_eq!(company.index.len(), 8);

    // What comes later under either id, and under the copy's first.
    let mut company = company.see(copy("m8", 1008, version(8))).inbox("m8", 1009);
    check(&mut company, &["m8"], expect!["m8 phantom / processed"]);
    let mut company = company
        .see(row("e8", 1007, version(8)))
        .see(copy("m8", 1009, version(8)));
    check(
        &mut company,
        &["e8", "m8"],
        expect![[r#"
            e8 published / processed [DUPLICATE]
            m8 published / processed [DUPLICATE]"#]],
    );
    assert_eq!(company.index.len(), 9);
}

#[test]
fn a_message_without_an_id_is_recognised_by_its_version() {
    let mut company = company_with(nobody, version).see(copy("", 1009, version(8)));
    check(
        &mut company,
        &["e1", "product-events-0@1009"],
        expect![[r#"
            e1 published / processed [NO_ID]
            product-events-0@1009 phantom / unknown(NoMatchableId) [NO_ID]"#]],
    );
    let letter = Observation {
        position: 1,
        key: String::new(),
        marks: Marks::NO_ID,
        ..told(seen(LETTERS, "", 1012), version(8))
    };
    let mut company = company.see(row("e8", 1008, version(8))).see(letter);
    check(
        &mut company,
        &["e8"],
        expect!["e8 published / dead-lettered [NO_ID]"],
    );
}

#[test]
fn two_rows_of_one_version_are_never_taken_for_one() {
    let mut company = company_with(of_relay, version)
        .see(row("twin", 1003, version(3)))
        .see(row("lost", 1008, version(8)));
    check(
        &mut company,
        &["twin", "m3", "e3", "lost", "e4"],
        expect![[r#"
            twin unknown(Ambiguous) / not-due
            m3 unknown(Ambiguous) / unknown(Ambiguous)
            e3 published / processed
            lost lost-in-publish / not-due
            e4 published / processed"#]],
    );
}

#[test]
fn the_type_tells_events_of_one_version_apart_where_both_sides_name_it() {
    let named = |kind| About { kind, ..version(8) };
    let mut company = company_with(of_relay, version)
        .see(row("renamed", 1008, named("renamed")))
        .see(row("repriced", 1008, named("repriced")))
        .see(copy("m-renamed", 1009, named("renamed")));
    check(
        &mut company,
        &["renamed", "repriced"],
        expect![[r#"
            renamed published / lost-by-consumer
            repriced lost-in-publish / not-due"#]],
    );
    let mut company = company.see(copy("m-any", 1009, named("")));
    check(
        &mut company,
        &["renamed", "repriced", "m-any"],
        expect![[r#"
            renamed published / lost-by-consumer
            repriced unknown(Ambiguous) / not-due
            m-any unknown(Ambiguous) / unknown(Ambiguous)"#]],
    );
}

#[test]
fn a_bare_aggregate_id_is_that_of_the_type_that_has_it() {
    let bare = |nth| About {
        aggregate: "7",
        ..version(nth)
    };
    let mut company = company_with(of_relay, bare);
    check(&mut company, &["m2"], expect!["m2 published / processed"]);
}

#[test]
fn an_id_that_several_rows_share_is_ambiguous() {
    let mut company = Company::new().covered();
    for nth in 1..=6 {
        company = company
            .see(row("product-7", 1000 + nth, version(nth)))
            .see(copy("product-7", 1000 + nth, version(nth)));
    }
    check(
        &mut company,
        &["product-7"],
        expect!["product-7 unknown(Ambiguous) / unknown(Ambiguous) [DUPLICATE DUPLICATE_ROW]"],
    );
}

#[test]
fn an_event_whose_row_is_written_twice_is_one_event_all_the_same() {
    let mut company = Company::new().covered();
    for nth in 1..=6 {
        let id = format!("e{nth}");
        company = company
            .see(row(&id, 1000 + nth, version(nth)))
            .see(row(&id, 1100 + nth, version(nth)))
            .see(copy(&id, 1000 + nth, version(nth)));
    }
    let mut company = company.see(row("lost", 1008, version(8)));
    check(
        &mut company,
        &["e1", "lost"],
        expect![[r#"
            e1 published / unknown(NotCovered) [DUPLICATE_ROW]
            lost lost-in-publish / not-due"#]],
    );
}

#[test]
fn a_copy_of_an_undone_change_is_a_phantom_where_ids_do() {
    let mut company = Company::new().covered();
    for nth in 1..=6 {
        let id = format!("e{nth}");
        company = company.see(row(&id, 1000 + nth, version(nth))).see(copy(
            &id,
            1000 + nth,
            version(nth),
        ));
    }
    let mut company = company.see(copy("undone", 1004, version(4)));
    check(
        &mut company,
        &["undone", "e4"],
        expect![[r#"
            undone phantom / unknown(NotCovered)
            e4 published / unknown(NotCovered)"#]],
    );
}

#[test]
fn enough_known_ids_take_back_what_versions_had_put_together() {
    let mut company = company_with(of_relay, version);
    company.judge(2001);
    assert_eq!(company.index.len(), 8);
    for nth in 20..120 {
        let id = format!("e{nth}");
        company = company.see(row(&id, 1000 + nth, version(nth))).see(copy(
            &id,
            1000 + nth,
            version(nth),
        ));
    }
    check(
        &mut company,
        &["e1", "m1"],
        expect![[r#"
            e1 published / processed
            m1 phantom / lost-by-consumer"#]],
    );
    assert_eq!(company.index.len(), 114);
    expect!["matched by id (102 of 108 sampled)"].assert_eq(&matched(&company));
}

#[test]
fn what_an_inbox_calls_by_other_names_is_not_called_lost() {
    let mut company = Company::new().silent().committed(2000, Some(5000));
    for nth in 1..=3 {
        let id = format!("e{nth}");
        company = company
            .see(row(&id, 1000 + nth, NOTHING))
            .see(copy(&id, 1000 + nth, NOTHING));
    }
    let lost = expect!["e1 published / unknown(NoControl)"];
    check(&mut company, &["e1"], lost);
    let mut company = company
        .inbox("x1", 1001)
        .inbox("x2", 1002)
        .inbox("x3", 1003);
    check(
        &mut company,
        &["e1"],
        expect!["e1 published / unknown(NoMatchableId)"],
    );
    expect!["Written to the outbox at 00:16:41.000. Published to product-events 0 µs later. Nobody can say whether search processed it: of 3 sampled rows of search.inbox 0 carry an id that was seen anywhere else; check the inbox's `id`."]
        .assert_eq(&company.index.sentence(company.no("e1")));
}

#[test]
fn a_dead_letter_under_another_id_is_not_taken_for_nothing() {
    let queue = |ready| QueueProgress {
        ready,
        unacked: 0,
        consumers: 1,
        bound: true,
        may_drop: false,
    };
    let mut two = shape();
    two.consumers[0].progress = ProgressKind::Queue;
    two.consumers.push(ConsumerShape {
        name: "storefront".to_owned(),
        dead_letters: false,
        ..two.consumers[0].clone()
    });
    let theirs = PlaceId(6);
    two.places.push(Place {
        id: theirs,
        role: PlaceRole::Inbox(ConsumerNo(1)),
        source: "test".to_owned(),
        name: "storefront.inbox".to_owned(),
    });
    let mut company = Company::of(two).covered().queue(1900, queue(0));
    for nth in 1..=6 {
        let id = format!("e{nth}");
        company = company
            .see(row(&id, 1000 + nth, NOTHING))
            .see(copy(&format!("m{nth}"), 1000 + nth, NOTHING))
            .see(seen(theirs, &id, 1001 + nth));
        if nth > 1 {
            company = company.inbox(&id, 1001 + nth);
        }
    }
    let mut company = company.letter("m1", 1001, Marks::empty());
    check(
        &mut company,
        &["e1", "e2"],
        expect![[r#"
            e1 published / unknown(NoMatchableId) / processed
            e2 published / processed / processed"#]],
    );
}

#[test]
fn messages_from_before_the_oldest_sent_row_are_not_held_against_ids() {
    let mut company = Company::new().silent();
    for nth in 0..50 {
        company = company.see(copy(&format!("cleaned-{nth}"), 500 + nth, NOTHING));
    }
    let waiting = Observation {
        marks: Marks::empty(),
        ..row("waits-for-ever", 100, NOTHING)
    };
    let mut company = company
        .see(waiting)
        .see(row("e1", 1000, NOTHING))
        .see(copy("e1", 1000, NOTHING));
    company.judge(2001);
    expect!["matched by id (1 of 1 sampled)"].assert_eq(&matched(&company));
}

#[test]
fn where_rows_go_once_they_are_sent_they_are_not_held_against_messages() {
    let mut company = Company::of(Shape {
        deletes_after_send: true,
        ..shape()
    })
    .covered();
    for nth in 1..=6 {
        company = company
            .see(row(&format!("e{nth}"), 1000 + nth, NOTHING))
            .see(copy(&format!("m{nth}"), 1000 + nth, NOTHING));
    }
    company.judge(2001);
    let found = company.index.basis(TOPIC);
    assert!(found.is_none_or(|it| it.recognised == Recognised::ById));
    check(
        &mut company,
        &["m1"],
        expect!["m1 published / unknown(NotCovered)"],
    );
}

/// Forty rows, all sent and processed; of so many the messages are left, beside five that nobody
/// stored.
fn compacted(left: i64) -> Company {
    let mut company = Company::new().covered().committed(2000, Some(5000));
    for nth in 1..=40 {
        let id = format!("e{nth}");
        company = company.see(row(&id, 1000 + nth, NOTHING));
        if nth > 40 - left {
            company = company.see(copy(&id, 1000 + nth, NOTHING));
        }
        company = company.inbox(&id, 1002 + nth);
    }
    (1..=5).fold(company, |company, nth| {
        company.see(copy(&format!("strange-{nth}"), 1020 + nth, NOTHING))
    })
}

#[test]
fn phantoms_are_told_where_compaction_has_left_few_messages_beside_them() {
    // The topic's offsets are its times here, and a compacted one is read without loss as well.
    let verdict = |left| compacted(left).verdict("strange-3");
    assert!(verdict(16).starts_with("phantom"), "{}", verdict(16));
    // Of seven messages five are strange: nobody can say of which flow they are.
    assert!(
        verdict(2).starts_with("unknown(NoMatchableId)"),
        "{}",
        verdict(2)
    );
}

fn of_outbox(nth: i64) -> String {
    format!("{nth:08x}-53f2-4c6b-9d2a-8f5b71e40c3d")
}

/// Twelve rows and their copies, ten seconds apart, and one pair that is younger than all.
fn company_in_which(tells: fn(i64) -> About) -> Company {
    let mut company = Company::new().covered();
    for nth in (1..=12).chain([99]) {
        let at = 1000 + nth * 10;
        company = company.see(row(&of_outbox(nth), at, tells(nth))).see(copy(
            &of_outbox(nth),
            at,
            tells(nth),
        ));
    }
    company
}

fn publish_of(company: &mut Company, ids: &[String]) -> Vec<String> {
    company.judge(2100);
    let told = ids.iter().map(|id| company.told(id));
    told.map(|told| told.split(" / ").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn beside_ids_that_are_known_a_bad_hour_is_told_as_it_is() {
    let mut company = company_in_which(version);
    for nth in 0..8 {
        company = company
            .see(copy(
                &of_outbox(200 + nth),
                1003 + nth * 10,
                version(200 + nth),
            ))
            .see(row(
                &of_outbox(300 + nth),
                1004 + nth * 10,
                version(300 + nth),
            ));
    }
    let told = publish_of(&mut company, &[of_outbox(203), of_outbox(304)]);
    assert_eq!(told, ["phantom", "lost-in-publish"]);
}

#[test]
fn a_relay_that_gives_other_ids_since_then_makes_nothing_lost() {
    let mut company = company_in_which(|_| NOTHING);
    for nth in 0..6 {
        let at = 1300 + nth * 10;
        company = company
            .see(row(&of_outbox(300 + nth), at, NOTHING))
            .see(copy(&of_outbox(200 + nth), at + 1, NOTHING));
    }
    let told = publish_of(&mut company, &[of_outbox(203), of_outbox(303)]);
    assert_eq!(told, ["unknown(NoMatchableId)"; 2]);
}

#[test]
fn a_type_that_carries_another_id_than_the_rest_is_neither_lost_nor_a_phantom() {
    fn created(nth: i64) -> About {
        About {
            kind: "created",
            ..version(nth)
        }
    }
    let paid = |aggregate, nth| About {
        aggregate,
        kind: "paid",
        ..version(nth)
    };
    let mut company = company_in_which(created);
    for nth in 0..4 {
        let at = 1045 + nth * 20;
        company = company
            .see(row(&of_outbox(300 + nth), at, paid("order/9", nth)))
            .see(copy(
                &of_outbox(200 + nth),
                at + 1,
                paid("customer/5", 40 + nth),
            ));
    }
    let told = publish_of(&mut company, &[of_outbox(201), of_outbox(301)]);
    assert_eq!(told, ["unknown(NoMatchableId)"; 2]);
}
