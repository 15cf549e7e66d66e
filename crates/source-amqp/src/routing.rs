//! Where a message would go today: the broker's bindings, evaluated here. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::rows::{BindingRow, ExchangeRow};

/// How an exchange decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExchangeKind {
    /// The key is the binding's key.
    Direct,
    /// The key matches the binding's pattern.
    Topic,
    /// Always.
    Fanout,
    /// By headers.
    Headers,
    /// A plug-in's way; nobody but the broker knows it.
    Other(String),
}

impl ExchangeKind {
    pub(crate) fn of(text: &str) -> Self {
        match text {
            "direct" => Self::Direct,
            "topic" => Self::Topic,
            "fanout" => Self::Fanout,
            "headers" => Self::Headers,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Exchanges and bindings of one virtual host.
#[derive(Debug, Default)]
pub(crate) struct RoutingMap {
    exchanges: BTreeMap<String, ExchangeRow>,
    bindings: BTreeMap<String, Vec<BindingRow>>,
}

/// Where a message would go.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Queues it certainly reaches.
    pub(crate) queues: BTreeSet<String>,
    /// Queues it may reach: a headers exchange or a plug-in's exchange stands before them.
    pub(crate) perhaps: BTreeSet<String>,
    /// The alternate exchange that takes it because no binding matches.
    pub(crate) alternate: Option<String>,
}

impl RoutingMap {
    pub(crate) fn new(exchanges: Vec<ExchangeRow>, bindings: Vec<BindingRow>) -> Self {
        let mut map = Self::default();
        for exchange in exchanges {
            map.exchanges.insert(exchange.name.clone(), exchange);
        }
        for binding in bindings {
            map.bindings
                .entry(binding.source.clone())
                .or_default()
                .push(binding);
        }
        map
    }

    pub(crate) fn exchange(&self, name: &str) -> Option<&ExchangeRow> {
        self.exchanges.get(name)
    }

    /// The bindings that leave an exchange.
    pub(crate) fn bindings_from(&self, exchange: &str) -> &[BindingRow] {
        self.bindings.get(exchange).map_or(&[], Vec::as_slice)
    }

    /// Where a message with this key, published to this exchange, goes.
    pub(crate) fn reached(&self, exchange: &str, key: &str) -> Reached {
        let mut reached = Reached::default();
        let mut visited = BTreeSet::new();
        self.walk(exchange, key, true, &mut visited, &mut reached);
        reached
    }

    /// Whether any binding at all leads from the exchange to the queue.
    pub(crate) fn leads_to(&self, exchange: &str, queue: &str) -> bool {
        let mut open = vec![exchange];
        let mut visited = BTreeSet::new();
        while let Some(exchange) = open.pop() {
            if !visited.insert(exchange) {
                continue;
            }
            for binding in self.bindings_from(exchange) {
                match binding.destination_type.as_str() {
                    "exchange" => open.push(&binding.destination),
                    _ if binding.destination == queue => return true,
                    _ => {}
                }
            }
        }
        false
    }

    fn walk<'a>(
        &'a self,
        exchange: &'a str,
        key: &str,
        certain: bool,
        visited: &mut BTreeSet<&'a str>,
        reached: &mut Reached,
    ) {
        if !visited.insert(exchange) {
            return;
        }
        let Some(row) = self.exchanges.get(exchange) else {
            return;
        };
        let kind = ExchangeKind::of(&row.kind);
        let mut matched = false;
        for binding in self.bindings_from(exchange) {
            let matches = match &kind {
                ExchangeKind::Direct => (binding.routing_key == key).then_some(certain),
                ExchangeKind::Topic => topic_matches(&binding.routing_key, key).then_some(certain),
                ExchangeKind::Fanout => Some(certain),
                ExchangeKind::Headers | ExchangeKind::Other(_) => Some(false),
            };
            let Some(certain) = matches else {
                continue;
            };
            matched = true;
            if binding.destination_type == "exchange" {
                self.walk(&binding.destination, key, certain, visited, reached);
            } else if certain {
                reached.queues.insert(binding.destination.clone());
            } else {
                reached.perhaps.insert(binding.destination.clone());
            }
        }
        let alternate = row
            .arguments
            .get("alternate-exchange")
            .and_then(Value::as_str);
        if let (false, Some(alternate)) = (matched, alternate) {
            reached
                .alternate
                .get_or_insert_with(|| alternate.to_owned());
            self.walk(alternate, key, certain, visited, reached);
        }
    }
}

/// Whether every key that `other` matches is matched by `one`; no for some that do, as a word of
/// each is held against one of the other.
pub(crate) fn pattern_contains(one: &str, other: &str) -> bool {
    fn words(one: &[&str], other: &[&str]) -> bool {
        match (one.split_first(), other.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), _) => {
                words(rest, other) || (!other.is_empty() && words(one, &other[1..]))
            }
            // Any number of words is more than one.
            (Some(_), Some((&"#", _))) | (Some(_), None) | (None, Some(_)) => false,
            (Some((&first, rest)), Some((&word, others))) => {
                (first == "*" || first == word) && words(rest, others)
            }
        }
    }
    fn split(text: &str) -> Vec<&str> {
        let words = text.split('.');
        words.filter(|_| !text.is_empty()).collect()
    }
    words(&split(one), &split(other))
}

