//! Makes the message of a row.

use waybill_model::Micros;

use super::body::{Body, constant_word};
use super::learn::header;
use super::sheet::Sheet;
use super::spread::Spread;
use super::state::{Kinds, MADE_UP, source};
use super::way::{Maker, SENDING, Way, make};
use super::{Said, Sample, Wire};
use crate::content::same;

/// How a row becomes a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub(super) key: Vec<Way>,
    pub(super) spread: Option<Spread>,
    pub(super) headers: Vec<(String, Vec<Way>)>,
    pub(super) properties: Vec<(String, Vec<Way>)>,
    pub(super) body: Option<Body>,
    /// What messages have and nobody can rebuild, because it tells of their handling.
    pub(super) left_out: Vec<String>,
    /// How many ids are made anew for each message.
    pub(super) new_ids: usize,
    /// Of business rows: for which of them messages were seen.
    pub(super) kinds: Option<Kinds>,
    pub(super) care: Care,
}

/// What is told instead of made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Care {
    /// Nothing: the best way is taken.
    None,
    /// Ways that disagree about a value.
    #[default]
    Usual,
    /// Also whether a value that is not there is left out or null, and rows of a kind that no
    /// message was seen of.
    Strict,
}

/// The message of a row.
pub type Rebuilt = Wire;

/// A part of a message and where its value comes from, as a plan tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// `key`, a header, a property, or a pointer into the body.
    pub part: String,
    /// A column, `what all samples had`, a time …
    pub from: String,
}

impl Form {
    /// The message of a row as it would be sent at `now`; or why it cannot be told, a part of a
    /// sentence.
    pub fn rebuild(&self, sheet: &Sheet, now: Micros) -> Result<Rebuilt, String> {
        if let Some(why) = self.unsure(sheet) {
            return Err(why);
        }
        match self.new_ids {
            0 => self.made_of(sheet, now),
            n => self.made_of(&sheet.with_new_ids(n), now),
        }
    }

    fn made_of(&self, sheet: &Sheet, now: Micros) -> Result<Rebuilt, String> {
        let made = |what: &str, ways: &[Way]| {
            make(ways, sheet, now, self.care).map_err(|why| format!("its {what} {why}"))
        };
        let mut headers: Vec<(String, Option<Vec<u8>>)> = Vec::new();
        let spread = match &self.spread {
            Some(spread) => spread.make(sheet)?,
            None => Vec::new(),
        };
        let named = self
            .headers
            .iter()
            .map(|(name, ways)| Ok((name.clone(), made(&format!("header {name}"), ways)?)));
        let named: Vec<(String, Said)> = named.collect::<Result<_, String>>()?;
        let own = |name: &String| named.iter().any(|(n, _)| n == name);
        let spread = spread.into_iter().filter(|(name, _)| !own(name));
        for (name, said) in spread.chain(named.clone()) {
            match said {
                Said::Nothing => {}
                Said::Null => headers.push((name, None)),
                Said::Bytes(bytes) => headers.push((name, Some(bytes))),
            }
        }
        let mut properties = Vec::new();
        for (name, ways) in &self.properties {
            if let Said::Bytes(bytes) = made(name, ways)? {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                properties.push((name.clone(), text));
            }
        }
        let key = made("key", &self.key)?;
        Ok(Wire {
            key: key.bytes().map(<[u8]>::to_vec),
            headers,
            properties,
            payload: match &self.body {
                Some(body) => body.make(sheet, now, self.care)?,
                None => None,
            },
        })
    }

    /// Why the message of a row like this one is not known.
    pub(super) fn unsure(&self, sheet: &Sheet) -> Option<String> {
        let kinds = self.kinds.as_ref().filter(|_| self.care == Care::Strict)?;
        kinds.unseen(sheet)
    }

    /// The same, making what it knows best and doubting nothing: what somebody wants all the same.
    pub fn without_care(&self) -> Self {
        Self {
            care: Care::None,
            ..self.clone()
        }
    }

