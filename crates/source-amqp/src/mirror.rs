//! Which bindings a tap may have: exactly those that lead to a queue already.
//!
//! A tap with more bindings than the real queues have would take in what is unroutable: the
//! publisher would no longer be told, and the alternate exchange would no longer get it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use waybill_source::{Error, Result};

use crate::management::Management;
use crate::routing::{ExchangeKind, RoutingMap};
use crate::rows::{BindingRow, ExchangeRow};

/// The beginning of the names of all taps, ours and those of other windows.
pub(crate) const TAP_PREFIX: &str = "waybill.tap.";

/// One binding of a tap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mirrored {
    /// The exchange: the tapped one, or one behind it.
    pub(crate) exchange: String,
    /// The key or pattern.
    pub(crate) key: String,
    /// A headers exchange's conditions as JSON, else empty.
    pub(crate) arguments: String,
}

/// Exchanges behind the tapped one whose decisions nobody can mirror.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirror {
    pub(crate) bindings: BTreeSet<Mirrored>,
    /// What flows through these is not seen by the tap.
    pub(crate) opaque: BTreeSet<String>,
}

/// Asks for the exchange and everything behind it.
pub(crate) async fn observe(management: &Management, exchange: &str) -> Result<Option<RoutingMap>> {
    let mut open = vec![exchange.to_owned()];
    let mut seen = BTreeSet::new();
    let (mut exchanges, mut bindings): (Vec<ExchangeRow>, Vec<BindingRow>) =
        (Vec::new(), Vec::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(row) = management.exchange(&name).await? else {
            continue;
        };
        exchanges.push(row);
        let leaving = management.bindings_from(&name).await?;
        open.extend(
            leaving
                .iter()
                .filter(|binding| binding.destination_type == "exchange")
                .map(|binding| binding.destination.clone()),
        );
        bindings.extend(leaving);
    }
    let map = RoutingMap::new(exchanges, bindings);
    Ok(map.exchange(exchange).is_some().then_some(map))
}

/// The bindings of a tap on `exchange`, or why there must be none.
pub(crate) fn mirror(map: &RoutingMap, exchange: &str) -> Result<Mirror> {
    let refuse = |why: String| {
        Err(Error::WouldDisturb {
            name: format!("exchange '{exchange}'"),
            why,
        })
    };
    if exchange.is_empty() {
        return refuse("the default exchange cannot be bound to".to_owned());
    }
    match map.exchange(exchange).map(|row| ExchangeKind::of(&row.kind)) {
        Some(ExchangeKind::Other(kind)) => refuse(format!(
            "an exchange of type {kind} shares its messages out or keeps them back, and a tap would \
             take a share; ask the administrator for an audit stream before it"
        )),
        Some(ExchangeKind::Fanout) if real(map, exchange).next().is_none() => refuse(
            "it is a fanout exchange without a queue, so a tap would make routable what is returned \
             to the publisher now"
                .to_owned(),
        ),
        _ => Ok(collect(map, exchange)),
    }
}

fn collect(map: &RoutingMap, exchange: &str) -> Mirror {
    let mut mirror = Mirror::default();
    let mut open = vec![exchange];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        let Some(row) = map.exchange(name) else {
            continue;
        };
        let kind = ExchangeKind::of(&row.kind);
        if matches!(kind, ExchangeKind::Other(_)) {
            mirror.opaque.insert(name.to_owned());
            continue;
        }
        for binding in real(map, name) {
            if binding.destination_type == "exchange" {
                // Bound where its queues are: the tapped exchange alone does not know whether
                // anything behind it takes the message.
                open.push(&binding.destination);
            } else {
                mirror.bindings.insert(mirrored(binding, &kind));
            }
        }
    }
    mirror
}

/// Bindings that are not a tap's.
fn real<'a>(map: &'a RoutingMap, exchange: &str) -> impl Iterator<Item = &'a BindingRow> + use<'a> {
    map.bindings_from(exchange)
        .iter()
        .filter(|binding| !binding.destination.starts_with(TAP_PREFIX))
}

