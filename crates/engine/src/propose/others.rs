//! Whose messages count, where others publish to the same destination.
//!
//! Messages whose row is in the outbox are this service's own. Where all of them carry one and the
//! same value at a place that tells who published it, and what has no row carries another one
//! there, that is another service's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use waybill_model::{Carrier, Carriers, Wanted};
use waybill_source::RowKey;

use super::letters::Letter;
use crate::publishers::tells_publisher;

/// Own messages that all say the same, at least.
const OWN: usize = 5;

/// … and where only the values speak for a place, not its name.
const OWN_ELSEWHERE: usize = 20;

/// Others that say something else there, all of them and at least so many.
const OTHERS_ELSEWHERE: usize = 3;

/// Whose messages count at one destination, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counting {
    pub(super) only: BTreeMap<Carrier, Wanted>,
    pub(super) why: Option<String>,
}

/// What tells own messages of a destination from those of others; nothing where all are its own.
pub(super) fn counting(
    name: &str,
    letters: &[Letter],
    matched: &Carriers,
    rows: &HashMap<String, RowKey>,
) -> Counting {
    let has_row = |letter: &&Letter| {
        let mut ids = matched.id.iter().filter_map(|place| letter.text(place));
        ids.any(|id| rows.contains_key(&id))
    };
    let (own, others): (Vec<&Letter>, Vec<&Letter>) = letters.iter().partition(has_row);
    let mut places: Vec<Carrier> = Vec::new();
    for place in own.iter().flat_map(|letter| letter.carriers()) {
        if !places.contains(&place) && !is_of_the_event(&place, matched) {
            places.push(place);
        }
    }
    places.sort_by_key(|place| !tells_publisher(place));
    let splits = places.iter().find_map(|place| split(place, &own, &others));
    splits.map_or_else(Counting::default, |split| split.counting(name, own.len()))
}

/// Where the event itself is told, a value that was not seen yet may be the next one's.
fn is_of_the_event(place: &Carrier, matched: &Carriers) -> bool {
    let Carriers {
        id,
        kind,
        aggregate,
        version,
    } = matched;
    let mut told = id.iter().chain(kind).chain(aggregate).chain(version);
    told.any(|known| known == place)
        || matches!(
            place,
            Carrier::Key | Carrier::RoutingKey | Carrier::TypeProperty
        )
}

/// A place that tells own messages from others.
struct Split<'a> {
    place: &'a Carrier,
    own: String,
    /// What others say there, and how many of them.
    others: BTreeSet<String>,
    n_others: usize,
    /// All that have no row.
    n_without_row: usize,
}

fn split<'a>(place: &'a Carrier, own: &[&Letter], others: &[&Letter]) -> Option<Split<'a>> {
    let said: Option<BTreeSet<String>> = own.iter().map(|letter| letter.text(place)).collect();
    let mut said = said?.into_iter();
    let (value, None) = (said.next()?, said.next()) else {
        return None;
    };
    let elsewhere: Vec<String> = others
        .iter()
        .filter_map(|letter| letter.text(place))
        .filter(|text| *text != value)
        .collect();
    let enough = if tells_publisher(place) {
        own.len() >= OWN && !elsewhere.is_empty()
    } else {
        own.len() >= OWN_ELSEWHERE
            && elsewhere.len() >= OTHERS_ELSEWHERE
            && elsewhere.len() == others.len()
    };
    enough.then(|| Split {
        place,
        own: value,
        n_others: elsewhere.len(),
        others: elsewhere.into_iter().collect(),
        n_without_row: others.len(),
    })
}

impl Split<'_> {
    fn counting(self, name: &str, n_own: usize) -> Counting {
        let others: Vec<&str> = self.others.iter().map(String::as_str).take(5).collect();
        let why = format!(
            "{} tells whose messages of {name} count: all {n_own} that have a row say '{}', {} of the {} without one say '{}'.",
            self.place,
            self.own,
            self.n_others,
            self.n_without_row,
            others.join("', '")
        );
        // A star at the end would stand for anything.
        let wanted = match self.own.strip_suffix('*') {
            Some(start) => format!("{start}\\*"),
            None => self.own,
        };
        Counting {
            only: BTreeMap::from([(self.place.clone(), Wanted(vec![wanted]))]),
            why: Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::{Clock, Coordinate, Copy, Micros, Stamp};

    use super::*;

    fn letter(no: usize, headers: &[(&str, &str)]) -> Letter {
        let id = format!("e{no}");
        let headers = headers.iter().copied().chain([("id", id.as_str())]);
        let headers =
            headers.map(|(name, value)| (name.to_owned(), Some(value.as_bytes().to_vec())));
        Letter::new(
            Copy {
                coordinate: Coordinate::Record {
                    topic: "orders".to_owned(),
                    partition: 0,
                    offset: 0,
                },
                stamp: Stamp {
                    at: Micros(0),
                    clock: Clock::App,
                    resolution_micros: 1,
                },
                key: None,
                headers: headers.collect(),
                properties: Vec::new(),
                payload: None,
                payload_len: 0,
            },
            false,
        )
    }

    /// Rows of `e0` to `e29`; 30 own messages with these headers, and others with those.
    fn told(own: &[(&str, &str)], others: &[&[(&str, &str)]]) -> String {
        let own = (0..30).map(|no| letter(no, own));
        let others = (100..).zip(others).map(|(no, headers)| letter(no, headers));
        let letters: Vec<Letter> = own.chain(others).collect();
        let rows = (0..30).map(|no| (format!("e{no}"), RowKey(no.to_string())));
        let matched = Carriers {
            id: vec![Carrier::Header("id".to_owned())],
            kind: vec![Carrier::Header("type".to_owned())],
            ..Carriers::default()
        };
        let found = counting("orders", &letters, &matched, &rows.collect());
        let only = found.only.iter();
        only.map(|(place, wanted)| format!("{place}={}", wanted.0.join("|")))
            .collect()
    }

    #[test]
    fn what_all_own_messages_say_and_others_do_not() {
        let shop = [("source", "shop")];
        let billing: &[(&str, &str)] = &[("source", "billing")];
        assert_eq!(told(&shop, &[billing]), "header:source=shop");
        // A message of its own without a row is a phantom, whoever else is there.
        assert_eq!(told(&shop, &[&shop, billing]), "header:source=shop");
        assert_eq!(told(&shop, &[&shop]), "");
        assert_eq!(told(&shop, &[&[]]), "");
        assert_eq!(told(&[], &[billing]), "");
        assert_eq!(told(&[("source", "a*")], &[billing]), "header:source=a\\*");
        // A new type of its own is no other service's.
        let paid: &[(&str, &str)] = &[("type", "paid")];
        assert_eq!(told(&[("type", "placed")], &[paid; 9]), "");
        // Nothing but the values speaks for it.
        let avro: &[(&str, &str)] = &[("format", "avro")];
        let json = [("format", "json")];
        assert_eq!(told(&json, &[avro; 2]), "");
        assert_eq!(told(&json, &[avro; 3]), "header:format=json");
        assert_eq!(told(&json, &[avro, avro, avro, &json]), "");
    }
}
