//! Wrong profiles, and what is said about them: line, sentence, suggestion.

use std::sync::Arc;

use async_trait::async_trait;
use expect_test::{Expect, expect};
use futures::stream::BoxStream;
use waybill_source::{Driver, Error, ProbeStep, Result, Source, Target};

use super::*;

/// Answers to some schemes and opens nothing: checking a profile connects nowhere.
#[derive(Debug)]
struct Named(&'static [&'static str]);

#[async_trait]
impl Driver for Named {
    fn name(&self) -> &'static str {
        "named"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        self.0
    }

    async fn open(&self, _target: &Target) -> Result<Source> {
        Err(Error::Unsupported {
            what: "A check opens nothing".to_owned(),
        })
    }

    fn probe(&self, _target: &Target) -> BoxStream<'static, ProbeStep> {
        Box::pin(futures::stream::empty())
    }
}

const GOOD: &str = r#"name = "toys"
[database]
url = "postgres://reader@db/toys"
[databases.search]
url = "mysql://reader@db/search"
[broker]
url = "kafka://broker:9092"
[outbox]
table = "outbox"
key = "id"
id = "id"
created-at = "created_at"
sent-at = "sent_at"
[[flow]]
name = "products"
destination = "product-events"
[[flow.consumer]]
name = "search"
group = "search"
[flow.consumer.inbox]
database = "search"
table = "inbox"
id = "id"
processed-at = "at"
"#;

/// What is said when `from` is replaced by `to`.
fn check_with(from: &str, to: &str, expected: Expect) {
    assert!(GOOD.contains(from), "{from}");
    let drivers = Drivers::new(vec![Arc::new(Named(&[
        "postgres", "mysql", "kafka", "amqp",
    ]))]);
    let said = check(&GOOD.replacen(from, to, 1), &drivers);
    let line = |p: &ProfileProblem| {
        format!("{}: {} {}", p.line, p.message, p.suggestion)
            .trim_end()
            .to_owned()
            + "\n"
    };
    expected.assert_eq(&said.iter().map(line).collect::<String>());
}

#[test]
fn a_good_profile_and_the_template_have_nothing_wrong() {
    check_with("toys", "toys", expect![[""]]);
    let drivers = Drivers::new(vec![Arc::new(Named(&["postgres", "kafka"]))]);
    assert_eq!(check(super::super::TEMPLATE, &drivers), []);
}

