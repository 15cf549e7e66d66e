//! Every verdict there is, held against the schema.

use serde_json::{Value, json};
use waybill_model::{
    Accounts, Clock, ConsumerCell, Coordinate, Counted, EventId, EventVerdict, Flags, LagReason,
    MatchBasis, Micros, Phase, Place, PlaceRole, Progress, Stage, Stamp, Strength, StuckReason,
    UnknownReason, Waiting,
};

use super::*;

fn stucks() -> impl Iterator<Item = PublishVerdict> {
    StuckReason::ALL.into_iter().map(PublishVerdict::Stuck)
}

fn publish_verdicts() -> Vec<PublishVerdict> {
    let unknown = UnknownReason::ALL.into_iter().map(PublishVerdict::Unknown);
    [
        PublishVerdict::NotChecked("outbox: refused".to_owned()),
        PublishVerdict::Phantom,
        PublishVerdict::Published,
        PublishVerdict::Unroutable,
        PublishVerdict::InOpenTransaction,
        PublishVerdict::MissingOutboxRow,
        PublishVerdict::Pending,
        PublishVerdict::LostInPublish,
    ]
    .into_iter()
    .chain(stucks())
    .chain(unknown)
    .collect()
}

fn consumer_verdicts() -> Vec<ConsumerVerdict> {
    let unknown = UnknownReason::ALL.into_iter().map(ConsumerVerdict::Unknown);
    [
        ConsumerVerdict::NotDue,
        ConsumerVerdict::Processed,
        ConsumerVerdict::DeadLettered,
        ConsumerVerdict::Failed,
        ConsumerVerdict::NotRouted,
        ConsumerVerdict::Retrying,
        ConsumerVerdict::InFlight,
        ConsumerVerdict::LostByConsumer,
        ConsumerVerdict::Passed,
    ]
    .into_iter()
    .chain(LagReason::ALL.map(ConsumerVerdict::Lagging))
    .chain(unknown)
    .collect()
}

/// An event with all consumer verdicts at once.
fn row(publish: PublishVerdict) -> EventRow {
    let verdict = EventVerdict {
        publish,
        consumers: consumer_verdicts(),
        flags: Flags::all(),
        phase: Phase::Suspected,
        basis: MatchBasis::AggregateVersion,
    };
    let cell = |verdict: &ConsumerVerdict| ConsumerCell {
        at: matches!(verdict, ConsumerVerdict::Processed).then_some(Micros(1)),
        verdict: verdict.clone(),
    };
    EventRow {
        no: 0,
        id: EventId("e".to_owned()),
        kind: String::new(),
        aggregate: "product/7".to_owned(),
        version: None,
        at: Micros(1_795_179_600_000_000),
        stored: None,
        outbox: None,
        published: None,
        consumers: verdict.consumers.iter().map(cell).collect(),
        class: verdict.class(),
        verdict,
    }
}

fn facts() -> EventFacts {
    let fact = |coordinate| Fact {
        stage: Stage::Published,
        consumer: Some("search".to_owned()),
        strength: Strength::Strong,
        coordinate,
        stamp: Stamp {
            at: Micros(1),
            clock: Clock::Broker,
            resolution_micros: 1000,
        },
        note: String::new(),
        marks: waybill_model::Marks::empty(),
    };
    let (name, key) = (|| "outbox".to_owned(), || "17".to_owned());
    let places = [
        Coordinate::Row {
            source: name(),
            table: name(),
            column: name(),
            key: key(),
        },
        Coordinate::Record {
            topic: name(),
            partition: 3,
            offset: 0,
        },
        Coordinate::StreamEntry {
            stream: name(),
            offset: 9,
        },
        Coordinate::Passing {
            exchange: name(),
            nth: 1,
        },
    ];
    EventFacts {
        no: 0,
        sentence: "It happened.".to_owned(),
        facts: places.into_iter().map(fact).collect(),
        rests_on: vec![PlaceId(1)],
        controls: vec![Control {
            place: PlaceId(1),
            found: 40,
            of: 41,
            earlier: false,
        }],
    }
}

