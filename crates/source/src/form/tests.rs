//! Forms that are learnt, differences that are said, and rows that are made into messages.

use waybill_model::Micros;

use super::{Place, Roles, Sample, Sheet, Wire, learn};
use crate::{Row, RowKey};

const AT: i64 = 1_764_519_128_123_456;

fn roles() -> Roles {
    Roles {
        payload: Some("payload".to_owned()),
        headers: Some("headers".to_owned()),
        telling: ["id", "type", "aggregate_id", "aggregate_type"]
            .map(Place::column)
            .into(),
        changing: vec!["attempts".to_owned()],
        state: None,
    }
}

/// Row `nth`, whose columns hold `{n}` in place of the number.
fn sheet(nth: i64, columns: &[(&str, &str)]) -> Sheet {
    let filled = |text: &str| text.replace("{n}", &nth.to_string());
    let mut payload = None;
    let mut others = Vec::new();
    for (name, value) in columns {
        match *name {
            "payload" => payload = Some(filled(value).into_bytes()),
            name => others.push((name.to_owned(), Some(filled(value)))),
        }
    }
    let row = Row {
        key: RowKey(nth.to_string()),
        at: Some(Micros(AT + nth * 1_000_000)),
        due_at: None,
        columns: others,
        payload_len: payload.as_ref().map_or(0, |p| p.len() as u64),
        payload,
    };
    Sheet::of(&row, &roles())
}

fn wire(nth: i64, key: &str, headers: &[(&str, &str)], body: &str) -> Wire {
    let filled = |text: &str| text.replace("{n}", &nth.to_string()).into_bytes();
    Wire {
        key: (!key.is_empty()).then(|| filled(key)),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some(filled(value))))
            .collect(),
        properties: Vec::new(),
        payload: Some(filled(body)),
    }
}

struct Case<'a> {
    row: &'a [(&'a str, &'a str)],
    key: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
}

impl Case<'_> {
    fn samples(&self) -> Vec<Sample> {
        let sample = |nth| Sample {
            sheet: sheet(nth, self.row),
            wire: wire(nth, self.key, self.headers, self.body),
            stamp: Micros(AT + nth * 1_000_000 + 5_000),
        };
        (1..=4).map(sample).collect()
    }

    /// Learns from four and rebuilds a fifth.
    fn is_proven(&self) {
        let form = learn(&self.samples(), &roles()).expect(self.body);
        let made = form
            .rebuild(&sheet(5, self.row), Micros(AT))
            .expect(self.body);
        let expected = wire(5, self.key, self.headers, self.body);
        assert_eq!(made.key, expected.key, "{}", self.body);
        let sorted = |mut headers: Vec<(String, Option<Vec<u8>>)>| {
            headers.sort();
            headers
        };
        assert_eq!(
            sorted(made.headers),
            sorted(expected.headers),
            "{}",
            self.body
        );
        let (made, expected) = (
            made.payload.expect("a body"),
            expected.payload.expect("a body"),
        );
        let text = String::from_utf8_lossy(&made);
        assert!(
            crate::content::same(&made, &expected),
            "{text} for {}",
            self.body
        );
    }

    fn differs(&self, expected: &[&str]) {
        let found = learn(&self.samples(), &roles()).expect_err(self.body);
        assert_eq!(found, expected, "{}", self.body);
    }
}

