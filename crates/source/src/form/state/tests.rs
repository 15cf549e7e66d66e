//! Rows of business tables and what services publish of them.

use serde_json::{Value, json};
use waybill_model::Micros;

use crate::form::{Form, Place, Roles, Sample, Sheet, StateRoles, Wire, learn};
use crate::{Row, RowKey};

const AT: i64 = 1_764_519_128_123_000;

fn roles() -> Roles {
    Roles {
        telling: ["id", "version"].map(Place::column).into(),
        state: Some(StateRoles {
            version: "version".to_owned(),
            written: "updated_at".to_owned(),
            hidden: vec!["/secret".to_owned()],
        }),
        ..Roles::default()
    }
}

/// Otter `nth` in its version, with columns of its own.
fn otter(nth: i64, version: i64, more: &[(&str, Option<&str>)]) -> Sheet {
    let at = Micros(AT + nth * 1_000_000);
    let mut columns = vec![
        ("id".to_owned(), Some(nth.to_string())),
        ("version".to_owned(), Some(version.to_string())),
        ("pet_name".to_owned(), Some(format!("Otter {nth}"))),
        ("price".to_owned(), Some(format!("{nth}.50"))),
        ("is_tame".to_owned(), Some((nth % 3 / 2).to_string())),
        // As a database without zones writes it, two hours ahead.
        ("updated_at".to_owned(), Some(local(at))),
        ("born_at".to_owned(), Some(local(Micros(AT)))),
        (
            "found_on".to_owned(),
            Some(format!("2020-02-0{nth}T00:00:00.000Z")),
        ),
    ];
    for (name, value) in more {
        columns.push(((*name).to_owned(), value.map(str::to_owned)));
    }
    let row = Row {
        key: RowKey(nth.to_string()),
        at: Some(at),
        due_at: None,
        columns,
        payload: None,
        payload_len: 0,
    };
    Sheet::of(&row, &roles()).seeded("6f1c0b8e-53f2-5c6b-9d2a-8f5b71e40c3d")
}

fn local(at: Micros) -> String {
    let shown = at.plus(7_200_000_000).to_string();
    shown.trim_end_matches('Z').replace('T', " ")
}

fn uuid(nth: i64) -> String {
    format!("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f{nth:04}")
}

fn body(nth: i64, version: i64) -> Value {
    let at = Micros(AT + nth * 1_000_000).to_string();
    json!({
        "event": if version == 1 { "OtterAdded" } else { "OtterChanged" },
        "otter": {"otterId": nth, "petName": format!("Otter {nth}"), "tame": nth % 3 == 2},
        "price": format!("{nth}.5"), "version": version, "at": at,
        "born": "2025-11-30T16:12:08.123Z", "id": uuid(nth),
        "foundOn": format!("2020-02-0{nth}"),
    })
}

fn sample(sheet: Sheet, nth: i64, body: &Value) -> Sample {
    Sample {
        sheet,
        wire: Wire {
            key: Some(format!("otter-{nth}").into_bytes()),
            headers: vec![("message-id".to_owned(), Some(uuid(nth).into_bytes()))],
            properties: Vec::new(),
            payload: Some(body.to_string().into_bytes()),
        },
        stamp: Micros(AT + nth * 1_000_000 + 20_000),
    }
}

fn samples() -> Vec<Sample> {
    let versions = [1, 2, 1, 2, 1];
    let numbered = (1_i64..).zip(versions);
    numbered
        .map(|(nth, version)| sample(otter(nth, version, &[]), nth, &body(nth, version)))
        .collect()
}

fn made(form: &Form, sheet: &Sheet) -> (Wire, Value) {
    let made = form.rebuild(sheet, Micros(AT)).expect("it can be made");
    let payload = made.payload.clone().expect("a body");
    let body = serde_json::from_slice(&payload).expect("it is JSON");
    (made, body)
}

#[test]
fn a_row_becomes_what_its_service_would_have_said() {
    let form = learn(&samples(), &roles()).expect("all of it is in the rows");
    let (wire, said) = made(&form, &otter(9, 3, &[]));
    let mut expected = body(9, 3);
    let new = "6f1c0b8e-53f2-5c6b-9d2a-8f5b71e40c3d";
    expected["id"] = json!(new);
    assert_eq!(said, expected);
    assert_eq!(wire.key.as_deref(), Some(&b"otter-9"[..]));
    assert_eq!(wire.headers[0].1.as_deref(), Some(new.as_bytes()));
    assert_eq!(form.made_up(), ["header message-id", "/id"]);
    let from = form.sources();
    let of = |part: &str| {
        from.iter()
            .find(|made| made.part == part)
            .map(|it| it.from.as_str())
    };
    assert_eq!(of("/event"), Some("what goes with whether version is 1"));
    assert_eq!(of("/otter/petName"), Some("pet_name"));
    assert_eq!(of("/at"), Some("the time of the row"));
    assert_eq!(of("/born"), Some("the time in born_at"));
}

#[test]
fn what_no_message_was_seen_for_is_told() {
    let form = learn(&samples(), &roles()).expect("all of it is in the rows");
    let why = |form: &Form, sheet: &Sheet| form.rebuild(sheet, Micros(AT)).expect_err("unknown");
    let deleted = otter(9, 3, &[("deleted_at", Some("2025-11-30 18:00:00"))]);
    assert_eq!(
        why(&form, &deleted),
        "its deleted_at holds something, which was empty in all rows whose messages were seen"
    );
    // All messages were of first versions, and say so or not.
    let firsts: Vec<Sample> = (1..=4)
        .map(|nth| sample(otter(nth, 1, &[]), nth, &body(nth, 1)))
        .collect();
    let form = learn(&firsts, &roles()).expect("all of it is in the rows");
    assert_eq!(
        why(&form, &otter(9, 2, &[])),
        "its /event was 'OtterAdded' in all messages that were seen, and none was of a row in which version is above 1"
    );
    assert!(
        form.without_care()
            .rebuild(&otter(9, 2, &[]), Micros(AT))
            .is_ok()
    );
    // A state that no message was seen of.
    let status = [("status", Some("active"))];
    let active: Vec<Sample> = (1..=4)
        .map(|nth| sample(otter(nth, 1, &status), nth, &body(nth, 1)))
        .collect();
    let form = learn(&active, &roles()).expect("all of it is in the rows");
    let why = why(&form, &otter(9, 1, &[("status", Some("archived"))]));
    assert!(
        why.ends_with("none was of a row in which status is 'archived'"),
        "{why}"
    );
}

#[test]
fn what_differs_is_told_with_both_values() {
    let mut samples = samples();
    for (nth, sample) in samples.iter_mut().enumerate() {
        let body = sample.wire.payload.take().expect("a body");
        let mut body: Value = serde_json::from_slice(&body).expect("it is JSON");
        body["price"] = json!(7_000 + nth * 13);
        body["secret"] = json!(format!("s{nth}"));
        // A checksum is as long as an id.
        body["sum"] = json!(format!("9e107d9d372bb6826bd81d3542a4{nth:04}"));
        sample.wire.payload = Some(body.to_string().into_bytes());
    }
    let differences = learn(&samples, &roles()).expect_err("two are in no column");
    assert_eq!(
        differences,
        [
            "/price of the body is 7000 in a message, and price of its row is '1.50'",
            "/secret of the body is not in the row",
            "/sum of the body is \"9e107d9d372bb6826bd81d3542a40000\" in a message, and in no column of its row",
        ]
    );
}
