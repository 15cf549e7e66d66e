//! Messages that a row holds in an envelope of the library's: what the row's own columns say is the
//! envelope's, and what is on the broker is said inside.

use serde_json::Value;
use waybill_layouts::Envelope;

use super::outbox::Outbox;

/// Takes the id and the destination from inside, where the rows that there are have both there. Some
/// libraries write the same table with and without an envelope.
pub(super) fn open(outbox: &mut Outbox, envelope: &Envelope) {
    let (Some(payload), Some(id)) = (&outbox.settings.payload, &envelope.id) else {
        return;
    };
    // Of what is cut off nobody can say what it lacks.
    let bodies = outbox.table.values(payload).into_iter();
    let bodies: Vec<Value> = bodies
        .filter_map(|body| serde_json::from_str(body).ok())
        .collect();
    let inside: Vec<&String> = [Some(id), envelope.destination.as_ref()]
        .into_iter()
        .flatten()
        .collect();
    let has = |body: &Value| {
        let mut places = inside.iter();
        places.all(|it| body.pointer(it).is_some_and(Value::is_string))
    };
    if bodies.is_empty() || !bodies.iter().all(has) {
        return;
    }
    let own = std::mem::replace(&mut outbox.settings.id, format!("{payload}#{id}"));
    outbox.destination = envelope
        .destination
        .as_ref()
        .map(|place| format!("{payload}#{place}"));
    outbox.why.push(format!(
        "All rows hold a message in an envelope: its id is {}, and {own} is the envelope's.",
        outbox.settings.id
    ));
}

#[cfg(test)]
mod tests {
    use waybill_layouts::{Format, FoundColumn, FoundTable};

    use super::*;
    use crate::propose::roles::unknown;

    /// The id and the destination of an outbox with these payloads.
    fn opened(payloads: &[&str]) -> (String, Option<String>) {
        let column = |name: &str| FoundColumn {
            name: name.to_owned(),
            sql_type: "json".to_owned(),
            nullable: true,
            primary_key: false,
        };
        let table = FoundTable {
            columns: vec![column("payload")],
            rows: payloads
                .iter()
                .map(|text| vec![Some((*text).to_owned())])
                .collect(),
            ..FoundTable::default()
        };
        let mut settings = unknown(&table);
        settings.id = "uuid".to_owned();
        settings.payload = Some("payload".to_owned());
        let mut outbox = Outbox::bare(table, settings);
        let envelope = Envelope {
            format: Format::Json,
            body: Some("/payload".to_owned()),
            headers: None,
            id: Some("/uuid".to_owned()),
            destination: Some("/topic".to_owned()),
            base64: true,
            note: None,
        };
        open(&mut outbox, &envelope);
        (outbox.settings.id, outbox.destination)
    }

    #[test]
    fn an_envelope_is_opened_only_where_all_rows_are_one() {
        let inside = (
            "payload#/uuid".to_owned(),
            Some("payload#/topic".to_owned()),
        );
        let outside = ("uuid".to_owned(), None);
        let wrapped = r#"{"topic": "orders", "uuid": "1", "payload": "e30="}"#;
        assert_eq!(opened(&[wrapped, wrapped]), inside);
        // Of a row that was cut off nobody can say what else it holds.
        assert_eq!(opened(&[wrapped, &wrapped[..30]]), inside);
        for plain in [
            &[wrapped, r#"{"uuid": "1"}"#][..],
            &[r#"{"topic": 1, "uuid": "1"}"#],
            &[&wrapped[..30]],
            &["no JSON"],
            &[],
        ] {
            assert_eq!(opened(plain), outside, "{plain:?}");
        }
    }
}
