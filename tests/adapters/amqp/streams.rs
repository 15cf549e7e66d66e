//! Streams: read by offset, as often as one likes.

use futures::StreamExt as _;
use lapin::options::{BasicConsumeOptions, BasicRejectOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Confirmation};
use serde_json::json;
use waybill_model::{Access, Coordinate, GapReason, Marks, Window};
use waybill_source::{CopyQuery, CopyRole, Cursor, Error};

use super::raw;
use super::stage::{Stage, Yield, depth, drain, event, headers, now, open, query, scan, until};

#[tokio::test]
async fn a_stream_read_twice_gives_the_same_and_nothing_moves() {
    let stage = Stage::new("stream-twice").await;
    stage.publish_events(0..300).await;
    let counters = async || {
        let queue = depth(&stage.vhost, "search", 300).await;
        let stream = depth(&stage.vhost, "audit", 300).await;
        let stats = &queue["message_stats"];
        format!(
            "{} {} {} {} {} {} {} in the stream",
            queue["messages_ready"],
            queue["messages_unacknowledged"],
            stats["redeliver"],
            stats["get"],
            stats["get_no_ack"],
            stats["deliver_get"],
            stream["messages"],
        )
    };
    let before = counters().await;
    let broker = stage.open(Access::ReadOnly).await;
    let first = scan(&broker, query(CopyRole::Destination, "audit")).await;
    let second = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(first.seen, second.seen);
    let expected: Vec<_> = (0..300).map(|id| format!("event-{id:05}")).collect();
    assert_eq!(first.ids(), expected);
    assert_eq!(first.coverage().positions, Some((0, 300)));
    assert_eq!(counters().await, before);
}

