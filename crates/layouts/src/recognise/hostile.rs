//! Tables that look like a library's and are not: hand-made outboxes and business tables.

use super::*;
use crate::FoundColumn;

/// `name: column type, column type, …`, with `!` behind a key's name.
fn table(text: &str) -> FoundTable {
    let (name, columns) = text.split_once(": ").expect("a name and columns");
    let columns = columns.split(", ").map(|column| {
        let (name, sql_type) = column.trim().split_once(' ').expect("a name and a type");
        FoundColumn {
            name: name.trim_end_matches('!').to_owned(),
            sql_type: sql_type.to_owned(),
            nullable: !name.ends_with('!'),
            primary_key: name.ends_with('!'),
        }
    });
    FoundTable {
        schema: "public".to_owned(),
        name: name.to_owned(),
        columns: columns.collect(),
        ..FoundTable::default()
    }
}

/// Somebody's own: recognised by nobody, proposed as what they are.
const HAND_MADE: &[(&str, TableRole)] = &[
    (
        "outbox: no! bigint, event_id uuid, aggregate_type text, aggregate_id text, version bigint, type text, payload jsonb, created_at timestamptz, sent_at timestamptz",
        TableRole::Outbox,
    ),
    (
        "outbox: id! uuid, aggregate_type text, aggregate_id text, type text, payload jsonb, created_at timestamptz, published boolean",
        TableRole::Outbox,
    ),
    (
        "outbox_events: id! uuid, aggregatetype text, aggregateid text, type text, payload jsonb, created_at timestamptz, status text, retry_count integer, last_error text",
        TableRole::Outbox,
    ),
    (
        "outbox_messages: id! uuid, type text, content text, occurred_on timestamp, processed_on timestamp, error text",
        TableRole::Outbox,
    ),
    (
        "OutboxMessages: Id! uuid, EventType text, Payload text, CreatedAt timestamptz, ProcessedAt timestamptz, RetryCount integer",
        TableRole::Outbox,
    ),
    (
        "event_outbox: id! bigint, event_id uuid, topic text, message_key text, payload bytea, created_at timestamptz, published_at timestamptz, attempts integer",
        TableRole::Outbox,
    ),
    (
        "transactional_outbox: id! uuid, destination text, headers jsonb, payload jsonb, created_at timestamptz, processed_at timestamptz, status text",
        TableRole::Outbox,
    ),
    (
        "domain_events: id! bigint, event_id uuid, entity_type text, entity_id text, event_type text, data jsonb, occurred_at timestamptz, published_at timestamptz",
        TableRole::Outbox,
    ),
    (
        "email_outbox: id! bigint, recipient text, subject text, body text, created_at timestamptz, sent_at timestamptz, attempts integer, error text",
        TableRole::Outbox,
    ),
    (
        "outbox: id! uuid, created_at timestamptz, payload jsonb, metadata jsonb, name text, processed_at timestamptz",
        TableRole::Outbox,
    ),
    (
        "inbox: message_id! uuid, handler! text, processed_at timestamptz",
        TableRole::Inbox,
    ),
    (
        "processed_messages: consumer_id! text, message_id! text, processed_at timestamptz",
        TableRole::Inbox,
    ),
    (
        "search_inbox: event_id! uuid, processed_at timestamptz",
        TableRole::Inbox,
    ),
    (
        "received_events: id! bigint, event_id uuid, consumer text, received_at timestamptz, payload jsonb",
        TableRole::Inbox,
    ),
    (
        "idempotency_keys: idempotency_key! text, created_at timestamptz",
        TableRole::Inbox,
    ),
];

