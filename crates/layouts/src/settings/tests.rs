//! What layouts become in a profile, and what they refuse to become.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::{Candidate, Dbms, FoundColumn, FoundTable, Version, explain, layouts};

/// A table of a layout in one of its versions, described as PostgreSQL or else another would.
fn made(id: &str, nth_version: usize) -> FoundTable {
    let shape = layouts()
        .iter()
        .find_map(|layout| layout.table(id))
        .expect("it is known");
    let version: Version = shape.known_versions().remove(nth_version);
    let columns = Dbms::ALL
        .into_iter()
        .map(|dbms| shape.columns_of(&version, dbms))
        .find(|columns| !columns.is_empty())
        .expect("it exists somewhere");
    let default = shape.names.first().map_or("outgoing", String::as_str);
    let name = version.table.as_deref().unwrap_or(default);
    let (schema, name) = name.split_once('.').unwrap_or(("public", name));
    FoundTable {
        schema: schema.to_owned(),
        name: name.replace('*', "orders"),
        columns: columns
            .into_iter()
            .map(|(name, column)| FoundColumn {
                name,
                sql_type: String::new(),
                nullable: column.null,
                primary_key: column.key,
            })
            .collect(),
        ..FoundTable::default()
    }
}

fn candidate(table: &FoundTable) -> Candidate {
    let explanation = explain(table, std::slice::from_ref(table));
    explanation.recognised().cloned().expect("it is recognised")
}

fn check_outbox(id: &str, nth_version: usize, expected: Expect) {
    let table = made(id, nth_version);
    let text = match candidate(&table).outbox_settings(&table) {
        Ok(mapped) => {
            let limits: String = mapped.limits.iter().fold(String::new(), |mut text, limit| {
                writeln!(text, "# {limit}").expect("a String takes everything");
                text
            });
            let settings = toml::to_string(&mapped.settings).expect("it can be written");
            format!("{settings}{limits}")
        }
        Err(Unmappable(why)) => format!("no: {why}\n"),
    };
    expected.assert_eq(&text);
}

