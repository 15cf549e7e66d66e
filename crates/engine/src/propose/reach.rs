//! What a broker's map says: where an exchange leads, and what its channels are by their names.

use std::collections::BTreeSet;

use waybill_layouts::canon;
use waybill_source::{ChannelKind, Topology};

/// The queues and streams an exchange leads to, over other exchanges as well.
pub(super) fn channels(topology: &Topology, exchange: &str) -> Vec<String> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut next = vec![exchange];
    while let Some(from) = next.pop() {
        let bindings = topology.bindings.iter().filter(|b| b.from == from);
        for binding in bindings {
            if seen.insert(&binding.to) {
                next.push(&binding.to);
            }
        }
    }
    let ends = |name: &&str| {
        matches!(
            kind(topology, name),
            Some(ChannelKind::Queue | ChannelKind::Stream)
        )
    };
    seen.into_iter().filter(ends).map(str::to_owned).collect()
}

/// The streams among them, those that are called an audit first.
pub(super) fn streams(topology: &Topology, exchange: &str) -> Vec<String> {
    let all = channels(topology, exchange).into_iter();
    let mut streams: Vec<String> = all
        .filter(|name| kind(topology, name) == Some(ChannelKind::Stream))
        .filter(|name| !is_dead_letters(name))
        .collect();
    streams.sort_by_key(|name| !canon(name).contains("audit"));
    streams
}

/// The queues among them that are somebody's to consume.
pub(super) fn queues(topology: &Topology, exchange: &str) -> Vec<String> {
    let all = channels(topology, exchange).into_iter();
    all.filter(|name| kind(topology, name) == Some(ChannelKind::Queue))
        .filter(|name| !is_dead_letters(name))
        .collect()
}

/// The topic or stream of a consumer's dead letters: called after it and the destination, after it
/// alone, or, where it is the `only` one, after the destination.
pub(super) fn dead_letters(
    topology: &Topology,
    destination: &str,
    consumer: &str,
    only: bool,
) -> Option<String> {
    let (destination, consumer) = (canon(destination), canon(consumer));
    let rank = |name: &str| {
        let rest: String = words(name)
            .filter(|word| !DEAD.contains(word))
            .map(canon)
            .collect();
        if rest.contains(&destination) && rest.contains(&consumer) {
            Some(0)
        } else if rest == consumer {
            Some(1)
        } else {
            (only && rest == destination).then_some(2)
        }
    };
    let channels = topology.channels.iter();
    let mut found: Vec<(u8, usize, &str)> = channels
        .filter(|channel| matches!(channel.kind, ChannelKind::Topic | ChannelKind::Stream))
        .filter(|channel| is_dead_letters(&channel.name))
        .filter_map(|channel| Some((rank(&channel.name.to_lowercase())?, channel)))
        .map(|(rank, channel)| (rank, channel.name.len(), channel.name.as_str()))
        .collect();
    found.sort_unstable();
    found.first().map(|(_, _, name)| (*name).to_owned())
}

/// Words that say that what is there could not be processed.
const DEAD: [&str; 11] = [
    "dlt",
    "dlq",
    "dlx",
    "dead",
    "letter",
    "letters",
    "deadletter",
    "deadletters",
    "error",
    "errors",
    "poison",
];

fn words(name: &str) -> impl Iterator<Item = &str> {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}

/// Whether a channel is one of dead letters by its name.
pub(super) fn is_dead_letters(name: &str) -> bool {
    let says = |word: &str| DEAD.contains(&word) && !word.starts_with("letter");
    words(&name.to_lowercase()).any(says) || canon(name).contains("deadletter")
}

fn kind(topology: &Topology, name: &str) -> Option<ChannelKind> {
    let named = topology
        .channels
        .iter()
        .filter(|channel| channel.name == name);
    // A queue and an exchange may have the same name; the queue is where it ends.
    named
        .map(|channel| channel.kind)
        .max_by_key(|kind| *kind != ChannelKind::Exchange)
}

#[cfg(test)]
mod tests {
    use waybill_source::{Binding, Channel};

    use super::*;

    fn topology() -> Topology {
        let channel = |(name, kind): (&str, ChannelKind)| Channel {
            name: name.to_owned(),
            kind,
            partitions: 1,
            depth: None,
            consumers: None,
            may_drop: None,
        };
        let binding = |(from, to): (&str, &str)| Binding {
            from: from.to_owned(),
            to: to.to_owned(),
            key: "#".to_owned(),
        };
        Topology {
            channels: [
                ("products", ChannelKind::Exchange),
                ("search", ChannelKind::Exchange),
                ("search", ChannelKind::Queue),
                ("products.dlq", ChannelKind::Queue),
                ("products.log", ChannelKind::Stream),
                ("products.audit", ChannelKind::Stream),
                ("search.dead-letters", ChannelKind::Stream),
                ("elsewhere", ChannelKind::Queue),
            ]
            .map(channel)
            .into(),
            bindings: [
                ("products", "search"),
                ("search", "search"),
                ("products", "products.log"),
                ("products", "products.audit"),
                ("products", "products.dlq"),
                ("search", "products"),
            ]
            .map(binding)
            .into(),
            groups: Vec::new(),
        }
    }

    #[test]
    fn an_exchange_leads_over_others_and_round_in_circles() {
        let topology = topology();
        assert_eq!(queues(&topology, "products"), ["search"]);
        assert_eq!(
            streams(&topology, "products"),
            ["products.audit", "products.log"]
        );
        let of = |destination: &str, consumer: &str, only: bool| {
            dead_letters(&topology, destination, consumer, only)
        };
        let found = Some("search.dead-letters".to_owned());
        assert_eq!(of("products", "search", false), found);
        assert_eq!(of("products", "billing", false), None);
        assert_eq!(of("search", "billing", true), found);
        assert_eq!(of("search", "billing", false), None);
        assert_eq!(
            of("products", "sea", false),
            None,
            "a part of a name is no name"
        );
    }

    #[test]
    fn dead_letters_are_told_by_their_names() {
        for name in [
            "orders.DLT",
            "orders-dlq",
            "dead-letter-orders",
            "OrdersDeadLetter",
            "error.orders",
        ] {
            assert!(is_dead_letters(name), "{name}");
        }
        for name in ["orders", "deadline-changed", "terrors", "middlt"] {
            assert!(!is_dead_letters(name), "{name}");
        }
    }
}