/// `*` is one word, `#` any number of words, words are separated by dots.
fn topic_matches(pattern: &str, key: &str) -> bool {
    fn words(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern.split_first(), key.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), _) => {
                words(rest, key) || (!key.is_empty() && words(pattern, &key[1..]))
            }
            (Some((&first, rest)), Some((&word, others))) => {
                (first == "*" || first == word) && words(rest, others)
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
    fn split(text: &str) -> Vec<&str> {
        if text.is_empty() {
            return Vec::new();
        }
        text.split('.').collect()
    }
    words(&split(pattern), &split(key))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn exchange(name: &str, kind: &str, alternate: Option<&str>) -> ExchangeRow {
        let mut row = ExchangeRow {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..ExchangeRow::default()
        };
        if let Some(alternate) = alternate {
            row.arguments
                .insert("alternate-exchange".to_owned(), json!(alternate));
        }
        row
    }

    /// `from -key-> to`, where `to` in upper case is an exchange.
    fn binding(text: &str) -> BindingRow {
        let (from, rest) = text.split_once(" -").expect("from -key-> to");
        let (key, to) = rest.split_once("-> ").expect("from -key-> to");
        let is_exchange = to.chars().all(char::is_uppercase);
        BindingRow {
            source: from.to_owned(),
            destination: to.to_owned(),
            destination_type: if is_exchange { "exchange" } else { "queue" }.to_owned(),
            routing_key: key.to_owned(),
            ..BindingRow::default()
        }
    }

    fn map(bindings: &[&str]) -> RoutingMap {
        let exchanges = vec![
            exchange("D", "direct", None),
            exchange("T", "topic", Some("F")),
            exchange("F", "fanout", None),
            exchange("H", "headers", None),
            exchange("X", "x-consistent-hash", None),
        ];
        RoutingMap::new(
            exchanges,
            bindings.iter().map(|text| binding(text)).collect(),
        )
    }

    fn check(bindings: &[&str], exchange: &str, key: &str, expected: Expect) {
        let Reached {
            queues,
            perhaps,
            alternate,
        } = map(bindings).reached(exchange, key);
        expected.assert_eq(&format!(
            "{queues:?} perhaps {perhaps:?} alternate {alternate:?}"
        ));
    }

    #[test]
    fn a_message_goes_where_bindings_lead() {
        check(
            &["D -a-> q1", "D -b-> q2", "D -a-> q3"],
            "D",
            "a",
            expect![[r#"{"q1", "q3"} perhaps {} alternate None"#]],
        );
        check(
            &["T -product.#-> q1", "F --> spare"],
            "T",
            "product.created.v1",
            expect![[r#"{"q1"} perhaps {} alternate None"#]],
        );
        check(
            &["T -product.#-> q1", "F --> spare"],
            "T",
            "order.created",
            expect![[r#"{"spare"} perhaps {} alternate Some("F")"#]],
        );
        check(
            &["D -a-> F", "F -x-> q1", "F --> D", "D -a-> q2"],
            "D",
            "a",
            expect![[r#"{"q1", "q2"} perhaps {} alternate None"#]],
        );
        check(
            &["D -a-> X", "X -1-> q1", "H --> q2", "D -a-> H"],
            "D",
            "a",
            expect![[r#"{} perhaps {"q1", "q2"} alternate None"#]],
        );
        check(
            &[],
            "nowhere",
            "a",
            expect![[r#"{} perhaps {} alternate None"#]],
        );
    }

    #[test]
    fn topic_patterns_match_by_words() {
        for (pattern, key, expected) in [
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.*", "a.b.c", false),
            ("#", "", true),
            ("#", "a.b", true),
            ("a.#", "a", true),
            ("a.#.c", "a.c", true),
            ("a.#.c", "a.b.b.c", true),
            ("a.#.c", "a.b", false),
            ("*", "", false),
            ("", "", true),
        ] {
            assert_eq!(topic_matches(pattern, key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn a_pattern_may_take_all_that_another_takes() {
        for (one, other, expected) in [
            ("#", "order.#", true),
            ("order.#", "order.*", true),
            ("order.*", "order.#", false),
            ("order.*", "order.paid", true),
            ("order.placed", "order.*", false),
            ("order.#", "order", true),
            ("*.paid", "order.paid", true),
            ("*", "*", true),
            ("*.*", "*", false),
        ] {
            assert_eq!(pattern_contains(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_queue_is_bound_when_any_way_leads_there() {
        let map = map(&["D -a-> F", "F --> q1", "F --> D"]);
        assert!(map.leads_to("D", "q1"));
        assert!(!map.leads_to("D", "q2"));
    }
}