#[tokio::test]
async fn an_empty_stream_ends_and_proves_only_what_comes_after_it_was_seen() {
    let stage = Stage::new("stream-empty").await;
    let broker = stage.open(Access::ReadOnly).await;
    let first = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(first.seen, []);
    // It may have been made a second ago.
    assert_eq!(first.coverage().gaps[0].reason, GapReason::TapClosed);
    let between = now();
    assert!(
        !first
            .coverage()
            .proves_absence_at(between.plus(-60_000_000))
    );
    let resumed = CopyQuery {
        after: first.resume,
        ..query(CopyRole::Destination, "audit")
    };
    let second = scan(&broker, resumed).await;
    assert!(second.coverage().proves_absence_at(between), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_never_at_rest_is_covered_all_the_same() {
    let stage = Stage::new("stream-busy").await;
    let broker = stage.open(Access::ReadOnly).await;
    let mut stream = broker.follow(query(CopyRole::Destination, "audit"));
    let mut all = Yield::default();
    until(&mut stream, &mut all, |all| all.covered.is_some()).await;
    let begun = now();
    let publish = |id: usize| stage.publish_events(id..id + 1);
    let busy = futures::stream::iter(0..).map(publish).buffer_unordered(20);
    let covered = until(&mut stream, &mut all, |all| {
        all.coverage().window.to > begun.plus(3_000_000)
    });
    tokio::select! {
        () = busy.collect::<()>() => panic!("it publishes for ever"),
        () = covered => {}
    }
    let behind = now().since(all.coverage().window.to);
    assert!(
        all.seen.len() > 1000,
        "{} messages are no pause",
        all.seen.len()
    );
    assert!(behind < 10_000_000, "{behind} microseconds behind");
}

#[tokio::test]
async fn time_before_the_first_message_is_not_covered() {
    let stage = Stage::new("stream-young").await;
    let properties =
        event(1).with_timestamp(u64::try_from(now().0 / 1_000_000 - 600).expect("a time"));
    stage
        .publisher
        .publish("products", "product.created", properties, b"{}")
        .await;
    let broker = stage.open(Access::ReadOnly).await;
    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    let coverage = all.coverage();
    assert_eq!(coverage.gaps[0].reason, GapReason::TapClosed);
    assert!(
        !coverage.proves_absence_at(now().plus(-900_000_000)),
        "{coverage:?}"
    );
    assert!(
        coverage.proves_absence_at(now().plus(-300_000_000)),
        "{coverage:?}"
    );
}

#[tokio::test]
async fn what_retention_removed_is_a_gap() {
    let stage = Stage::new("stream-retention").await;
    let limits = json!({"x-max-length-bytes": 300_000, "x-stream-max-segment-size-bytes": 100_000});
    stage.vhost.queue("short", "stream", limits);
    stage.vhost.bind("products", "short", "short");
    for id in 0..40 {
        stage
            .publisher
            .publish("products", "short", event(id), &[b'x'; 50_000])
            .await;
    }
    let broker = stage.open(Access::ReadOnly).await;
    let all = scan(&broker, query(CopyRole::Destination, "short")).await;
    let (first, next) = all.coverage().positions.expect("a stream has positions");
    assert!(first > 0 && next >= 40, "{first} {next}");
    assert!(!all.seen.is_empty() && all.seen.len() < 40);
    assert_eq!(all.coverage().gaps[0].reason, GapReason::Retention);
    // A cursor from before knows what it missed.
    let late = CopyQuery {
        after: Some(Cursor(format!("0@{}", now().0 - 60_000_000))),
        ..query(CopyRole::Destination, "short")
    };
    let late = scan(&broker, late).await;
    assert_eq!(late.coverage().gaps[0].reason, GapReason::Retention);
}

#[tokio::test]
async fn a_cursor_of_a_stream_that_was_made_anew_reads_it_all() {
    let stage = Stage::new("stream-anew").await;
    stage.publish_events(0..5).await;
    let broker = stage.open(Access::ReadOnly).await;
    let stale = CopyQuery {
        after: Some(Cursor(format!("5000@{}", now().0))),
        ..query(CopyRole::Destination, "audit")
    };
    let all = scan(&broker, stale).await;
    assert_eq!(all.seen.len(), 5);
    assert_eq!(all.coverage().positions, Some((0, 5)));
}

#[tokio::test]
async fn a_window_behind_everything_ends_although_nothing_comes() {
    let stage = Stage::new("stream-long").await;
    let mut sending = Vec::new();
    for id in 0..25_000 {
        sending.push(
            stage
                .publisher
                .publish("products", "product.created", event(id), b""),
        );
        if sending.len() == 1000 {
            futures::future::join_all(sending.drain(..)).await;
        }
    }
    let broker = stage.open(Access::ReadOnly).await;
    let whole = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(whole.seen.len(), 25_000);
    let later = CopyQuery {
        window: Window {
            from: now().plus(3_600_000_000),
            to: now().plus(7_200_000_000),
        },
        ..query(CopyRole::Destination, "audit")
    };
    let later = scan(&broker, later).await;
    assert!(
        later.seen.len() < 25_000,
        "only the end of the stream was read"
    );
    assert_eq!(
        later.coverage().positions.map(|(_, next)| next),
        Some(25_000)
    );
}

#[tokio::test]
async fn odd_messages_are_shown_with_their_marks() {
    let stage = Stage::new("stream-odd").await;
    let broken_header = headers(&[("id", AMQPValue::LongString(vec![b'a', 0xff].into()))]);
    let timed =
        || BasicProperties::default().with_timestamp(event(0).timestamp().unwrap_or_default());
    for (properties, body) in [
        (timed(), &b"no id"[..]),
        (timed().with_headers(broken_header), &[0xff, 0xfe]),
        (
            BasicProperties::default().with_message_id("no time".into()),
            b"",
        ),
    ] {
        stage
            .publisher
            .publish("products", "product.odd", properties, body)
            .await;
    }
    let broker = stage.open(Access::ReadOnly).await;
    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    let seen: Vec<_> = all
        .seen
        .iter()
        .map(|seen| (seen.id.as_str(), seen.marks))
        .collect();
    assert_eq!(
        seen,
        [
            ("", Marks::NO_ID),
            ("a\u{fffd}", Marks::NOT_UTF8),
            ("no time", Marks::NO_TIME)
        ]
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_parsed_is_marked_and_the_rest_is_read() {
    let stage = Stage::new("stream-unparsable").await;
    stage.publish_events(0..3).await;
    raw::publish_with_broken_message_id(&stage.vhost, "products", "product.created").await;
    stage.publish_events(3..6).await;
    let broker = stage.open(Access::ReadOnly).await;
    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    let broken = Marks::NO_ID | Marks::NOT_UTF8 | Marks::MALFORMED | Marks::NO_TIME;
    let mut seen: Vec<_> = all
        .seen
        .iter()
        .map(|seen| (seen.position, seen.marks))
        .collect();
    seen.sort_by_key(|(offset, _)| *offset);
    assert_eq!(
        seen,
        (0..7)
            .map(|offset| (offset, if offset == 3 { broken } else { Marks::empty() }))
            .collect::<Vec<_>>()
    );
    assert_eq!(all.coverage().positions, Some((0, 7)));
}

#[tokio::test]
async fn a_stream_that_begins_and_ends_unparsable_is_read_too() {
    let stage = Stage::new("stream-unparsable-ends").await;
    raw::publish_with_broken_message_id(&stage.vhost, "products", "product.created").await;
    stage.publish_events(0..2).await;
    raw::publish_with_broken_message_id(&stage.vhost, "products", "product.created").await;
    let broker = stage.open(Access::ReadOnly).await;
    let mut all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    all.seen.sort_by_key(|seen| seen.position);
    assert_eq!(all.ids(), ["", "event-00000", "event-00001", ""]);
}

#[tokio::test]
async fn twenty_megabytes_are_read_and_fetched_by_their_head() {
    let stage = Stage::new("stream-large").await;
    let body = vec![b'x'; 20 * 1024 * 1024];
    let sent = stage
        .publisher
        .publish("products", "product.created", event(1), &body);
    assert_eq!(sent.await, Confirmation::Ack(None));
    stage.publish_events(2..4).await;
    let broker = stage.open(Access::ReadOnly).await;
    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(all.ids(), ["event-00001", "event-00002", "event-00003"]);
    let at = |offset| Coordinate::StreamEntry {
        stream: "audit".to_owned(),
        offset,
    };
    let passing = Coordinate::Passing {
        exchange: "products".to_owned(),
        nth: 1,
    };
    let copies = broker.copies(&[at(2), passing, at(0), at(99)], 1000).await;
    let copies = copies.expect("copies can be fetched");
    let lens: Vec<_> = copies
        .iter()
        .map(|copy| {
            copy.as_ref()
                .map(|copy| (copy.payload.as_ref().map(Vec::len), copy.payload_len))
        })
        .collect();
    assert_eq!(
        lens,
        [
            Some((Some(2), 2)),
            None,
            Some((Some(1000), 20 * 1024 * 1024)),
            None
        ]
    );
}

#[tokio::test]
async fn dead_letters_say_whose_they_are() {
    let stage = Stage::new("stream-dead").await;
    stage.vhost.exchange("dead", "fanout", json!({}));
    stage.vhost.queue("graveyard", "stream", json!({}));
    stage.vhost.bind("dead", "", "graveyard");
    let failed_at = AMQPValue::LongString("inventory".into());
    let properties = event(7).with_headers(headers(&[("x-first-death-queue", failed_at)]));
    stage
        .publisher
        .publish("dead", "product.created", properties, b"{}")
        .await;

    let broker = stage.open(Access::ReadOnly).await;
    let mut query = query(CopyRole::DeadLetters, "graveyard");
    query.carriers.kind = vec!["header:x-death.queue".parse().expect("a carrier")];
    let all = scan(&broker, query).await;
    assert_eq!(all.ids(), ["event-00007"]);
    assert_eq!(all.seen[0].kind, "inventory");
    assert_eq!(all.seen[0].aggregate, "product.created");
    let coverage = all.coverage();
    assert!(
        coverage.proves_absence_at(coverage.window.to.plus(-1)),
        "{coverage:?}"
    );
}

#[tokio::test]
async fn dead_letters_that_old_brokers_throw_away_are_a_gap() {
    let stage = Stage::new("stream-dead-old").await;
    stage.vhost.exchange("dead", "fanout", json!({}));
    stage.vhost.queue("graveyard", "stream", json!({}));
    stage.vhost.bind("dead", "", "graveyard");
    stage.vhost.queue(
        "inventory",
        "classic",
        json!({"x-dead-letter-exchange": "dead"}),
    );
    stage.vhost.bind("products", "product.#", "inventory");
    stage.publish_events(7..8).await;
    let channel = stage
        .publisher
        .connection
        .create_channel()
        .await
        .expect("a channel");
    let mut consumer = channel
        .basic_consume(
            "inventory".into(),
            "".into(),
            BasicConsumeOptions::default(),
            headers(&[]),
        )
        .await
        .expect("it consumes");
    let poison = futures::StreamExt::next(&mut consumer)
        .await
        .expect("a message")
        .expect("whole");
    poison
        .reject(BasicRejectOptions::default())
        .await
        .expect("rejected");

    let broker = stage.open(Access::ReadOnly).await;
    let version = broker.server().await.expect("it answers").version;
    let all = scan(&broker, query(CopyRole::DeadLetters, "graveyard")).await;
    let thrown_away = |reason: &GapReason| matches!(reason, GapReason::NotReadable(why) if why.contains("'inventory'"));
    let told = all
        .coverage()
        .gaps
        .iter()
        .any(|gap| thrown_away(&gap.reason));
    let old = ["3.9.", "3.10.", "3.11."]
        .iter()
        .any(|old| version.starts_with(old));
    assert_eq!(told, old, "{version}: {:?}", all.coverage());
    assert_eq!(all.seen.is_empty(), old, "{version}: {all:?}");
}

#[tokio::test]
async fn a_queue_that_is_no_stream_is_not_touched() {
    let stage = Stage::new("stream-not").await;
    stage.vhost.queue("quorum", "quorum", json!({}));
    stage.vhost.bind("products", "product.#", "quorum");
    stage.publish_events(0..5).await;
    depth(&stage.vhost, "search", 5).await;
    let mut without_management = stage.target(Access::ReadOnly);
    without_management.management_url = None;
    let blind = open(&without_management).await.expect("it opens");
    for broker in [stage.open(Access::ReadOnly).await, blind] {
        for queue in ["search", "quorum"] {
            for stream in [
                broker.scan(query(CopyRole::Destination, queue)),
                broker.follow(query(CopyRole::Destination, queue)),
            ] {
                let error = drain(stream).await.error.expect("it is refused");
                assert!(matches!(error, Error::WouldDisturb { .. }), "{error:?}");
                assert!(error.to_string().contains("x-queue-type=stream"), "{error}");
            }
        }
    }
    let state = depth(&stage.vhost, "search", 5).await;
    assert!(state["message_stats"]["redeliver"].is_null(), "{state}");
    assert!(state["message_stats"]["deliver_get"].is_null(), "{state}");
}

#[tokio::test]
async fn a_misspelt_stream_is_named_with_what_was_meant() {
    let stage = Stage::new("stream-misspelt").await;
    let broker = stage.open(Access::ReadOnly).await;
    let error = drain(broker.scan(query(CopyRole::Destination, "adit")))
        .await
        .error;
    let text = error.expect("there is no such stream").to_string();
    assert!(
        text.contains("no stream 'adit'") && text.contains("did you mean 'audit'?"),
        "{text}"
    );
    let mut without_management = stage.target(Access::ReadOnly);
    without_management.management_url = None;
    let blind = open(&without_management).await.expect("it opens");
    let error = drain(blind.scan(query(CopyRole::Destination, "adit")))
        .await
        .error;
    assert!(matches!(error, Some(Error::NotFound { .. })), "{error:?}");
}
