//! What is proposed for tables people made themselves.

use expect_test::{Expect, expect};

use super::*;
use crate::canon;
use crate::{FoundColumn, FoundTable};

fn table(name: &str, columns: &[(&str, &str)]) -> FoundTable {
    let columns = columns
        .iter()
        .enumerate()
        .map(|(nth, (name, sql_type))| FoundColumn {
            name: (*name).to_owned(),
            sql_type: (*sql_type).to_owned(),
            nullable: nth > 0,
            primary_key: nth == 0,
        });
    FoundTable {
        name: name.to_owned(),
        columns: columns.collect(),
        ..FoundTable::default()
    }
}

fn roles(proposal: &Proposal) -> Vec<(Role, &str)> {
    let guesses = proposal.guesses.iter();
    guesses
        .map(|guess| (guess.role, guess.column.as_str()))
        .collect()
}

#[test]
fn columns_get_their_roles() {
    let table = table(
        "shop_outbox",
        &[
            ("no", "bigint"),
            ("EventId", "uuid"),
            ("AggregateType", "text"),
            ("AggregateId", "text"),
            ("Version", "bigint"),
            ("Type", "text"),
            ("Payload", "jsonb"),
            ("CreatedAt", "timestamptz"),
            ("SentAt", "timestamptz"),
            ("Attempts", "integer"),
            ("LastError", "text"),
        ],
    );
    let proposal = propose(&table).expect("it is an outbox");
    assert_eq!(
        roles(&proposal),
        [
            (Role::AggregateType, "AggregateType"),
            (Role::AggregateId, "AggregateId"),
            (Role::Id, "EventId"),
            (Role::Version, "Version"),
            (Role::Type, "Type"),
            (Role::Payload, "Payload"),
            (Role::CreatedAt, "CreatedAt"),
            (Role::SentAt, "SentAt"),
            (Role::Attempts, "Attempts"),
            (Role::Error, "LastError"),
        ]
    );
    assert_eq!(proposal.confidence, Confidence::Likely);
    assert_eq!(proposal.questions, []);
    let mapped = proposal.outbox_settings(&table).expect("it can be mapped");
    assert_eq!(
        (mapped.settings.key.as_str(), mapped.settings.id.as_str()),
        ("no", "EventId")
    );
    assert!(!mapped.settings.deletes_after_send);
}

fn with_status(sql_type: &str, values: &[&str]) -> FoundTable {
    let mut table = table(
        "outbox",
        &[
            ("id", "uuid"),
            ("aggregate_id", "text"),
            ("type", "text"),
            ("payload", "text"),
            ("created_at", "timestamptz"),
            ("status", sql_type),
        ],
    );
    let row = |status: &&str| {
        let values = ["1", "4711", "T", "{}", "now", status];
        values.map(|value| Some(value.to_owned())).to_vec()
    };
    table.rows = values.iter().map(row).collect();
    table
}

#[test]
fn words_of_a_status_are_understood_and_numbers_are_asked() {
    let proposal = propose(&with_status("text", &["PENDING", "SENT", "FAILED", "SENT"]));
    let proposal = proposal.expect("it is an outbox");
    assert_eq!(proposal.sent_states, ["SENT"]);
    assert_eq!(proposal.failed_states[0], "FAILED");
    assert_eq!(proposal.questions, []);

    let proposal = propose(&with_status("integer", &["0", "1"])).expect("it is an outbox");
    assert!(proposal.sent_states.is_empty());
    assert_eq!(proposal.questions.len(), 1);
    assert_eq!(proposal.questions[0].choices, ["0", "1"]);

    let proposal = propose(&with_status("text", &["sent", "parked"])).expect("it is an outbox");
    assert_eq!(proposal.questions.len(), 1, "nobody knows what parked is");
    let settings = proposal.outbox_settings(&with_status("text", &["sent", "parked"]));
    assert_eq!(settings.expect("it can be mapped").limits.len(), 1);
}

