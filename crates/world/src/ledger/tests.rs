//! What follows from what happened.

use expect_test::{Expect, expect};
use waybill_model::{Micros, StuckReason};

use super::*;
use crate::event::{Body, ChangeKind};
use crate::product::Product;

fn event() -> ProductEvent {
    ProductEvent {
        id: Uuid::from_u128(7),
        correlation: Uuid::nil(),
        kind: ChangeKind::Renamed,
        product: Product {
            id: 17,
            version: 3,
            name: "Squeaky duck".to_owned(),
            price_cents: 499,
            removed: false,
        },
        at: Micros(0),
        body: Body::Flat,
    }
}

/// A published event that everybody processed, then changed by `happened`.
fn check(happened: impl FnOnce(&mut Entry), expect: Expect) {
    let mut entry = Entry::new(&event(), true, true);
    entry.sent = true;
    entry.copies = 1;
    for consumer in &mut entry.consumers {
        consumer.received = 1;
        consumer.processed = true;
    }
    happened(&mut entry);
    let said = entry.expected();
    let consumers: Vec<String> = said
        .consumers
        .iter()
        .map(|verdict| format!("{verdict:?}"))
        .collect();
    expect.assert_eq(&format!(
        "{}: {:?}, {}",
        said.class.name(),
        said.publish,
        consumers.join(" ")
    ));
}

fn never_published(entry: &mut Entry) {
    entry.copies = 0;
    entry.consumers = [ConsumerEntry::default(); 3];
}

#[test]
fn a_verdict_follows_from_what_happened() {
    check(
        |_| {},
        expect!["arrived: Published, Processed Processed Processed"],
    );
    check(
        never_published,
        expect!["missing: LostInPublish, NotDue NotDue NotDue"],
    );
    check(
        |entry| {
            never_published(entry);
            entry.sent = false;
            entry.gave_up = true;
        },
        expect!["missing: Stuck(AttemptsExhausted), NotDue NotDue NotDue"],
    );
    check(
        |entry| {
            never_published(entry);
            entry.outbox = false;
        },
        expect!["missing: MissingOutboxRow, NotDue NotDue NotDue"],
    );
    check(
        |entry| {
            entry.stored = false;
            entry.outbox = false;
        },
        expect!["phantom: Phantom, Processed Processed Processed"],
    );
    check(
        |entry| {
            entry.consumers[1].processed = false;
            entry.consumers[1].skipped = true;
        },
        expect!["missing: Published, Processed LostByConsumer Processed"],
    );
    check(
        |entry| {
            entry.consumers[1].processed = false;
            entry.consumers[1].dead_lettered = true;
        },
        expect!["dead-lettered: Published, Processed DeadLettered Processed"],
    );
}

/// What is right besides, of an event that was published and that nobody has any more.
fn check_or(happened: impl FnOnce(&mut Entry), expect: Expect) {
    let mut entry = Entry::new(&event(), true, true);
    entry.sent = true;
    entry.copies = 1;
    entry.consumers[1].skipped = true;
    happened(&mut entry);
    let said = entry.expected();
    expect.assert_eq(&format!(
        "{:?} or {:?}; {:?} or {:?}",
        said.publish, said.publish_or, said.consumers[1], said.consumers_or[1]
    ));
}

#[test]
fn where_evidence_is_gone_unknown_is_right_for_that_reason_only() {
    check_or(|_| {}, expect!["Published or []; LostByConsumer or []"]);
    let expire = |entry: &mut Entry| {
        entry.expired = true;
        entry.blind = Some(UnknownReason::Compacted);
    };
    check_or(
        expire,
        expect![
            "Published or [Unknown(Compacted)]; LostByConsumer or [Unknown(NotCovered), Unknown(Compacted), NotDue]"
        ],
    );
    // An inbox row tells that there was a copy, though not where it lay.
    check_or(
        |entry| {
            expire(entry);
            entry.consumers[0].processed = true;
        },
        expect!["Published or []; LostByConsumer or [Unknown(NotCovered), Unknown(Compacted)]"],
    );
}

/// What is right besides, of an event whose row waits in an outbox without marks that keeps no sent
/// rows: never published, or published by a relay that died before it deleted the row.
fn check_waiting(published: bool, happened: impl FnOnce(&mut Entry), expect: Expect) {
    let mut entry = Entry::new(&event(), true, true);
    entry.copies = u32::from(published);
    (entry.rows_go, entry.unmarked) = (true, true);
    happened(&mut entry);
    let said = entry.expected();
    expect.assert_eq(&format!("{:?} or {:?}", said.publish, said.publish_or));
}

#[test]
fn a_row_that_was_not_deleted_waits_unless_a_witness_cannot_say() {
    let blind = |why| move |entry: &mut Entry| entry.blind = Some(why);
    check_waiting(false, |_| {}, expect!["Stuck(RelayIdle) or []"]);
    check_waiting(
        false,
        blind(UnknownReason::RetentionPassed),
        expect!["Stuck(RelayIdle) or [Unknown(RetentionPassed)]"],
    );
    check_waiting(
        false,
        blind(UnknownReason::NoObserver),
        expect!["Stuck(RelayIdle) or []"],
    );
    let marked = |entry: &mut Entry| {
        entry.unmarked = false;
        entry.blind = Some(UnknownReason::RetentionPassed);
    };
    check_waiting(false, marked, expect!["Stuck(RelayIdle) or []"]);
}