fn place() -> PlaceStatus {
    PlaceStatus {
        place: Place {
            id: PlaceId(1),
            role: PlaceRole::Destination,
            source: "broker".to_owned(),
            name: "product-events".to_owned(),
        },
        progress: Progress::default(),
        complete: true,
        covered: 1.0,
        gaps: Vec::new(),
        window: None,
        failure: None,
        basis: Some(FlowBasis {
            place: PlaceId(1),
            recognised: Recognised::Not,
            sampled: 200,
            by_id: 3,
            by_version: 0,
        }),
        matched: "cannot be matched".to_owned(),
        accounts: Some(Accounts {
            example: Some("yesterday".to_owned()),
            unreadable: 1,
            unsent_before: Some(Waiting {
                rows: Counted::MoreThan(10_000),
                since: Some(Micros(1)),
            }),
            ..Accounts::default()
        }),
    }
}

fn document() -> Value {
    let names: Vec<String> = (0..consumer_verdicts().len())
        .map(|no| format!("consumer-{no}"))
        .collect();
    let facts = facts();
    let findings: Vec<FindingDocument> = publish_verdicts()
        .into_iter()
        .map(|publish| FindingDocument::new(&row(publish), &names, Some(&facts)))
        .collect();
    let window = Window {
        from: Micros(i64::MIN),
        to: Micros(1),
    };
    let document = CheckDocument {
        schema: CHECK_SCHEMA,
        waybill: "0.1.0",
        profile: "shop".to_owned(),
        window: window.into(),
        filter: String::new(),
        complete: false,
        exit: 2,
        because: "Cannot know.".to_owned(),
        reasons: vec![Reason {
            code: crate::check::ending::Code::Unknown,
            exit: 2,
            sentence: "Cannot know.".to_owned(),
        }],
        counts: (&Counts::default()).into(),
        filtered: Some((&Counts::default()).into()),
        places: vec![PlaceDocument::new(&place(), &names)],
        graces: graces(),
        silent: vec![silent(&names)],
        findings,
    };
    serde_json::to_value(document).expect("a document is JSON")
}

fn silent(names: &[String]) -> SilentDocument {
    let flow = SilentFlow {
        place: PlaceId(1),
        consumer: None,
        expected: 20,
        since: Micros(1),
        unidentified: 3,
        by_chance: 0,
        sentence: "20 rows say sent".to_owned(),
    };
    SilentDocument::new(&flow, names)
}

/// An edge of each kind there is.
fn graces() -> Vec<GraceDocument> {
    let bases = [
        GraceBasis::Set,
        GraceBasis::Cold { events: 3 },
        GraceBasis::Learnt {
            p99_micros: 12_000,
            events: 500,
        },
    ];
    let edge = |basis| EdgeGrace {
        consumer: Some(waybill_model::ConsumerNo(0)),
        grace: waybill_model::Grace {
            micros: 32_000_000,
            basis,
        },
        sentence: "late".to_owned(),
    };
    bases
        .map(edge)
        .iter()
        .map(|edge| GraceDocument::new(edge, &["search".to_owned()]))
        .collect()
}

fn complaints(document: &Value) -> Vec<String> {
    let schema = serde_json::from_str(CHECK_SCHEMA_TEXT).expect("the schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("it is a schema");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_verdict_there_is_fits_the_schema() {
    let document = document();
    assert_eq!(complaints(&document), Vec::<String>::new());
    let findings = document["findings"].as_array().expect("they are a list");
    assert_eq!(findings.len(), publish_verdicts().len());
    assert_eq!(findings[0]["coverage"], json!([1]));
    assert_eq!(document["window"]["from"], Value::Null);
    let matching = json!({
        "by": "not", "sampled": 200, "by_id": 3, "by_version": 0, "sentence": "cannot be matched"
    });
    assert_eq!(document["places"][0]["matching"], matching);
}

#[test]
fn what_the_schema_does_not_know_is_refused() {
    for (pointer, wrong) in [
        ("/findings/1/publish/verdict", json!("vanished")),
        ("/findings/1/phase", json!("perhaps")),
        ("/findings/1/consumers/0/verdict", json!("lagging")),
        ("/findings/1/evidence/0/where", json!({"kind": "row"})),
        ("/findings/1/flags/0", json!("odd")),
        ("/places/0/matching/by", json!("by-guess")),
        ("/exit", json!(3)),
    ] {
        let mut document = document();
        *document.pointer_mut(pointer).expect("it is there") = wrong;
        assert_ne!(complaints(&document), Vec::<String>::new(), "{pointer}");
    }
    let mut more = document();
    more["findings"][0]["guess"] = json!(1);
    assert_ne!(complaints(&more), Vec::<String>::new());
}