#[test]
fn real_spellings_are_used() {
    check_outbox(
        "masstransit-outbox-message",
        2,
        expect![[r#"
        table = "public.outbox_message"
        key = "sequence_number"
        id = "message_id"
        aggregate-id = "correlation_id"
        type = "message_type"
        payload = "body"
        headers = "headers"
        created-at = "sent_time"
        due-at = "enqueue_time"
        deletes-after-send = true
        # A batch is sent as a whole, and another row says so.
        # OutboxState.LastSequenceNumber says how far the batch was sent. MessageType lists all types of the message, the first is its own.
        # The payload is an envelope; the body itself is at /message.
    "#]],
    );
    check_outbox(
        "brighter-outbox",
        1,
        expect![[r#"
        table = "public.outbox"
        key = "messageid"
        id = "messageid"
        aggregate-id = "partitionkey"
        type = "type"
        payload = "body"
        headers = "headerbag"
        created-at = "timestamp"
        zone = "UTC"
        sent-at = "dispatched"
        deletes-after-send = false
    "#]],
    );
}

#[test]
fn what_a_version_lacks_is_left_out() {
    check_outbox(
        "spring-modulith-v1",
        0,
        expect![[r#"
        table = "public.event_publication"
        key = "id"
        id = "id"
        type = "event_type"
        payload = "serialized_event"
        created-at = "publication_date"
        sent-at = "completion_date"
        deletes-after-send = false

        [where]
        listener_id = "org.springframework.modulith.events.support.DelegatingEventExternalizer*"
        # There is a row per listener, so one event has several.
        # The row of the externalising listener says published; the other rows say consumed by a listener inside the service.
    "#]],
    );
    check_outbox(
        "brighter-outbox",
        5,
        expect![[r#"
        table = "public.Outbox"
        key = "MessageId"
        id = "MessageId"
        type = "Topic"
        payload = "Body"
        headers = "HeaderBag"
        created-at = "Timestamp"
        zone = "UTC"
        deletes-after-send = false
        # It has no column Dispatched: nothing in a row says whether it was sent.
    "#]],
    );
}

#[test]
fn what_a_profile_cannot_say_is_said_beside_it() {
    check_outbox(
        "cap-published",
        0,
        expect![[r#"
            table = "cap.published"
            key = "Id"
            id = "Id"
            type = "Name"
            payload = "Content"
            created-at = "Added"
            due-at = "ExpiresAt"
            due-states = ["Delayed", "Scheduled", "Queued"]
            status = "StatusName"
            sent-states = ["Succeeded"]
            failed-states = ["Failed"]
            attempts = "Retries"
            deletes-after-send = false
            # Column Content holds the headers inside of its JSON, at /Headers, and a profile names whole columns: left out.
            # Column Content holds the error inside of its JSON, at /Headers/cap-exception, and a profile names whole columns: left out.
            # Added is the application's local time: zone says how far that is from UTC.
            # The payload is an envelope; the body itself is at /Value.
        "#]],
    );
    check_outbox(
        "watermill-pg",
        0,
        expect![[r#"
        table = "public.watermill_orders"
        key = "offset"
        id = "uuid"
        payload = "payload"
        headers = "metadata"
        created-at = "created_at"
        zone = "UTC"
        deletes-after-send = false
        # Another table says up to which row was read, which a profile cannot name: what was published is judged by the broker.
        # A group has read a row when (transaction_id, offset) is not above its (last_processed_transaction_id, offset_acked).
        # The payload is an envelope; the body itself is at /payload.
        # With the forwarder only: destination_topic, uuid, payload, metadata.
    "#]],
    );
    check_outbox(
        "debezium-outbox",
        1,
        expect![[r#"
        table = "public.outboxevent"
        key = "id"
        id = "id"
        aggregate-type = "aggregatetype"
        aggregate-id = "aggregateid"
        type = "type"
        payload = "payload"
        created-at = "timestamp"
        zone = "UTC"
        deletes-after-send = true
        # It is read from the database's log: what was published is judged by the broker.
        # Nothing in the table tells what was published. The header id on the topic does; the replication slot's position suggests it.
    "#]],
    );
}

/// A row without a time is of the time of its message.
#[test]
fn what_carries_no_time_is_an_outbox_all_the_same() {
    for id in [
        "rebus-outbox",
        "wolverine-outgoing",
        "debezium-outbox",
        "eventsauce",
    ] {
        let table = made(id, 0);
        let mapped = candidate(&table)
            .outbox_settings(&table)
            .expect("it can be mapped");
        assert_eq!(mapped.settings.created_at, None, "{id}");
        assert_eq!(mapped.settings.zone, None, "{id}");
        let limit = "No column says when a row was written";
        let mut limits = mapped.limits.iter();
        assert!(limits.any(|it| it.starts_with(limit)), "{id}");
    }
}

#[test]
fn what_a_profile_cannot_hold_is_refused_with_the_reason() {
    check_outbox(
        "nservicebus-sql-outbox",
        0,
        expect![[r#"
        no: A row holds several messages, and their ids are inside of it.
    "#]],
    );
    check_outbox(
        "cap-received",
        0,
        expect![[r#"
        no: received sends nothing.
    "#]],
    );
}

/// Rows that were sent and are still there say that the library is set to keep them.
#[test]
fn kept_rows_show_that_rows_are_kept() {
    let mut table = made("outboxer", 0);
    let deletes = |table: &FoundTable| {
        let mapped = candidate(table)
            .outbox_settings(table)
            .expect("it can be mapped");
        mapped.settings.deletes_after_send
    };
    assert!(deletes(&table));
    let mut row = vec![None; table.columns.len()];
    let status = table
        .columns
        .iter()
        .position(|column| column.name == "status");
    row[status.expect("it has one")] = Some("published".to_owned());
    table.rows.push(row);
    assert!(!deletes(&table));
    assert!(
        !deletes(&made("namastack", 0)),
        "it keeps them unless told otherwise"
    );
}

#[test]
fn an_inbox_belongs_to_a_consumer() {
    let table = made("masstransit-inbox-state", 2);
    let mapped = candidate(&table)
        .inbox_settings(&table, Some("abc"))
        .expect("it can be mapped");
    let inbox = mapped.settings;
    assert_eq!(
        (
            inbox.table.as_str(),
            inbox.id.as_str(),
            inbox.processed_at.as_str()
        ),
        ("public.inbox_state", "message_id", "consumed")
    );
    assert_eq!(inbox.consumer_column.as_deref(), Some("consumer_id"));
    assert_eq!(inbox.consumer_value.as_deref(), Some("abc"));
}

/// What a layout says of its inbox, in the words of a profile, for its last version.
fn inbox_in_words(id: &str) -> String {
    let shape = layouts().iter().flat_map(|layout| &layout.tables);
    let shape = shape.filter(|shape| shape.id == id);
    let nth = shape
        .map(|shape| shape.known_versions().len())
        .sum::<usize>()
        - 1;
    let mut table = made(id, nth);
    let candidate = candidate(&table);
    if let Some(named) = candidate.table.name_roles.first() {
        table.name = named.name.replace('*', "orders");
    }
    let explained = explain(&table, std::slice::from_ref(&table));
    let first = explained.recognised().expect("it is recognised");
    let inbox = first
        .inbox_settings(&table, None)
        .expect("it can be mapped");
    let inbox = inbox.settings;
    let states = match &inbox.status {
        Some(status) => format!(
            "{status}: {} processed, {} failed",
            inbox.processed_states.join(" "),
            inbox.failed_states.join(" "),
        ),
        None => format!("{} filled", inbox.processed_at),
    };
    let failed = inbox
        .failed_at
        .map_or_else(String::new, |at| format!(", failed once {at} is filled"));
    let kept = inbox
        .kept_secs
        .map_or_else(String::new, |secs| format!(", kept {secs} s"));
    let key = inbox.key.unwrap_or_else(|| "-".to_owned());
    format!(
        "{id}: {key}, {}, {}; {states}{failed}{kept}",
        inbox.id, inbox.processed_at
    )
}

#[test]
fn an_inbox_says_which_of_its_rows_are_processed() {
    let ids = [
        "abp-inbox",
        "brighter-inbox",
        "cap-received",
        "django-outbox-pattern-received",
        "ecotone-deduplication",
        "eventuate-tram-received",
        "kgrzybek-outbox",
        "masstransit-inbox-state",
        "nservicebus-nhibernate-outbox",
        "nservicebus-sql-outbox",
        "occurred-on-utc-outbox",
        "pg-transactional-outbox",
        "sbmt-outbox",
        "wolverine-incoming",
    ];
    let mut known: Vec<&str> = layouts()
        .iter()
        .flat_map(|layout| &layout.tables)
        .filter(|shape| shape.inbox.is_some())
        .map(|shape| shape.id.as_str())
        .collect();
    known.sort_unstable();
    assert_eq!(known, ids, "every inbox is asked");
    let all: Vec<String> = ids.iter().map(|id| inbox_in_words(id)).collect();
    expect![[r#"
        abp-inbox: Id, MessageId, ProcessedTime; ProcessedTime filled
        brighter-inbox: -, commandid, timestamp; timestamp filled
        cap-received: Id, Content#/Headers/cap-msg-id, Added; StatusName: Succeeded processed, Failed failed, kept 86400 s
        django-outbox-pattern-received: id, msg_id, added; status: 2 processed, -1 failed, kept 2592000 s
        ecotone-deduplication: -, message_id, handled_at; handled_at filled, kept 604800 s
        eventuate-tram-received: -, message_id, creation_time; creation_time filled
        kgrzybek-outbox: -, Id, ProcessedDate; ProcessedDate filled
        masstransit-inbox-state: id, message_id, consumed; consumed filled, kept 1800 s
        nservicebus-nhibernate-outbox: Id, MessageId, DispatchedAt; DispatchedAt filled
        nservicebus-sql-outbox: -, MessageId, DispatchedAt; DispatchedAt filled, kept 604800 s
        occurred-on-utc-outbox: -, id, processedonutc; processedonutc filled, failed once error is filled
        pg-transactional-outbox: -, id, processed_at; processed_at filled, failed once abandoned_at is filled
        sbmt-outbox: id, uuid, processed_at; status: 2 processed, 1 3 failed
        wolverine-incoming: -, id, keep_until; status: Handled processed,  failed, kept 0 s"#]].assert_eq(&all.join("\n"));
}

/// Of every table that sends, either settings or a reason.
#[test]
fn every_table_can_be_mapped_or_says_why_not() {
    let mut refused = Vec::new();
    for shape in layouts().iter().flat_map(|layout| &layout.tables) {
        if shape.published.is_none() {
            continue;
        }
        for nth in 0..shape.known_versions().len() {
            let table = made(&shape.id, nth);
            if let Err(Unmappable(why)) = candidate(&table).outbox_settings(&table) {
                refused.push(format!("{}: {why}", shape.id));
            }
        }
    }
    refused.dedup();
    expect![[r#"
        nservicebus-sql-outbox: A row holds several messages, and their ids are inside of it.
        nservicebus-nhibernate-outbox: A row holds several messages, and their ids are inside of it."#]].assert_eq(&refused.join("\n"));
}