const ROW: &[(&str, &str)] = &[
    ("id", "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b2{n}"),
    ("aggregate_type", "order"),
    ("aggregate_id", "a{n}"),
    ("type", "OrderPlaced"),
    ("attempts", "7{n}"),
    ("headers", r#"{"tenant":"t{n}","trace":{"x":{n}}}"#),
    (
        "payload",
        r#"{"n":{n},"big":1234567890123456789{n},"s":"{n}"}"#,
    ),
];

#[test]
fn forms_that_relays_write_are_learnt() {
    let plain = r#"{"s":"{n}", "n":{n}, "big":1234567890123456789{n}}"#;
    let id = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b2{n}";
    for (key, headers, body) in [
        // The column as it is, in whatever spelling.
        ("a{n}", &[("id", id), ("type", "OrderPlaced")][..], plain),
        // No key, no headers at all.
        ("", &[], plain),
        // A key in quotes, an id without dashes, members of the headers by other names.
        (
            "\"a{n}\"",
            &[
                ("x-id", "0b5f3c8a9d1e4f6a8c2b7e4d5a6f1b2{n}"),
                ("ce_tenant", "t{n}"),
            ],
            plain,
        ),
        // All members of the headers' column, what is a document as its text; a joined text.
        (
            "order:a{n}",
            &[
                ("tenant", "t{n}"),
                ("trace", r#"{"x":{n}}"#),
                ("source", "shop"),
            ],
            plain,
        ),
        // Wrapped: string in string, a mark, a registry's number, base64.
        (
            "a{n}",
            &[],
            r#""{\"n\":{n},\"big\":1234567890123456789{n},\"s\":\"{n}\"}""#,
        ),
        (
            "a{n}",
            &[],
            "\u{feff}{\"n\":{n},\"big\":1234567890123456789{n},\"s\":\"{n}\"}",
        ),
        (
            "a{n}",
            &[],
            "\0\0\0\0\u{7}{\"n\":{n},\"big\":1234567890123456789{n},\"s\":\"{n}\"}",
        ),
        // Built around the payload, with the time of the row and of sending.
        (
            "a{n}",
            &[("sent", "1764519128")],
            r#"{"messageId":"0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b2{n}","kind":["v1"],"meta":{"of":"order","at":"2025-11-30T16:12:08.1Z"},"message":{"n":{n},"big":1234567890123456789{n},"s":"{n}"}}"#,
        ),
        // A part of it.
        ("a{n}", &[], "{n}"),
    ] {
        Case {
            row: ROW,
            key,
            headers,
            body,
        }
        .is_proven();
    }
}

#[test]
fn an_envelope_in_the_column_is_unwrapped_as_the_messages_show() {
    let row = &[
        ("id", "{n}"),
        (
            "payload",
            r#"{"Headers":{"cap-msg-id":"{n}","cap-msg-type":"T"},"Value":{"n":{n}}}"#,
        ),
    ];
    let headers = &[("cap-msg-id", "{n}"), ("cap-msg-type", "T")];
    let (key, body) = ("k", r#"{"n":{n}}"#);
    Case {
        row,
        key,
        headers,
        body,
    }
    .is_proven();
    // Watermill's: the body is base64 inside of it.
    let row = &[
        ("id", "{n}"),
        ("payload", r#"{"payload":"eyJuIjp7fQ==","uuid":"u{n}"}"#),
    ];
    let case = Case {
        row,
        key: "",
        headers: &[("uuid", "u{n}")],
        body: r#"{"n":{}"#,
    };
    assert!(learn(&case.samples(), &roles()).is_ok());
}

#[test]
fn what_is_nowhere_in_the_row_is_said() {
    let lib = &[
        ("id", "{n}"),
        ("payload", r#"{"c":"Events","m":"publish","a":[{n}]}"#),
    ];
    let case = Case {
        row: lib,
        key: "user-9{n}",
        headers: &[("cap-msg-type", "T{n}"), ("traceparent", "00-{n}")],
        body: r#"{"eventId":"e{n}"}"#,
    };
    case.differs(&[
        "the message's key is not in the row",
        "the message has header cap-msg-type, which is not in the row",
        "/eventId of the body is not in the row",
    ]);
    // What changes when a row is sent was not on the message.
    let case = Case {
        row: ROW,
        key: "7{n}",
        headers: &[],
        body: "{n}",
    };
    case.differs(&["the message's key is not in the row"]);
    let case = Case {
        row: lib,
        key: "",
        headers: &[],
        body: r#"{"always":"this"}"#,
    };
    case.differs(&["all bodies that were seen are the same, and none is what its row holds"]);
    let case = Case {
        row: lib,
        key: "",
        headers: &[("a", "x"), ("a", "y")],
        body: "{n}",
    };
    case.differs(&["the message has header a more than once"]);
    let case = Case {
        row: lib,
        key: "",
        headers: &[],
        body: "\u{1f}\u{8b}{n}",
    };
    assert!(learn(&case.samples(), &roles()).is_err());
}

#[test]
fn ways_that_agreed_until_now_and_disagree_are_told_and_not_chosen() {
    let row = &[
        ("id", "{n}"),
        ("left", "x"),
        ("right", "x"),
        ("payload", r#"{"n":{n}}"#),
    ];
    let case = Case {
        row,
        key: "x",
        headers: &[],
        body: r#"{"n":{n}}"#,
    };
    let form = learn(&case.samples(), &roles()).expect("both fit");
    let other = &[
        ("id", "{n}"),
        ("left", "x"),
        ("right", "y"),
        ("payload", r#"{"n":{n}}"#),
    ];
    let why = form
        .rebuild(&sheet(9, other), Micros(AT))
        .expect_err("which one?");
    assert!(why.starts_with("its key may be left or right"), "{why}");
    // The column whose meaning it is outweighs chance: all samples were of one type.
    let case = Case {
        row: ROW,
        key: "",
        headers: &[("type", "OrderPlaced")],
        body: "{n}",
    };
    let form = learn(&case.samples(), &roles()).expect("it fits");
    let mut cancelled = ROW.to_vec();
    cancelled[3] = ("type", "OrderCancelled");
    let made = form
        .rebuild(&sheet(9, &cancelled), Micros(AT))
        .expect("its type");
    assert_eq!(made.headers[0].1.as_deref(), Some(&b"OrderCancelled"[..]));
    // A row with headers where none had any.
    let bare = &[("id", "{n}"), ("headers", "{}"), ("payload", "{n}")];
    let case = Case {
        row: bare,
        key: "",
        headers: &[],
        body: "{n}",
    };
    let form = learn(&case.samples(), &roles()).expect("it fits");
    let with = &[
        ("id", "{n}"),
        ("headers", r#"{"tenant":"t"}"#),
        ("payload", "{n}"),
    ];
    let why = form
        .rebuild(&sheet(9, with), Micros(AT))
        .expect_err("how are they written?");
    assert!(why.starts_with("it has headers in headers"), "{why}");
}

#[test]
fn one_sample_is_believed_as_far_as_its_row_explains_it() {
    let one = |key: &str| Sample {
        sheet: sheet(1, ROW),
        wire: wire(
            1,
            key,
            &[("content-type", "application/json; charset=utf-8")],
            "{n}",
        ),
        stamp: Micros(AT),
    };
    assert!(learn(&[one("a{n}")], &roles()).is_ok());
    let found = learn(&[one("partition-12345")], &roles()).expect_err("a number of its own");
    assert_eq!(found, ["the message's key is not in the row"]);
}

#[test]
fn a_document_that_names_the_type_is_not_a_text_around_it() {
    let one = |nth, body: &str| Sample {
        sheet: sheet(nth, ROW),
        wire: wire(nth, "a{n}", &[], body),
        stamp: Micros(AT),
    };
    let body = r#"{"event":"OrderPlaced","data":{"n":{n},"big":1234567890123456789{n},"s":"{n}"}}"#;
    let form = learn(&[one(1, body)], &roles()).expect("it fits");
    let made = form
        .rebuild(&sheet(2, ROW), Micros(AT))
        .expect("it can be made");
    let expected = wire(2, "", &[], body).payload.expect("a body");
    assert!(crate::content::same(
        &made.payload.expect("a body"),
        &expected
    ));
    let other = r#"{"event":"OrderPlaced","data":{"n":12345}}"#;
    let found = learn(&[one(1, other)], &roles()).expect_err("whose number is it?");
    assert_eq!(found, ["/data/n of the body is not in the row"]);
}

#[test]
fn a_form_is_held_against_what_was_seen() {
    let row = &[
        ("id", "{n}"),
        ("headers", r#"{"a":"b"}"#),
        ("payload", r#"{"n":{n}}"#),
    ];
    let body = r#"{ "n": {n} }"#;
    let case = Case {
        row,
        key: "",
        headers: &[("uuid", "{n}"), ("a", "b")],
        body,
    };
    let form = learn(&case.samples(), &roles()).expect("it fits");
    let other = Sample {
        sheet: sheet(1, row),
        wire: wire(1, "k", &[("cap-msg-id", "{n}"), ("a", "c")], r#"{"v":{n}}"#),
        stamp: Micros(AT),
    };
    assert_eq!(
        form.differences(&other),
        [
            "the message has another key than the row's rebuilt one",
            "the message has header cap-msg-id, the row's rebuilt one has not",
            "the message has another value in header a than the row's rebuilt one",
            "the message has no header uuid, the row's rebuilt one has",
            "the message has another body than the row's rebuilt one",
        ]
    );
}
