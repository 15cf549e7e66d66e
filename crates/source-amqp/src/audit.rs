//! Whether an audit stream gets all that its exchange routes.
//!
//! What a queue gets and the stream does not is on no record: its absence from the stream says
//! nothing.

use std::collections::BTreeSet;

use serde_json::Value;
use waybill_model::GapReason;
use waybill_source::{CopyQuery, CopyRole};

use crate::hub::Hub;
use crate::mirror::{TAP_PREFIX, observe};
use crate::routing::{ExchangeKind, RoutingMap, pattern_contains};
use crate::rows::BindingRow;

/// Why the stream may lack what its exchange routes; `None` when it does not, or when nobody can be
/// asked.
pub(crate) async fn lacks(hub: &Hub, query: &CopyQuery) -> Option<GapReason> {
    let management = hub.management()?;
    let exchange = query.exchange.as_deref().filter(|name| !name.is_empty())?;
    if query.role != CopyRole::Destination {
        return None;
    }
    // When it does not answer, nothing can be said; whoever needs it will hear of it.
    let map = observe(management, exchange).await.ok()??;
    if !map.leads_to(exchange, &query.channel) {
        // It may stand before the exchange, where it gets more rather than less.
        let all = management.bindings().await.ok()?;
        let is_bound = |it: &BindingRow| it.destination == query.channel && !it.source.is_empty();
        let nothing = || GapReason::NotBound("anything".to_owned());
        return (!all.iter().any(is_bound)).then(nothing);
    }
    let missing = Vec::from_iter(unbound(&map, exchange, &query.channel));
    (!missing.is_empty()).then(|| GapReason::NotBound(missing.join(", ")))
}

/// The keys under which messages reach a queue and perhaps not the stream.
fn unbound(map: &RoutingMap, exchange: &str, stream: &str) -> BTreeSet<String> {
    let mut walk = Walk {
        map,
        stream,
        visited: BTreeSet::new(),
        missing: BTreeSet::new(),
    };
    walk.through(exchange);
    walk.missing
}

struct Walk<'a> {
    map: &'a RoutingMap,
    stream: &'a str,
    visited: BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn through(&mut self, exchange: &str) {
        if !self.visited.insert(exchange.to_owned()) {
            return;
        }
        let map = self.map;
        let Some(row) = map.exchange(exchange) else {
            return;
        };
        let kind = ExchangeKind::of(&row.kind);
        let covering: Vec<&BindingRow> =
            self.bindings(exchange).filter(|b| self.covers(b)).collect();
        for binding in self.bindings(exchange).collect::<Vec<_>>() {
            let is_covered = covering.iter().any(|it| contains(&kind, it, binding));
            if self.leads_to_stream_only(binding) || is_covered {
                continue;
            }
            let behind = &binding.destination;
            if binding.destination_type != "exchange" {
                self.missing.insert(named(&kind, binding));
            } else if map.leads_to(behind, self.stream) {
                self.through(behind);
            } else if self.has_queue(behind) {
                self.missing.insert(named(&kind, binding));
            }
        }
        let alternate = row.arguments.get("alternate-exchange");
        let all = covering.iter().any(|it| takes_all(&kind, it));
        if let (false, Some(alternate)) = (all, alternate.and_then(Value::as_str))
            && !map.leads_to(alternate, self.stream)
        {
            let taken = format!("what no binding takes and '{alternate}' gets");
            self.missing.insert(taken);
        }
    }

    /// The bindings of an exchange that are no tap's.
    fn bindings(&self, exchange: &str) -> impl Iterator<Item = &'a BindingRow> + use<'a> {
        let all = self.map.bindings_from(exchange).iter();
        all.filter(|it| !it.destination.starts_with(TAP_PREFIX))
    }

    /// Whether the stream gets whatever a binding takes.
    fn covers(&self, binding: &BindingRow) -> bool {
        if binding.destination_type != "exchange" {
            return binding.destination == self.stream;
        }
        let Some(row) = self.map.exchange(&binding.destination) else {
            return false;
        };
        let kind = ExchangeKind::of(&row.kind);
        self.bindings(&binding.destination).any(|next| {
            next.destination_type != "exchange"
                && next.destination == self.stream
                && takes_all(&kind, next)
        })
    }

    fn leads_to_stream_only(&self, binding: &BindingRow) -> bool {
        binding.destination_type != "exchange" && binding.destination == self.stream
    }

    /// Whether anything but taps hangs behind an exchange.
    fn has_queue(&self, exchange: &str) -> bool {
        let mut open = vec![exchange.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            for binding in self.bindings(&name) {
                if binding.destination_type != "exchange" {
                    return true;
                }
                open.push(binding.destination.clone());
            }
        }
        false
    }
}

