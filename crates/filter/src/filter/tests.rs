//! Filters on one event, and filters that are wrong.

use waybill_model::{Flags, MatchBasis, Phase};

use super::*;

/// Product 4711, renamed 40 s ago, processed by inventory, lost by search.
struct Sample {
    verdict: EventVerdict,
    consumers: Vec<String>,
}

impl Fields for Sample {
    fn id(&self) -> &str {
        "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20"
    }
    fn kind(&self) -> &str {
        "ProductRenamed"
    }
    fn aggregate(&self) -> &str {
        "product/4711"
    }
    fn version(&self) -> Option<i64> {
        Some(8)
    }
    fn at(&self) -> Micros {
        Micros::parse("2026-11-20T14:03:12Z").expect("a time")
    }
    fn verdict(&self) -> &EventVerdict {
        &self.verdict
    }
    fn consumers(&self) -> &[String] {
        &self.consumers
    }
    fn now(&self) -> Micros {
        self.at().plus(40_000_000)
    }
}

fn sample() -> Sample {
    Sample {
        verdict: EventVerdict {
            publish: PublishVerdict::Published,
            consumers: vec![ConsumerVerdict::Processed, ConsumerVerdict::LostByConsumer],
            flags: Flags::DUPLICATE,
            phase: Phase::Confirmed,
            basis: MatchBasis::Id,
        },
        consumers: vec!["inventory".to_owned(), "search".to_owned()],
    }
}

#[test]
fn filters_that_let_the_event_through() {
    for text in [
        "",
        "verdict:missing",
        "verdict:missing and type ~ \"Product*\" and age > 30s",
        "consumer.search:lost-by-consumer",
        "consumer:search consumer.inventory:processed",
        "not consumer:inventory",
        "verdict:pending or (flag:duplicate phase:confirmed)",
        "aggregate:4711",
        "aggregate = product/4711",
        "id:{0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20}",
        "at >= 2026-11-20T14:03:12Z at < 2026-11-20T14:03:13Z",
        "version >= 8",
        "renamed",
        "type != ProductCreated",
        "verdict != arrived",
    ] {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(filter.matches(&sample()), "{text}");
    }
}

#[test]
fn filters_that_hold_it_back() {
    for text in [
        "verdict:arrived",
        "age > 1m",
        "consumer.inventory:lost-by-consumer",
        "consumer:inventory",
        "flag:skew",
        "type ~ Product",
        "aggregate:471",
        "not (verdict:missing or verdict:late)",
        "otter",
    ] {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(!filter.matches(&sample()), "{text}");
    }
}

/// The text with its error marked: where, what, and what was meant.
fn complaint(text: &str) -> (String, String) {
    let error = Filter::parse(text).expect_err(text);
    (text[error.span.clone()].to_owned(), error.suggestion)
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, at, suggestion) in [
        ("verdct:missing", "verdct", "verdict"),
        ("verdict:mising", "mising", "missing"),
        ("flag:duplicates", "duplicates", "duplicate"),
        ("age > soon", "soon", ""),
        ("at > yesterday", "yesterday", ""),
        ("type ~ \"Pro", "\"Pro", ""),
        ("(verdict:missing", "(", ""),
        ("verdict:missing)", ")", ""),
        ("verdict:", "verdict:", ""),
        (": missing", ":", ""),
        ("colour:red", "colour", ""),
    ] {
        assert_eq!(
            complaint(text),
            (at.to_owned(), suggestion.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn hostile_filters_end_in_an_error() {
    let deep = "(".repeat(100_000);
    assert!(Filter::parse(&deep).is_err());
    assert!(Filter::parse(&"not ".repeat(100_000)).is_err());
    assert!(Filter::parse("verdict:missing and").is_err());
}

#[test]
fn a_filter_that_names_verdicts_or_flags_asks_for_them() {
    let asks = |text: &str| Filter::parse(text).expect(text).names_verdicts();
    for text in [
        "flag:duplicate or flag:payload-mismatch",
        "type ~ \"Product*\" verdict:arrived",
        "verdict:published age > 5m",
        "consumer.search:processed",
        "consumer:search",
        "reason:no-observer",
        "not (type:Order or not verdict:late)",
        "not verdict!=late",
    ] {
        assert!(asks(text), "{text}");
    }
    for text in [
        "",
        "4711",
        "type:Order age > 5m phase:confirmed",
        "type:Order not flag:resent",
        "flag!=duplicate",
        "not (verdict:arrived or id:1)",
    ] {
        assert!(!asks(text), "{text}");
    }
}