#[test]
fn a_copy_whose_row_was_not_deleted_is_published_while_anybody_can_see_it() {
    let eaten = |why| {
        move |entry: &mut Entry| {
            entry.expired = true;
            entry.blind = Some(why);
        }
    };
    check_waiting(true, |_| {}, expect!["Published or []"]);
    check_waiting(
        true,
        eaten(UnknownReason::Compacted),
        expect!["Published or [Unknown(Compacted)]"],
    );
    // All that is left is the row's word.
    check_waiting(
        true,
        eaten(UnknownReason::NoObserver),
        expect!["Published or [Stuck(RelayIdle)]"],
    );
    let marked = |entry: &mut Entry| {
        eaten(UnknownReason::Compacted)(entry);
        entry.unmarked = false;
    };
    check_waiting(true, marked, expect!["Published or [Stuck(RelayIdle)]"]);
    let consumed = |entry: &mut Entry| {
        eaten(UnknownReason::NoObserver)(entry);
        entry.consumers[0].processed = true;
    };
    check_waiting(true, consumed, expect!["Published or []"]);
}

#[test]
fn where_rows_go_a_missing_row_says_nothing_and_a_missing_copy_may_not_either() {
    let lost = |entry: &mut Entry| {
        never_published(entry);
        (entry.outbox, entry.row_deleted, entry.rows_go) = (false, true, true);
    };
    check_or(
        lost,
        expect!["LostInPublish or [Unknown(OutboxCleaned)]; NotDue or []"],
    );
    check_or(
        |entry| {
            lost(entry);
            entry.blind = Some(UnknownReason::Compacted);
        },
        expect!["LostInPublish or [Unknown(Compacted), Unknown(OutboxCleaned)]; NotDue or []"],
    );
    // Without its business row nothing is left of it at all.
    let mut entry = Entry::new(&event(), false, true);
    lost(&mut entry);
    assert!(entry.expected().traceless);
}

#[test]
fn a_resend_that_was_processed_heals() {
    check(
        |entry| {
            never_published(entry);
            for consumer in &mut entry.consumers {
                consumer.resends = 1;
                consumer.processed = true;
            }
        },
        expect!["arrived: Published, Processed Processed Processed"],
    );
}

#[test]
fn an_event_without_id_gets_the_one_of_its_reconstruction() {
    let entry = Entry::new(&event(), true, false);
    assert_eq!(
        entry.event_id(),
        waybill_model::reconstructed_id("product", "17", 3)
    );
}

/// What may be said of an event whose messages carry other ids than its row, and how its messages
/// are seen.
fn check_ids(ids: MessageIds, happened: impl FnOnce(&mut Entry), expect: Expect) {
    let mut entry = Entry::new(&event(), true, true);
    entry.sent = true;
    entry.copies = 1;
    entry.ids = ids;
    entry.request = (ids == MessageIds::Wrong).then(|| Uuid::from_u128(9));
    happened(&mut entry);
    let said = entry.expected();
    let apart = said.apart.map(|apart| match apart {
        Apart::As(id) => format!("as {id}"),
        Apart::Nameless => "nameless".to_owned(),
    });
    expect.assert_eq(&format!(
        "{} {:?} or {:?}, apart {apart:?}",
        said.id, said.publish, said.publish_or
    ));
}

#[test]
fn what_cannot_be_put_together_is_unknowable_and_nothing_else_is() {
    let rolled_back = |entry: &mut Entry| (entry.stored, entry.outbox) = (false, false);
    check_ids(
        MessageIds::Relay,
        |_| {},
        expect!["7 Published or [], apart None"],
    );
    check_ids(
        MessageIds::Relay,
        rolled_back,
        expect!["ba3b55e0-8436-5b3c-8df5-a6c1d83bc7d0 Phantom or [], apart None"],
    );
    check_ids(
        MessageIds::None,
        |_| {},
        expect!["7 Published or [], apart None"],
    );
    check_ids(
        MessageIds::None,
        rolled_back,
        expect![[r#"7 Phantom or [Unknown(NoMatchableId), Published], apart Some("nameless")"#]],
    );
    check_ids(
        MessageIds::Wrong,
        never_published,
        expect![[
            r#"7 LostInPublish or [Unknown(NoMatchableId)], apart Some("as 00000000-0000-0000-0000-000000000009")"#
        ]],
    );
    check_ids(
        MessageIds::Wrong,
        |entry| {
            never_published(entry);
            entry.sent = false;
        },
        expect![[
            r#"7 Stuck(RelayIdle) or [], apart Some("as 00000000-0000-0000-0000-000000000009")"#
        ]],
    );
}

#[test]
fn what_is_saved_is_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("ledger.json");
    let mut ledger = Ledger::default();
    let mut entry = Entry::new(&event(), true, true);
    entry.faults.push(Fault::ConsumerSkips);
    entry.consumers[2].resends = 4;
    ledger.push(entry);
    ledger.save(&path).expect("it can be written");
    assert_eq!(Ledger::read(&path).expect("it can be read"), ledger);
}

#[test]
fn a_transaction_that_is_open_for_a_quarter_of_an_hour_is_an_excuse_no_more() {
    let mut entry = Entry::new(&event(), true, true);
    entry.open = Some(Micros(1_000_000_000));
    let said = |secs: i64| {
        let said = entry.expected_at(Micros(secs * 1_000_000));
        (said.publish, said.publish_or.len())
    };
    let hangs = PublishVerdict::Stuck(StuckReason::OpenTransaction);
    assert_eq!(said(1060), (PublishVerdict::InOpenTransaction, 0));
    assert_eq!(said(2900), (hangs.clone(), 0));
    // Who looked a moment before or after may have seen it otherwise.
    assert_eq!(said(1890), (PublishVerdict::InOpenTransaction, 2));
    assert_eq!(said(1910), (hangs, 2));
}