/// Whether one binding takes all that another takes.
fn contains(kind: &ExchangeKind, one: &BindingRow, other: &BindingRow) -> bool {
    match kind {
        ExchangeKind::Fanout => true,
        ExchangeKind::Direct => one.routing_key == other.routing_key,
        ExchangeKind::Topic => pattern_contains(&one.routing_key, &other.routing_key),
        ExchangeKind::Headers => one.arguments == other.arguments || takes_all(kind, one),
        // It shares its messages out, or nobody knows how it decides.
        ExchangeKind::Other(_) => false,
    }
}

/// Whether a binding takes everything that its exchange gets.
fn takes_all(kind: &ExchangeKind, binding: &BindingRow) -> bool {
    match kind {
        ExchangeKind::Fanout => true,
        ExchangeKind::Topic => binding.routing_key == "#",
        ExchangeKind::Headers => {
            let any = binding.arguments.get("x-match").and_then(Value::as_str) == Some("any");
            !any && binding.arguments.keys().all(|name| name.starts_with("x-"))
        }
        ExchangeKind::Direct | ExchangeKind::Other(_) => false,
    }
}

fn named(kind: &ExchangeKind, binding: &BindingRow) -> String {
    match kind {
        ExchangeKind::Direct | ExchangeKind::Topic => binding.routing_key.clone(),
        ExchangeKind::Fanout => format!("all that '{}' gets", binding.source),
        ExchangeKind::Headers => format!("the headers that lead to '{}'", binding.destination),
        ExchangeKind::Other(_) => format!("what '{}' shares out", binding.source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::ExchangeRow;

    /// `FROM key TO`; what is written in upper case is an exchange, of the kind that it begins with.
    fn missing(bindings: &[&str]) -> String {
        let exchange = |name: &str| ExchangeRow {
            name: name.to_owned(),
            kind: match name.as_bytes()[0] {
                b'D' => "direct",
                b'T' => "topic",
                b'F' => "fanout",
                _ => "x-consistent-hash",
            }
            .to_owned(),
            ..ExchangeRow::default()
        };
        let is_exchange = |name: &str| name.chars().all(char::is_uppercase);
        let rows = bindings.iter().map(|text| {
            let mut words = text.split(' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            let (source, routing_key, destination) = (word(), word(), word());
            let kind = if is_exchange(&destination) {
                "exchange"
            } else {
                "queue"
            };
            BindingRow {
                source,
                destination_type: kind.to_owned(),
                destination,
                routing_key,
                ..BindingRow::default()
            }
        });
        let rows: Vec<BindingRow> = rows.collect();
        let exchanges = ["D", "T", "TT", "F", "X"].map(exchange);
        let start = rows[0].source.clone();
        let map = RoutingMap::new(exchanges.into(), rows);
        Vec::from_iter(unbound(&map, &start, "audit")).join(", ")
    }

    #[test]
    fn what_a_queue_gets_and_the_stream_does_not_is_told() {
        for (bindings, expected) in [
            (&["T order.# search", "T order.placed audit"][..], "order.#"),
            (&["T order.# search", "T # audit"], ""),
            (&["T order.placed search", "T order.* audit"], ""),
            (
                &["T order.placed search", "T order.* audit", "T a crm"],
                "a",
            ),
            (&["T a waybill.tap.1", "T b audit"], ""),
            (&["D a search", "D a audit", "D b crm"], "b"),
            (&["F - search", "F - audit"], ""),
            (&["X 1 search", "X 1 audit"], "what 'X' shares out"),
            // Behind another exchange.
            (&["T order.# F", "F - search", "F - audit"], ""),
            (
                &[
                    "T order.# TT",
                    "TT order.paid search",
                    "TT order.placed audit",
                ],
                "order.paid",
            ),
            (&["T a F", "F - search", "T # audit"], ""),
            (&["T a F", "F - search", "T b audit"], "a"),
            (&["T a F", "T b audit"], ""),
        ] {
            assert_eq!(missing(bindings), expected, "{bindings:?}");
        }
    }
}
