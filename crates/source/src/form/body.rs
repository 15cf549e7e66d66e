//! How a body is made: a column, a part of one, or a document built of the row's values.

use waybill_model::Micros;

use super::Said;
use super::layers::{self, Layer, peeled, wrapped};
use super::learn::Sample;
use super::sheet::{Place, Roles, Sheet};
use super::spelling::quoted;
use super::way::{Kind, Maker, Rank, Way, make, ways};
use crate::content::{members, same, string};

/// How a body is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    /// What it is wrapped in, besides what the row has already.
    pub(super) layers: Vec<Layer>,
    pub(super) made: Made,
}

/// What is inside of the wrappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made {
    /// There is none: all messages are tombstones.
    Nothing,
    /// A place of the row; all that fit, the best first.
    Whole(Vec<Whole>),
    /// A document that is built.
    Built(Node),
}

/// A place of the row that is the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) place: Place,
    pub(super) read: Read,
    pub(super) is_payload: bool,
}

/// The members of an object as they are written.
type Members<'a> = Vec<(String, &'a [u8])>;

/// What is done to a place's text before it is a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    AsIs,
    /// The document that is written into a string.
    OutOfString,
    Base64,
}

/// A part of a document that is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Value(Vec<Way>),
    Object(Vec<(String, Self)>),
}

impl Whole {
    fn read(&self, sheet: &Sheet) -> Option<Vec<u8>> {
        let text = sheet.cell(&self.place)?.bytes();
        match self.read {
            Read::AsIs => Some(text.to_vec()),
            Read::OutOfString => string(text),
            Read::Base64 => layers::decoded(text),
        }
    }
}

impl Body {
    /// Whether it tells when it was sent, so that no two are the same.
    pub(super) fn tells_time(&self) -> bool {
        match &self.made {
            Made::Nothing | Made::Whole(_) => false,
            Made::Built(node) => node.tells_time(),
        }
    }

    /// The body of a row.
    pub(super) fn make(&self, sheet: &Sheet, now: Micros) -> Result<Option<Vec<u8>>, String> {
        let core = match &self.made {
            Made::Nothing => None,
            Made::Whole(places) => whole(places, sheet)?,
            Made::Built(node) => match node.make("", sheet, now)? {
                Said::Bytes(bytes) => Some(bytes),
                Said::Nothing | Said::Null => None,
            },
        };
        match core {
            Some(core) => wrapped(&self.layers, core)
                .map(Some)
                .ok_or_else(|| "its body is no text, and messages wrap a text".to_owned()),
            None => Ok(None),
        }
    }
}

fn whole(places: &[Whole], sheet: &Sheet) -> Result<Option<Vec<u8>>, String> {
    let Some(best) = places.first() else {
        return Ok(None);
    };
    let made = best.read(sheet);
    let alike = |other: &Whole| match (&made, other.read(sheet)) {
        (Some(one), Some(other)) => same(one, &other),
        (one, other) => one.is_none() == other.is_none(),
    };
    // The payload's column outweighs a copy of it somewhere else.
    let mut others = places.iter().filter(|o| o.is_payload || !best.is_payload);
    match others.find(|other| !alike(other)) {
        Some(other) => Err(format!(
            "its body may be {} or {}, which were the same in all messages that were seen and are not in this row",
            best.place, other.place
        )),
        None => Ok(made),
    }
}

impl Node {
    fn make(&self, at: &str, sheet: &Sheet, now: Micros) -> Result<Said, String> {
        let parts = match self {
            Self::Value(ways) => {
                return make(ways, sheet, now).map_err(|why| format!("{at} of its body {why}"));
            }
            Self::Object(parts) => parts,
        };
        let mut text = vec![b'{'];
        for (name, part) in parts {
            let value = match part.make(&format!("{at}/{name}"), sheet, now)? {
                Said::Bytes(value) => value,
                Said::Null => b"null".to_vec(),
                Said::Nothing => continue,
            };
            if text.len() > 1 {
                text.push(b',');
            }
            text.extend(quoted(name.as_bytes()).unwrap_or_default());
            text.push(b':');
            text.extend(value);
        }
        text.push(b'}');
        Ok(Said::Bytes(text))
    }

    /// Whether it tells when it was sent, so that no two are the same.
    fn tells_time(&self) -> bool {
        match self {
            Self::Value(ways) => {
                let best = ways.first();
                best.is_some_and(|way| matches!(way.maker, Maker::Sent(_)))
            }
            Self::Object(parts) => parts.iter().any(|(_, part)| part.tells_time()),
        }
    }

    /// Whether anything in it is the row's.
    fn is_of_row(&self) -> bool {
        match self {
            Self::Value(ways) => ways
                .iter()
                .any(|way| matches!(way.maker, Maker::Cell(..) | Maker::Joined(_))),
            Self::Object(parts) => parts.iter().any(|(_, part)| part.is_of_row()),
        }
    }
}