fn mirrored(binding: &BindingRow, kind: &ExchangeKind) -> Mirrored {
    let (key, arguments) = match kind {
        ExchangeKind::Fanout => (String::new(), String::new()),
        ExchangeKind::Headers => (binding.routing_key.clone(), json(&binding.arguments)),
        ExchangeKind::Direct | ExchangeKind::Topic | ExchangeKind::Other(_) => {
            (binding.routing_key.clone(), String::new())
        }
    };
    Mirrored {
        exchange: binding.source.clone(),
        key,
        arguments,
    }
}

/// Sorted by name: two bindings that say the same are one, however a server spells them.
fn json(arguments: &Map<String, Value>) -> String {
    let sorted: BTreeMap<&String, &Value> = arguments.iter().collect();
    json!(sorted).to_string()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn binding(from: &str, key: &str, to: &str, arguments: Value) -> BindingRow {
        BindingRow {
            source: from.to_owned(),
            destination: to.to_owned(),
            destination_type: match to.chars().all(char::is_uppercase) {
                true => "exchange".to_owned(),
                false => "queue".to_owned(),
            },
            routing_key: key.to_owned(),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
        }
    }

    /// Exchanges have upper-case names: Direct, Topic, Fanout, Headers, Random.
    fn check(exchange: &str, bindings: Vec<BindingRow>, expected: Expect) {
        let kinds = [
            ("D", "direct"),
            ("T", "topic"),
            ("F", "fanout"),
            ("H", "headers"),
            ("R", "x-random"),
        ];
        let exchanges = kinds.map(|(name, kind)| ExchangeRow {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..ExchangeRow::default()
        });
        let map = RoutingMap::new(exchanges.into(), bindings);
        let text = match mirror(&map, exchange) {
            Ok(mirror) => {
                let bindings: Vec<String> = mirror
                    .bindings
                    .iter()
                    .map(|b| format!("{} {} {}", b.exchange, b.key, b.arguments))
                    .collect();
                format!("{bindings:?} opaque {:?}", mirror.opaque)
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn a_tap_gets_the_keys_of_real_queues_once_and_no_other() {
        let none = || json!({});
        check(
            "T",
            vec![
                binding("T", "product.*", "search", none()),
                binding("T", "product.*", "inventory", none()),
                binding("T", "#", "waybill.tap.1", none()),
            ],
            expect![[r#"["T product.* "] opaque {}"#]],
        );
        check(
            "H",
            vec![binding(
                "H",
                "",
                "search",
                json!({"x-match": "any", "kind": 1}),
            )],
            expect![[r#"["H  {\"kind\":1,\"x-match\":\"any\"}"] opaque {}"#]],
        );
        check("D", vec![], expect![[r#"[] opaque {}"#]]);
    }

    #[test]
    fn exchanges_behind_are_mirrored_where_their_queues_are() {
        let none = || json!({});
        check(
            "T",
            vec![
                binding("T", "a.#", "F", none()),
                binding("F", "ignored", "search", none()),
                binding("F", "", "T", none()),
                binding("T", "b", "R", none()),
                binding("R", "1", "shard", none()),
            ],
            expect![[r#"["F  "] opaque {"R"}"#]],
        );
    }

    #[test]
    fn some_exchanges_must_not_be_tapped() {
        check(
            "",
            vec![],
            expect![
                "exchange '' cannot be read without disturbing it: the default exchange cannot be bound to"
            ],
        );
        check(
            "R",
            vec![],
            expect![
                "exchange 'R' cannot be read without disturbing it: an exchange of type x-random shares its messages out or keeps them back, and a tap would take a share; ask the administrator for an audit stream before it"
            ],
        );
        check(
            "F",
            vec![binding("F", "", "waybill.tap.7", json!({}))],
            expect![
                "exchange 'F' cannot be read without disturbing it: it is a fanout exchange without a queue, so a tap would make routable what is returned to the publisher now"
            ],
        );
    }
}
