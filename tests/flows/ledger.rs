//! What `waybill check --json` says, held against what really happened.

use std::collections::BTreeMap;

use serde_json::Value;
use waybill_model::{ConsumerVerdict, VerdictClass};
use waybill_world::{Expected, Ledger};

/// A finding, reduced to what the ledger knows too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) class: String,
    pub(crate) publish: String,
    pub(crate) consumers: Vec<String>,
}

/// What must be said: every event that is missing, phantom or dead-lettered, no other.
pub(crate) fn expected(ledger: &Ledger) -> BTreeMap<String, Said> {
    let said = |event: &Expected| Said {
        class: event.class.name().to_owned(),
        publish: event.publish.name().to_owned(),
        consumers: event
            .consumers
            .iter()
            .map(ConsumerVerdict::name)
            .map(str::to_owned)
            .collect(),
    };
    ledger
        .missing()
        .iter()
        .map(|event| (event.id.to_string(), said(event)))
        .collect()
}

/// What was said.
pub(crate) fn said(document: &Value) -> BTreeMap<String, Said> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = |finding: &Value| Said {
        class: text(&finding["class"]),
        publish: text(&finding["publish"]["verdict"]),
        consumers: list(&finding["consumers"])
            .iter()
            .map(|c| text(&c["verdict"]))
            .collect(),
    };
    list(&document["findings"])
        .iter()
        .map(|f| (text(&f["id"]), said(f)))
        .collect()
}

/// Fails with the differences, event by event, when the two are not the same.
pub(crate) fn assert_same(document: &Value, ledger: &Ledger) {
    let (said, expected) = (said(document), expected(ledger));
    let wrong: Vec<_> = said
        .iter()
        .filter(|(id, what)| expected.get(*id) != Some(what))
        .collect();
    let unsaid: Vec<_> = expected
        .iter()
        .filter(|(id, what)| said.get(*id) != Some(what))
        .collect();
    assert!(
        wrong.is_empty() && unsaid.is_empty(),
        "said but not so: {wrong:#?}\nso but not said: {unsaid:#?}\nplaces: {:#}",
        document["places"]
    );
}

/// Every finding must lead to where it can be looked up: a row, and a coordinate where a copy is due.
pub(crate) fn assert_evidence(document: &Value) {
    for finding in list(&document["findings"]) {
        let kinds: Vec<&str> = list(&finding["evidence"])
            .iter()
            .filter_map(|evidence| evidence["where"]["kind"].as_str())
            .collect();
        let row = kinds.contains(&"row");
        let copy = kinds
            .iter()
            .any(|kind| ["record", "stream-entry"].contains(kind));
        let has_copy = ["published", "phantom"]
            .contains(&finding["publish"]["verdict"].as_str().unwrap_or(""));
        let phantom = finding["class"] == VerdictClass::Phantom.name();
        assert!(row || phantom, "no row is named: {finding:#}");
        assert_eq!(
            copy, has_copy,
            "coordinates do not fit the verdict: {finding:#}"
        );
    }
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