    /// Whether it makes a body.
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Where each part of a message comes from.
    pub fn sources(&self) -> Vec<Made> {
        let mut found: Vec<(String, String)> = Vec::new();
        if !self.key.is_empty() {
            found.push(("key".to_owned(), source(&self.key)));
        }
        for (name, ways) in &self.headers {
            found.push((format!("header {name}"), source(ways)));
        }
        for (name, ways) in &self.properties {
            found.push((name.clone(), source(ways)));
        }
        found.extend(self.body.iter().flat_map(Body::sources));
        let made = found.into_iter();
        made.map(|(part, from)| Made { part, from }).collect()
    }

    /// Parts whose value is an id that is made anew.
    pub fn made_up(&self) -> Vec<String> {
        let made = self.sources().into_iter();
        let made_up = made.filter(|made| made.from == MADE_UP);
        made_up.map(|made| made.part).collect()
    }

    /// Parts that tell when a message was sent.
    pub fn times_of_sending(&self) -> Vec<String> {
        let made = self.sources().into_iter();
        let sent = made.filter(|made| made.from == SENDING);
        sent.map(|made| made.part).collect()
    }

    /// Words that all messages have, with where they stand.
    pub(super) fn words(&self) -> Vec<(String, String)> {
        let headers = self
            .headers
            .iter()
            .map(|(name, ways)| (format!("header {name}"), ways));
        let properties = self
            .properties
            .iter()
            .map(|(name, ways)| (name.clone(), ways));
        let key = std::iter::once(("key".to_owned(), &self.key));
        let parts = key.chain(headers).chain(properties);
        let mut found: Vec<(String, String)> = parts
            .filter_map(|(part, ways)| constant_word(&part, ways))
            .collect();
        found.extend(self.body.iter().flat_map(Body::words));
        found
    }

    /// What messages of this flow have and a rebuilt one has not.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// In which parts the message of this row is another one than was seen.
    pub(super) fn differences(&self, sample: &Sample) -> Vec<String> {
        let made = match self.made_of(&sample.sheet, sample.stamp) {
            Ok(made) => made,
            Err(why) => return vec![why],
        };
        let mut found = Vec::new();
        if made.key != sample.wire.key {
            found.push("the message has another key than the row's rebuilt one".to_owned());
        }
        found.extend(self.headers_differ(&made, &sample.wire));
        for (name, value) in &sample.wire.properties {
            let there = made.properties.iter().find(|(n, _)| n == name);
            if there.is_none_or(|(_, made)| made != value) && !self.tells_time(name) {
                found.push(format!(
                    "the message has another {name} than the row's rebuilt one"
                ));
            }
        }
        let tells_time = self.body.as_ref().is_some_and(Body::tells_time);
        let alike = match (&made.payload, &sample.wire.payload) {
            (Some(one), Some(other)) => {
                super::layers::peeled(one).0 == super::layers::peeled(other).0
                    && same(
                        &super::layers::peeled(one).1,
                        &super::layers::peeled(other).1,
                    )
            }
            (one, other) => one == other,
        };
        if !alike && !tells_time {
            found.push("the message has another body than the row's rebuilt one".to_owned());
        }
        found
    }

    fn headers_differ(&self, made: &Wire, seen: &Wire) -> Vec<String> {
        let mut found = Vec::new();
        for (name, _) in &seen.headers {
            let (is, was) = (header(made, name), header(seen, name));
            if self.tells_time(name) || is == was {
                continue;
            }
            found.push(match is {
                Said::Nothing => {
                    format!("the message has header {name}, the row's rebuilt one has not")
                }
                Said::Null | Said::Bytes(_) => {
                    format!(
                        "the message has another value in header {name} than the row's rebuilt one"
                    )
                }
            });
        }
        for (name, _) in &made.headers {
            if header(seen, name) == Said::Nothing {
                found.push(format!(
                    "the message has no header {name}, the row's rebuilt one has"
                ));
            }
        }
        found
    }

    /// Whether a part tells when it was sent, or of its handling, so that no two are the same.
    fn tells_time(&self, name: &str) -> bool {
        let mut parts = self.headers.iter().chain(&self.properties);
        let sent = |ways: &[Way]| {
            let best = ways.first();
            best.is_some_and(|way| matches!(way.maker, Maker::Sent(_)))
        };
        self.left_out.iter().any(|left| left == name)
            || parts.any(|(n, ways)| n == name && sent(ways))
    }
}