/// Finds out how the bodies of all samples are made; or what of them cannot be.
pub(super) fn find(samples: &[Sample], roles: &Roles) -> Result<Body, Vec<String>> {
    let bodies: Vec<Option<&[u8]>> = samples.iter().map(|s| s.wire.payload.as_deref()).collect();
    let Some(first) = bodies.iter().position(Option::is_some) else {
        return nothing(samples, roles);
    };
    if let Some(how) = bodies[first].and_then(layers::compressed) {
        return Err(vec![format!("the body is compressed with {how}")]);
    }
    let as_it_is = places(first, samples, roles, &[Read::AsIs], |made, body| {
        let (one, other) = (peeled(made), peeled(body));
        one.0 == other.0 && same(&one.1, &other.1)
    });
    if !as_it_is.is_empty() {
        return Ok(Body {
            layers: Vec::new(),
            made: Made::Whole(as_it_is),
        });
    }
    let (wrapping, _) = bodies[first].map(peeled).unwrap_or_default();
    let alike = |body: &&[u8]| peeled(body).0 == wrapping;
    if !bodies.iter().flatten().all(alike) {
        return Err(vec![
            "the bodies are wrapped in different ways (a string, base64, a schema's number)"
                .to_owned(),
        ]);
    }
    let all = [Read::AsIs, Read::OutOfString, Read::Base64];
    let inside = places(first, samples, roles, &all, |made, body| {
        same(made, &peeled(body).1)
    });
    let made = match inside.is_empty() {
        false => Made::Whole(inside),
        true => Made::Built(built(samples, roles)?),
    };
    Ok(Body {
        layers: wrapping,
        made,
    })
}

fn nothing(samples: &[Sample], roles: &Roles) -> Result<Body, Vec<String>> {
    let place = roles.payload.as_deref().map(Place::column);
    let empty = |sample: &Sample| {
        place
            .as_ref()
            .is_none_or(|p| sample.sheet.cell(p).is_none())
    };
    if !samples.iter().all(empty) {
        return Err(vec![
            "the messages have no body, and their rows have a payload".to_owned(),
        ]);
    }
    Ok(Body {
        layers: Vec::new(),
        made: Made::Nothing,
    })
}

/// The places of a row that are the body of every sample.
fn places(
    first: usize,
    samples: &[Sample],
    roles: &Roles,
    reads: &[Read],
    is: impl Fn(&[u8], &[u8]) -> bool,
) -> Vec<Whole> {
    let mut found = Vec::new();
    for (place, _) in samples[first].sheet.cells() {
        for read in reads {
            let whole = Whole {
                place: place.clone(),
                read: *read,
                is_payload: roles.payload.as_ref() == Some(&place.column),
            };
            let holds = samples.iter().all(|sample| {
                match (whole.read(&sample.sheet), &sample.wire.payload) {
                    (Some(made), Some(body)) => is(&made, body),
                    (None, None) => true,
                    _ => false,
                }
            });
            if holds {
                found.push(whole);
            }
        }
    }
    found.sort_by_key(|whole| !whole.is_payload);
    found
}

fn built(samples: &[Sample], roles: &Roles) -> Result<Node, Vec<String>> {
    let cores: Vec<Said> = samples
        .iter()
        .map(|sample| {
            sample
                .wire
                .payload
                .as_deref()
                .map(|body| peeled(body).1)
                .into()
        })
        .collect();
    let said: Vec<&Said> = cores.iter().collect();
    let is_object = |said: &&Said| said.bytes().is_some_and(|text| members(text).is_some());
    if !said.iter().all(is_object) {
        return Err(vec![
            "the body is in no column of the row, as it is or as a part of one".to_owned(),
        ]);
    }
    let mut differences = Vec::new();
    let node = node("", &said, samples, roles, &mut differences);
    match node.filter(|_| differences.is_empty()) {
        Some(node) if node.is_of_row() => Ok(node),
        Some(_) => Err(vec![
            "all bodies that were seen are the same, and none is what its row holds".to_owned(),
        ]),
        None => Err(differences),
    }
}

/// A part of the document that fits all samples; what does not is added to the differences.
fn node(
    at: &str,
    said: &[&Said],
    samples: &[Sample],
    roles: &Roles,
    differences: &mut Vec<String>,
) -> Option<Node> {
    let name = at.rsplit('/').next().unwrap_or_default();
    let ways = ways(name, Kind::Json, said, samples, roles);
    let of_row = ways.first().is_some_and(|way| way.rank < Rank::Constant);
    if of_row {
        return Some(Node::Value(ways));
    }
    let parts: Option<Vec<Members<'_>>> = said
        .iter()
        .map(|said| said.bytes().and_then(members))
        .collect();
    let Some(parts) = parts.filter(|parts| parts.iter().any(|members| !members.is_empty())) else {
        if ways.is_empty() {
            differences.push(format!("{at} of the body is not in the row"));
            return None;
        }
        return Some(Node::Value(ways));
    };
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in parts.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut children = Vec::with_capacity(names.len());
    for name in names {
        let values: Vec<Said> = parts.iter().map(|members| member(members, name)).collect();
        let values: Vec<&Said> = values.iter().collect();
        let child = node(
            &format!("{at}/{name}"),
            &values,
            samples,
            roles,
            differences,
        );
        children.extend(child.map(|child| (name.to_owned(), child)));
    }
    Some(Node::Object(children))
}

fn member(members: &[(String, &[u8])], name: &str) -> Said {
    match members.iter().rfind(|(n, _)| n == name) {
        None => Said::Nothing,
        Some((_, b"null")) => Said::Null,
        Some((_, text)) => Said::Bytes(text.to_vec()),
    }
}