#[test]
fn two_columns_for_one_role_are_asked_about() {
    let table = table(
        "outbox",
        &[
            ("id", "bigint"),
            ("event_id", "uuid"),
            ("event_type", "text"),
            ("event_name", "text"),
            ("topic", "text"),
            ("payload", "text"),
            ("created_at", "timestamptz"),
            ("published_at", "timestamptz"),
        ],
    );
    let proposal = propose(&table).expect("it is an outbox");
    let asked: Vec<(Role, Vec<String>)> = proposal
        .questions
        .iter()
        .map(|question| (question.role, question.choices.clone()))
        .collect();
    let choices = vec!["event_type".to_owned(), "event_name".to_owned()];
    assert_eq!(asked, [(Role::Type, choices)]);
    let destination = proposal
        .guesses
        .iter()
        .find(|guess| guess.role == Role::Destination);
    assert_eq!(
        destination.map(|guess| guess.column.as_str()),
        Some("topic")
    );
}

#[test]
fn a_table_without_any_state_is_asked_how_it_sends() {
    let table = table(
        "outbox",
        &[
            ("id", "uuid"),
            ("type", "text"),
            ("payload", "text"),
            ("created_at", "timestamptz"),
        ],
    );
    let proposal = propose(&table).expect("it is an outbox");
    assert_eq!(proposal.questions.len(), 1);
    let mapped = proposal.outbox_settings(&table).expect("it can be mapped");
    assert!(
        mapped.settings.deletes_after_send,
        "until somebody says otherwise"
    );
}

/// Which rows of an inbox are processed, or why it cannot be told.
fn processed(columns: &[(&str, &str)], rows: &[&str]) -> String {
    let mut table = table("order_inbox", columns);
    for column in &mut table.columns {
        column.nullable = ["processed_at", "failed_at"].contains(&column.name.as_str());
    }
    let status = table.columns.iter().position(|it| it.name == "status");
    for value in rows {
        let mut row = vec![None; table.columns.len()];
        row[status.expect("it has one")] = Some((*value).to_owned());
        table.rows.push(row);
    }
    let proposal = propose(&table).expect("it is an inbox");
    let asked = proposal
        .questions
        .iter()
        .any(|it| matches!(it.role, Role::Status | Role::ProcessedAt));
    match proposal.inbox_settings(&table, None) {
        Ok(mapped) => {
            let inbox = mapped.settings;
            let status = inbox.status.unwrap_or_else(|| "-".to_owned());
            let (done, mut failed) = (inbox.processed_states, inbox.failed_states);
            // What was seen stands first.
            failed.truncate(1);
            let failed_at = inbox.failed_at;
            format!(
                "{}, {status} {done:?} {failed:?} {failed_at:?}, asked {asked}",
                inbox.processed_at
            )
        }
        Err(why) => format!("{why} asked {asked}"),
    }
}