#[test]
fn keys_and_words_that_do_not_exist() {
    check_with(
        "sent-at =",
        "sendat =",
        expect![[r#"
            13: There is no 'sendat' here; known are table, key, id, aggregate-type, aggregate-id, version, type, destination, payload, headers, created-at, zone, sent-at, due-at, due-states, failed-at, status, sent-states, failed-states, attempts, error, where, deletes-after-send, dead-letters. Did you mean 'sent-at'?
        "#]],
    );
    check_with(
        "name = \"toys\"",
        "name = \"toys\"\nenvironment = \"prodution\"",
        expect![[r#"
            2: There is no 'prodution' here; known are development, staging, production. Did you mean 'production'?
        "#]],
    );
    check_with(
        "table = \"outbox\"\n",
        "",
        expect![[r#"
            8: Missing field 'table'.
        "#]],
    );
    check_with(
        "name = \"search\"",
        "name = search",
        expect![[r#"
            18: String values must be quoted, expected literal string.
        "#]],
    );
}

#[test]
fn addresses_nobody_answers_to_and_passwords_in_them() {
    check_with(
        "postgres://reader@",
        "postgre://reader:hunter2@",
        expect![[r#"
            3: 'postgre://db/toys' is not an address anybody answers to; it must start with one of postgres:, mysql:, kafka:, amqp:. Did you mean 'postgres:'?
            3: There is a password in this address. A profile holds none. Remove it, add secret = "NAME" below, and put the password into the keychain or into WAYBILL_SECRET_NAME.
        "#]],
    );
    check_with(
        "url = \"kafka://broker:9092\"",
        "url = \"kafka://broker:9092\"\noptions = { \"sasl.password\" = \"hunter2\" }",
        expect![[r#"
            8: 'sasl.password' does not belong into a file. Put the password into the keychain and name it with secret = "…".
        "#]],
    );
}

#[test]
fn names_that_are_taken_or_unknown() {
    check_with(
        "[flow.consumer.inbox]",
        "[[flow.consumer]]\nname = \"search\"\ngroup = \"other\"\n[flow.consumer.inbox]",
        expect![[r#"
            21: There are two consumers called 'search'.
        "#]],
    );
    check_with(
        "database = \"search\"",
        "database = \"serch\"",
        expect![[r#"
            21: There is no database 'serch' under [databases]. Did you mean 'search'?
        "#]],
    );
    check_with(
        "name = \"toys\"",
        "name = \"../toys\"",
        expect![[r#"
            1: '../toys' cannot be a profile's name: use letters, digits, '-', '_' and '.', starting with a letter or digit.
        "#]],
    );
}

#[test]
fn consumers_that_nothing_tells_about() {
    check_with(
        "group = \"search\"\n[flow.consumer.inbox]\ndatabase = \"search\"\ntable = \"inbox\"\nid = \"id\"\nprocessed-at = \"at\"\n",
        "",
        expect![[r#"
            17: Nothing tells how far consumer 'search' is: give it an inbox, a group, a queue or dead-letters.
        "#]],
    );
    check_with(
        "group = \"search\"",
        "queue = \"search\"",
        expect![[r#"
            17: Consumer 'search' has a queue, but the broker is Kafka: name its group.
        "#]],
    );
}

#[test]
fn a_state_that_only_says_failed_is_enough_beside_a_sent_time() {
    check_with(
        "sent-at = \"sent_at\"",
        "sent-at = \"sent_at\"\nstatus = \"blocked\"\nfailed-states = [\"true\"]",
        expect![[""]],
    );
}

#[test]
fn masks_and_states_that_say_nothing() {
    check_with(
        "name = \"toys\"",
        "name = \"toys\"\nmasks = [\"customer.email\"]",
        expect![[r#"
            2: 'customer.email' is not a JSON pointer. Did you mean '/customer/email'?
        "#]],
    );
    check_with(
        "sent-at = \"sent_at\"",
        "status = \"state\"",
        expect![[r#"
            13: status needs sent-states: which of its values mean that the row was sent?
        "#]],
    );
}

#[test]
fn states_of_an_inbox_that_say_nothing() {
    let check_inbox = |more: &str, expected| {
        check_with(
            "processed-at = \"at\"",
            &format!("processed-at = \"at\"\n{more}"),
            expected,
        )
    };
    check_inbox(
        "status = \"state\"\nprocessed-states = [\"2\"]\nfailed-states = [\"3\"]\nfailed-at = \"dead_at\"",
        expect![[""]],
    );
    check_inbox(
        "status = \"state\"",
        expect![[r#"
        20: status needs processed-states: which of its values mean that the event was processed?
    "#]],
    );
    check_inbox(
        "processed-states = [\"2\"]",
        expect![[r#"
        20: processed-states and failed-states need status: which column are they in?
    "#]],
    );
    check_inbox(
        "failed-states = [\"3\"]",
        expect![[r#"
        20: processed-states and failed-states need status: which column are they in?
    "#]],
    );
    check_inbox(
        "status = \"state\"\nprocessed-states = [\"done\"]\nfailed-states = [\"Done\"]",
        expect![[r#"
            20: 'Done' is among processed-states and failed-states; which of them does it mean?
        "#]],
    );
    check_with(
        "id = \"id\"\nprocessed-at",
        "id = \"body#/id\"\nprocessed-at",
        expect![[r#"
            20: The event id stands inside a JSON column, so rows are told apart by another: name it with key = "…".
        "#]],
    );
    check_with(
        "id = \"id\"\nprocessed-at",
        "key = \"no\"\nid = \"body#/id\"\nprocessed-at",
        expect![[r#""#]],
    );
}

#[test]
fn what_is_compared_needs_a_payload_and_one_list_for_all() {
    check_with(
        "destination = \"product-events\"\n",
        "destination = \"product-events\"\n[flow.compare]\n",
        expect![[r#"
            17: Flow 'products' compares outbox rows with copies, but [outbox] names no payload: which column holds the body?
        "#]],
    );
    check_with(
        "[outbox]\ntable = \"outbox\"\nkey = \"id\"\nid = \"id\"\ncreated-at = \"created_at\"\nsent-at = \"sent_at\"\n[[flow]]\nname = \"products\"\ndestination = \"product-events\"\n",
        "[[business]]\ntable = \"p\"\nid = \"i\"\nversion = \"v\"\nchanged-at = \"c\"\naggregate-type = \"p\"\n[[flow]]\nname = \"products\"\ndestination = \"product-events\"\ncompare = {}\n",
        expect![[r#"
            17: Flow 'products' compares outbox rows with copies, but there is no [outbox].
        "#]],
    );
    let compared = |text: &str| {
        format!(
            "sent-at = \"sent_at\"\npayload = \"body\"\n[[flow]]\nname = \"first\"\ndestination = \"product-events\"\ncompare = {text}\n"
        )
    };
    check_with(
        "sent-at = \"sent_at\"\n",
        &compared(r#"{ body = "payload", ignore = ["/at", "meta.trace"] }"#),
        expect![[r#"
            18: 'payload' is not a JSON pointer. Did you mean '/payload'?
            18: 'meta.trace' is not a JSON pointer. Did you mean '/meta/trace'?
        "#]],
    );
    check_with(
        "sent-at = \"sent_at\"\n",
        &(compared(r#"{ ignore = ["/at", "/by"] }"#)
            + "[[flow]]\nname = \"second\"\ndestination = \"product-events\"\ncompare = { ignore = [\"/by\", \"/at\"] }\n"),
        expect![[""]],
    );
    check_with(
        "sent-at = \"sent_at\"\n",
        &(compared("{}")
            + "[[flow]]\nname = \"second\"\ndestination = \"product-events\"\ncompare = { body = \"/p\", ignore = [\"/at\"] }\n"),
        expect![[r#"
            22: Flows 'first' and 'second' ignore different paths, but their rows come from one outbox: give both the same list.
            22: Flows 'first' and 'second' share a destination, but look for the payload in different places of its messages.
        "#]],
    );
}

#[test]
fn hostile_texts_end_in_a_problem() {
    let drivers = Drivers::new(Vec::new());
    for text in [
        "",
        "[",
        "name = 1",
        "\u{0}",
        &"[a]\n".repeat(10_000),
        &"a.".repeat(5_000),
    ] {
        assert!(
            !check(text, &drivers).is_empty(),
            "{}",
            &text[..text.len().min(20)]
        );
    }
}
