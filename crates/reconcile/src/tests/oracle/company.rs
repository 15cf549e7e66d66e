//! Companies to generate histories of: what there is to read, and who should receive.

use proptest::prelude::*;
use proptest::sample::select;
use waybill_model::{ConsumerNo, Place, PlaceId, PlaceRole};

use crate::tests::company::secs;
use crate::{ConsumerShape, GraceRule, GraceRules, Learning, ProgressKind, Shape};

pub(super) const OUTBOX: PlaceId = PlaceId(0);
pub(super) const PRODUCTS: PlaceId = PlaceId(1);
pub(super) const TOPIC: PlaceId = PlaceId(2);
pub(super) const OTHER_TOPIC: PlaceId = PlaceId(3);

pub(super) fn inbox(consumer: usize) -> PlaceId {
    PlaceId(4 + 3 * consumer as u16)
}

pub(super) fn progress(consumer: usize) -> PlaceId {
    PlaceId(5 + 3 * consumer as u16)
}

pub(super) fn letters(consumer: usize) -> PlaceId {
    PlaceId(6 + 3 * consumer as u16)
}

/// Whatever a profile may describe.
pub(super) fn shape() -> impl Strategy<Value = Shape> {
    let tables = (
        prop::bool::weighted(0.85),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.9),
    );
    let consumers = prop::collection::vec(consumer(), 1..=3);
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.3));
    (tables, grace(), flags, consumers).prop_map(
        |(tables, grace, (two_topics, keeps_versions), who)| {
            let (has_outbox, tells, deletes, found_by_id, has_business, has_observer) = tables;
            let mut consumers = Vec::new();
            for (mut consumer, reads_other) in who {
                consumer.name = format!("consumer-{}", consumers.len());
                if reads_other && two_topics {
                    consumer.destination = Some(OTHER_TOPIC);
                }
                // Offsets of one group only mean something within one topic.
                if two_topics && consumer.progress == ProgressKind::Group {
                    consumer.destination = consumer.destination.or(Some(TOPIC));
                }
                consumers.push(consumer);
            }
            Shape {
                places: places(two_topics, has_outbox, has_business, &consumers),
                consumers,
                has_outbox,
                outbox_tells_sent: tells,
                deletes_after_send: deletes,
                found_by_id,
                has_business,
                keeps_versions,
                has_observer,
                grace,
            }
        },
    )
}

fn grace() -> impl Strategy<Value = GraceRules> {
    let confirm = select(vec![2, 15]);
    // As old as what is judged in these few minutes, so that some transactions hang.
    let transaction = select(vec![20, 45, 70]);
    (rule(), rule(), confirm, transaction).prop_map(|(publish, consume, confirm, transaction)| {
        GraceRules {
            publish,
            consume,
            confirm_micros: secs(confirm).0,
            transaction_micros: secs(transaction).0,
        }
    })
}

/// Set, or learnt from very few events, so that small histories teach something.
fn rule() -> impl Strategy<Value = GraceRule> {
    let learnt =
        (select(vec![5, 20]), 1_usize..4, 1_usize..6).prop_map(|(cold, enough, youngest)| {
            GraceRule::Learnt(Learning {
                cold_micros: secs(cold).0,
                least_micros: secs(3).0,
                most_micros: secs(25).0,
                enough,
                youngest,
            })
        });
    prop_oneof![
        select(vec![5, 20]).prop_map(|it| GraceRule::Set(secs(it).0)),
        learnt
    ]
}

fn consumer() -> impl Strategy<Value = (ConsumerShape, bool)> {
    use ProgressKind::{Group, None as Nothing, Queue};
    (
        (prop::bool::weighted(0.7), prop::bool::weighted(0.5)),
        select(vec![Group, Group, Queue, Queue, Nothing]),
        prop::bool::weighted(0.6),
        any::<bool>(),
        prop::bool::weighted(0.4),
    )
        .prop_map(
            |((inbox, tells), progress, dead_letters, any_topic, reads_other)| {
                let shape = ConsumerShape {
                    name: String::new(),
                    destination: (!any_topic).then_some(TOPIC),
                    inbox,
                    inbox_tells: inbox && tells,
                    progress,
                    dead_letters,
                };
                (shape, reads_other)
            },
        )
}

fn places(
    two_topics: bool,
    has_outbox: bool,
    has_business: bool,
    consumers: &[ConsumerShape],
) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |there: bool, id: PlaceId, role: PlaceRole| {
        if there {
            places.push(Place {
                id,
                role,
                source: "test".to_owned(),
                name: format!("place-{}", id.0),
            });
        }
    };
    add(has_outbox, OUTBOX, PlaceRole::Outbox);
    add(has_business, PRODUCTS, PlaceRole::Business);
    add(true, TOPIC, PlaceRole::Destination);
    add(two_topics, OTHER_TOPIC, PlaceRole::Destination);
    for (idx, consumer) in consumers.iter().enumerate() {
        let no = ConsumerNo(idx as u8);
        add(consumer.inbox, inbox(idx), PlaceRole::Inbox(no));
        let watched = consumer.progress != ProgressKind::None;
        add(watched, progress(idx), PlaceRole::Progress(no));
        add(
            consumer.dead_letters,
            letters(idx),
            PlaceRole::DeadLetters(no),
        );
    }
    places
}
