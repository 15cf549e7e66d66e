//! What becomes of a RabbitMQ message on its way into the model.

use lapin::types::LongString;
use waybill_model::{Carriers, PlaceId, Window};

use super::*;

fn delivery(properties: BasicProperties, body: &[u8]) -> Delivery {
    let mut delivery = Delivery::mock(
        1,
        "products".into(),
        "product.created".into(),
        false,
        body.to_vec(),
    );
    delivery.properties = properties;
    delivery
}

fn table(entries: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert((*name).into(), value.clone());
    }
    table
}

fn with_headers(entries: &[(&str, AMQPValue)]) -> BasicProperties {
    BasicProperties::default().with_headers(table(entries))
}

fn query(role: CopyRole) -> CopyQuery {
    CopyQuery {
        place: PlaceId(3),
        role,
        channel: "audit".to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: Some("product".to_owned()),
        only: Vec::new(),
        whose: waybill_source::Whose::default(),
        compare: None,
        window: Window {
            from: Micros(0),
            to: Micros(1),
        },
        after: None,
        max_messages: None,
    }
}

fn long(text: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(text))
}

const NOW: Micros = Micros(77);

#[test]
fn the_best_time_a_message_carries_is_taken() {
    let no_time = (NOW, Clock::Waybill, 1, Marks::NO_TIME);
    let second = |at: i64| {
        (
            Micros(at * 1_000_000),
            Clock::App,
            1_000_000,
            Marks::default(),
        )
    };
    for (properties, expected) in [
        (BasicProperties::default(), no_time),
        (BasicProperties::default().with_timestamp(12), second(12)),
        (BasicProperties::default().with_timestamp(0), no_time),
        (
            BasicProperties::default().with_timestamp(1_700_000_000_123),
            (
                Micros(1_700_000_000_123_000),
                Clock::App,
                1000,
                Marks::default(),
            ),
        ),
        (
            with_headers(&[("timestamp_in_ms", AMQPValue::LongLongInt(12_345))]),
            (Micros(12_345_000), Clock::Broker, 1000, Marks::default()),
        ),
        (
            with_headers(&[("time", long("1970-01-01T00:00:01.5Z"))]),
            (Micros(1_500_000), Clock::App, 1000, Marks::default()),
        ),
        (with_headers(&[("time", long("yesterday"))]), no_time),
        (
            BasicProperties::default().with_timestamp(u64::MAX),
            (Micros(i64::MAX), Clock::App, 1000, Marks::default()),
        ),
    ] {
        let seen = observation(
            &delivery(properties.with_message_id("1".into()), b""),
            &query(CopyRole::Destination),
            5,
            NOW,
        )
        .expect("it counts");
        let Stamp {
            at,
            clock,
            resolution_micros,
        } = seen.stamp;
        assert_eq!((at, clock, resolution_micros, seen.marks), expected);
    }
}

#[test]
fn identity_comes_from_properties_headers_and_routing_key() {
    let properties = with_headers(&[("version", AMQPValue::LongInt(8))])
        .with_message_id("{0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20}".into())
        .with_type("created".into())
        .with_timestamp(12);
    let seen = observation(
        &delivery(properties, b"{}"),
        &query(CopyRole::Destination),
        5,
        NOW,
    )
    .expect("it counts");
    assert_eq!(seen.id, "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20");
    assert_eq!(
        (seen.kind.as_str(), seen.version, seen.position),
        ("created", 8, 5)
    );
    assert_eq!(seen.aggregate, "product/product.created");
}

#[test]
fn a_message_without_id_or_with_broken_text_is_marked() {
    let nothing = observation(
        &delivery(BasicProperties::default().with_timestamp(1), &[0xff]),
        &query(CopyRole::Destination),
        0,
        NOW,
    )
    .expect("it counts");
    assert_eq!(nothing.marks, Marks::NO_ID);
    let broken = with_headers(&[("id", AMQPValue::LongString(vec![b'a', 0xff].into()))]);
    let broken = observation(
        &delivery(broken.with_timestamp(1), &[0xff]),
        &query(CopyRole::Destination),
        0,
        NOW,
    )
    .expect("it counts");
    assert_eq!(
        (broken.id.as_str(), broken.marks),
        ("a\u{fffd}", Marks::NOT_UTF8)
    );
}

#[test]
fn a_dead_letter_names_its_queue_its_time_and_its_first_key() {
    let died = |queue: &str, at: u64, key: &str| {
        AMQPValue::FieldTable(table(&[
            ("queue", long(queue)),
            ("time", AMQPValue::Timestamp(at)),
            (
                "routing-keys",
                AMQPValue::FieldArray(vec![long(key)].into()),
            ),
        ]))
    };
    let deaths = vec![
        died("search", 20, "search.dead"),
        died("first", 10, "product.created"),
    ];
    let properties = with_headers(&[("x-death", AMQPValue::FieldArray(deaths.into()))])
        .with_message_id("1".into())
        .with_timestamp(1);
    let dead = delivery(properties, b"");
    assert_eq!(
        death(&dead),
        Some(Death {
            queue: "search".to_owned(),
            at: Some(Micros(20_000_000)),
            routing_key: Some("product.created".to_owned()),
        })
    );
    let mut query = query(CopyRole::DeadLetters);
    query.carriers.kind = vec!["header:x-death.queue".parse().expect("a carrier")];
    let seen = observation(&dead, &query, 0, NOW).expect("it counts");
    assert_eq!(seen.stamp.at, Micros(20_000_000));
    assert_eq!(seen.stamp.clock, Clock::Broker);
    assert_eq!(
        (seen.kind.as_str(), seen.aggregate.as_str()),
        ("search", "product/product.created")
    );
}

#[test]
fn a_copy_keeps_types_and_leaves_out_where_it_lay() {
    let properties = with_headers(&[
        (OFFSET_HEADER, AMQPValue::LongLongInt(9)),
        ("attempt", AMQPValue::LongInt(2)),
        ("none", AMQPValue::Void),
        ("text", long("t")),
    ])
    .with_message_id("1".into())
    .with_delivery_mode(2);
    let coordinate = Coordinate::StreamEntry {
        stream: "audit".to_owned(),
        offset: 9,
    };
    let copy = copy(delivery(properties, b"0123456789"), coordinate, 4, NOW);
    assert_eq!(
        copy.headers,
        [
            ("attempt".to_owned(), Some(b"2".to_vec())),
            ("none".to_owned(), None),
            ("text".to_owned(), Some(b"t".to_vec())),
        ]
    );
    assert!(
        copy.properties
            .contains(&(HEADER_TYPES.to_owned(), "attempt=I".to_owned()))
    );
    assert_eq!(
        (copy.payload.as_deref(), copy.payload_len),
        (Some(&b"0123"[..]), 10)
    );
}