#[test]
fn an_inbox_with_a_state_never_counts_every_row_as_processed() {
    let received = ("received_at", "timestamptz");
    let id = ("message_id", "uuid");
    let check = |columns: &[(&str, &str)], rows: &[&str], expected: Expect| {
        expected.assert_eq(&processed(columns, rows));
    };
    check(
        &[id, received],
        &[],
        expect!["received_at, - [] [] None, asked true"],
    );
    let status = ("status", "text");
    let words = ["PENDING", "PROCESSED", "FAILED"];
    check(
        &[id, received, status],
        &words,
        expect![[r#"received_at, status ["PROCESSED"] ["FAILED"] None, asked false"#]],
    );
    check(
        &[id, received, status],
        &["PENDING"],
        expect![
            "Column status says which rows of order_inbox are processed, and its values do not say which of them mean that: name the table yourself, with status and processed-states. asked true"
        ],
    );
    check(
        &[id, received, ("status", "integer")],
        &["0", "1"],
        expect![
            "Column status says which rows of order_inbox are processed, and its values do not say which of them mean that: name the table yourself, with status and processed-states. asked true"
        ],
    );
    let at = ("processed_at", "timestamptz");
    check(
        &[id, at, ("status", "integer")],
        &["0", "1"],
        expect!["processed_at, - [] [] None, asked true"],
    );
    check(
        &[id, received, ("processed", "boolean")],
        &[],
        expect![[r#"received_at, processed ["true", "1"] [] None, asked false"#]],
    );
    check(
        &[id, at, ("failed_at", "timestamptz")],
        &[],
        expect![[r#"processed_at, - [] [] Some("failed_at"), asked false"#]],
    );
}

#[test]
fn an_inbox_says_whose_row_it_is() {
    let table = table(
        "processed_events",
        &[
            ("event_id", "uuid"),
            ("consumer", "text"),
            ("processed_at", "timestamptz"),
        ],
    );
    let proposal = propose(&table).expect("it is an inbox");
    assert_eq!(proposal.role, TableRole::Inbox);
    let mapped = proposal
        .inbox_settings(&table, Some("search"))
        .expect("it can be mapped");
    assert_eq!(mapped.settings.consumer_column.as_deref(), Some("consumer"));
    assert_eq!(mapped.settings.consumer_value.as_deref(), Some("search"));
    assert!(proposal.outbox_settings(&table).is_err());
}

/// Failures are rare, so that none is among a few rows says nothing.
#[test]
fn words_for_failures_are_known_before_one_is_seen() {
    let failed = |sql_type: &str, values: &[&str]| {
        let table = with_status(sql_type, values);
        let proposal = propose(&table).expect("it is an outbox");
        let mapped = proposal.outbox_settings(&table).expect("it can be mapped");
        let states = mapped.settings.failed_states;
        (mapped.settings.status.is_some(), states)
    };
    let (is_named, words) = failed("text", &["PENDING", "SENT"]);
    assert!(is_named);
    for word in ["failed", "dead_letter", "permanently_failed", "poison"] {
        assert!(words.iter().any(|it| it == word), "{word}: {words:?}");
    }
    let (_, words) = failed("text", &["SENT", "DEAD-LETTER"]);
    let spelled = words.iter().filter(|it| canon(it) == "deadletter");
    assert_eq!(spelled.collect::<Vec<_>>(), ["DEAD-LETTER"]);
    assert_eq!(failed("integer", &["0", "1"]), (false, Vec::new()));
    assert_eq!(failed("text", &["0", "1"]), (false, Vec::new()));
    // Rows that say that they wait are told to, whatever will be said of those that are sent; an
    // unknown word may mean anything.
    assert!(failed("text", &["PENDING"]).0);
    assert_eq!(failed("text", &["X"]), (false, Vec::new()));
}

#[test]
fn a_row_is_given_up_by_a_column_of_its_own() {
    let given_up = |more: &[(&str, &str)]| {
        let columns = [
            ("id", "uuid"),
            ("type", "text"),
            ("payload", "text"),
            ("created_at", "timestamptz"),
            ("sent_at", "timestamptz"),
        ];
        let table = table("outbox", &[&columns, more].concat());
        let proposal = propose(&table).expect("it is an outbox");
        let mapped = proposal.outbox_settings(&table).expect("it can be mapped");
        mapped.settings.failed_at
    };
    let failed = ("failed_at", "timestamptz");
    let again = ("next_retry_at", "timestamptz");
    assert_eq!(given_up(&[failed]).as_deref(), Some("failed_at"));
    assert_eq!(
        given_up(&[("IsDead", "boolean")]).as_deref(),
        Some("IsDead")
    );
    // What is tried again has failed, too.
    assert_eq!(given_up(&[failed, again]), None);
    let dead = ("dead_at", "timestamptz");
    assert_eq!(given_up(&[failed, again, dead]).as_deref(), Some("dead_at"));
}
