//! Odd messages are shown with their marks, and come back byte for byte.

use waybill_model::{Access, Carrier, Coordinate, Marks};
use waybill_source::conformance::broker::Letter;
use waybill_tests::kafka::Kafka;

use super::reading::{query, scan};

const LARGE: usize = 20 * 1024 * 1024;

fn at(topic: &str, offset: i64) -> Coordinate {
    Coordinate::Record {
        topic: topic.to_owned(),
        partition: 0,
        offset,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn null_and_empty_and_repeated_are_kept_apart() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("nulls", 1, &[]).await;
    let header = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
    let letters = [
        Letter {
            key: None,
            headers: vec![header("id", Some(b"event-0")), header("note", None)],
            payload: None,
        },
        Letter {
            key: Some(Vec::new()),
            headers: vec![
                header("id", None),
                header("id", Some(b"event-1")),
                header("id", Some(b"second")),
                header("note", Some(b"")),
            ],
            payload: Some(Vec::new()),
        },
        Letter {
            key: Some(vec![0xff, 0]),
            headers: (0..20)
                .map(|n| header(&format!("h{n}"), Some(&[n])))
                .chain([header("id", Some(b"event-2"))])
                .collect(),
            payload: Some(b"{}".to_vec()),
        },
    ];
    kafka.publish(&topic, &letters);
    let broker = kafka.open(Access::ReadOnly).await;
    let all = scan(&*broker, query(&topic)).await;
    // Of equal headers the last counts, as Kafka's own clients take it.
    assert_eq!(all.ids(), ["event-0", "event-2", "second"]);
    assert_eq!(
        all.one("event-0").marks,
        Marks::empty(),
        "a tombstone is fine"
    );
    let places = [at(&topic, 0), at(&topic, 1), at(&topic, 2)];
    let copies = broker.copies(&places, 1000).await.expect("they are there");
    for (copy, letter) in copies.iter().zip(&letters) {
        let copy = copy.as_ref().expect("it is there");
        assert_eq!(copy.key, letter.key);
        assert_eq!(copy.headers, letter.headers);
        assert_eq!(copy.payload, letter.payload);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_id_or_no_text_is_marked() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("marks", 1, &[]).await;
    let crooked = vec![0xc3, 0x28];
    let letters = [
        Letter {
            payload: Some(b"no header at all".to_vec()),
            ..Letter::default()
        },
        Letter {
            headers: vec![("id".to_owned(), Some(crooked))],
            ..Letter::default()
        },
        Letter {
            headers: vec![("id".to_owned(), Some(b"".to_vec()))],
            ..Letter::default()
        },
    ];
    kafka.publish(&topic, &letters);
    let broker = kafka.open(Access::ReadOnly).await;
    let all = scan(&*broker, query(&topic)).await;
    let marks: Vec<_> = all.seen.iter().map(|seen| seen.marks).collect();
    assert_eq!(marks, [Marks::NO_ID, Marks::NOT_UTF8, Marks::NO_ID]);
    assert_eq!(all.seen[1].id, "\u{fffd}(");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_megabytes_do_not_stop_a_scan() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("large", 1, &super::LARGE_MESSAGES).await;
    let mut large = Letter::with_id("large");
    large.payload = Some(vec![b' '; LARGE]);
    kafka.publish(
        &topic,
        &[Letter::with_id("before"), large, Letter::with_id("after")],
    );
    let broker = kafka.open(Access::ReadOnly).await;
    let by_header = scan(&*broker, query(&topic)).await;
    assert_eq!(by_header.ids(), ["after", "before", "large"]);
    assert_eq!(by_header.one("large").marks, Marks::empty());

    // An id inside such a body is not looked for.
    let mut by_body = query(&topic);
    by_body.carriers.id = vec![Carrier::Json("/id".to_owned())];
    let by_body = scan(&*broker, by_body).await;
    assert_eq!(by_body.ids(), ["", "after", "before"]);
    assert_eq!(by_body.one("").marks, Marks::NO_ID | Marks::OVERSIZE);

    let copies = broker
        .copies(&[at(&topic, 1)], 4096)
        .await
        .expect("it is there");
    let copy = copies[0].as_ref().expect("it is there");
    assert_eq!(copy.payload_len, LARGE as u64);
    assert_eq!(copy.payload.as_ref().map(Vec::len), Some(4096));
}