/// Business: neither recognised nor proposed.
const BUSINESS: &[&str] = &[
    "orders: id! bigint, customer_id bigint, status text, total numeric, created_at timestamptz, updated_at timestamptz",
    "messages: id! bigint, chat_id bigint, sender_id bigint, body text, created_at timestamptz, delivered_at timestamptz",
    "message: id! uuid, destination text, headers text, payload text, read boolean, creation_date date",
    "events: id! bigint, name text, venue text, starts_at timestamptz, published boolean",
    "jobs: id! bigint, queue text, payload text, attempts integer, reserved_at integer, available_at integer, created_at integer",
    "notifications: id! uuid, type text, notifiable_type text, notifiable_id bigint, data text, read_at timestamp, created_at timestamp",
    "scheduled_tasks: id! bigint, payload jsonb, run_at timestamptz, attempts integer, max_attempts integer, last_error text",
    "published: id! bigint, title text, body text, published_at timestamptz, author text",
    "received: id! bigint, shipment_id bigint, quantity integer, received_at timestamptz",
    "audit_log: id! bigint, actor text, action text, entity text, payload jsonb, at timestamptz",
    "payments: id! uuid, order_id bigint, state text, amount numeric, attempts integer, error text, created_at timestamptz, processed_at timestamptz",
    "readings: offset! bigint, uuid varchar(36), created_at timestamp, payload json, metadata json",
    "report_schedule: id! bigint, type text, status text, payload text, retries integer, next_run timestamptz, rerun_after timestamptz",
    "pages: id! bigint, content text, headers text, endpoint_name text, created timestamptz",
    "locks: key! text, instance text, last_lock_time timestamp",
    "webhook_log: id! bigint, consumed boolean, payload text",
    "failed_imports: message_id! text, failed_at timestamp, payload text, headers text",
    "lessons: id! uuid, type text, content text, occurred_on_utc timestamptz, processed_on_utc timestamptz",
    "surveys: id! uuid, extra_properties text, event_name text, event_data bytea",
    "measurements: id! bigint, created timestamp, processed timestamp, topic text, key text, value bytea, headers jsonb",
    "consumer_groups: consumer_group! text, offset_acked bigint",
    "playlist_positions: id! bigint, stream text, position integer, event_id uuid, created_at timestamp",
    "tickets: id! uuid, type text, payload jsonb, created_at timestamptz, trace_context text",
    "drip_campaigns: id! uuid, created_at timestamptz, scheduled_at timestamptz, payload jsonb, times_attempted integer",
    "commands: command_id! uuid, command_type text, command_body text, timestamp timestamptz",
    "inventory: id! bigint, occurred_on date, type text, data text, processed_date date",
    "event_attendees: event_id! bigint, user_id! bigint, created_at timestamptz",
    "articles: id! bigint, category text, key text, type text, body text, created_at timestamptz, name text",
];

fn explained(text: &str) -> Explanation {
    let table = table(text);
    explain(&table, std::slice::from_ref(&table))
}

#[test]
fn nobody_claims_what_is_hand_made() {
    for (text, role) in HAND_MADE {
        match explained(text).verdict {
            Verdict::HandMade(proposal) => assert_eq!(proposal.role, *role, "{text}"),
            other => panic!("{text}: {other:#?}"),
        }
    }
}

#[test]
fn nobody_claims_business_tables() {
    assert!(BUSINESS.len() + HAND_MADE.len() >= 20);
    for text in BUSINESS {
        let explanation = explained(text);
        assert_eq!(
            explanation.verdict,
            Verdict::Nothing,
            "{text}: {explanation:#?}"
        );
    }
}

/// Beside libraries' tables they are still nobody's.
#[test]
fn good_company_makes_no_claim() {
    let mut all: Vec<FoundTable> = BUSINESS.iter().map(|text| table(text)).collect();
    let cap = crate::layout("cap").expect("it is known");
    for shape in &cap.tables[..2] {
        let columns = shape.columns.iter().map(|column| FoundColumn {
            name: column.name.clone(),
            sql_type: String::new(),
            nullable: true,
            primary_key: false,
        });
        all.push(FoundTable {
            schema: "cap".to_owned(),
            name: shape.names[0].trim_start_matches("cap.").to_owned(),
            columns: columns.collect(),
            ..FoundTable::default()
        });
    }
    let found: Vec<String> = recognise(&all)
        .into_iter()
        .map(|found| found.table)
        .collect();
    assert_eq!(found, ["cap.published", "cap.received"]);
}
