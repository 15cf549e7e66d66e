//! How a body is made: a column, a part of one, or a document built of the row's values.

use waybill_model::Micros;

use super::Said;
use super::layers::{self, Layer, peeled, wrapped};
use super::learn::Sample;
use super::rebuild::Care;
use super::sheet::{Place, Roles, Sheet};
use super::spelling::quoted;
use super::state::{may_differ, source, unmade};
use super::way::{Kind, Maker, Rank, Way, make, ways};
use crate::content::{is_document, members, same, string};

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

    /// Where its parts come from.
    pub(super) fn sources(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        match &self.made {
            Made::Nothing => {}
            Made::Whole(places) => {
                let place = places.first().map(|whole| whole.place.to_string());
                found.extend(place.map(|place| ("body".to_owned(), place)));
            }
            Made::Built(node) => node.sources("", &mut found),
        }
        found
    }

    /// Words in it that are always the same, with where they stand.
    pub(super) fn words(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        match &self.made {
            Made::Nothing | Made::Whole(_) => {}
            Made::Built(node) => node.words("", &mut found),
        }
        found
    }

    /// The body of a row.
    pub(super) fn make(
        &self,
        sheet: &Sheet,
        now: Micros,
        care: Care,
    ) -> Result<Option<Vec<u8>>, String> {
        let core = match &self.made {
            Made::Nothing => None,
            Made::Whole(places) => whole(places, sheet, care)?,
            Made::Built(node) => match node.make("", sheet, now, care)? {
                Said::Bytes(bytes) if !is_document(&bytes) => {
                    return Err(
                        "its body would be no JSON: a value of the row is a text where numbers were seen"
                            .to_owned(),
                    );
                }
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

/// The word that all messages have in a part, and that those of other rows may not have.
pub(super) fn constant_word(part: &str, ways: &[Way]) -> Option<(String, String)> {
    let Maker::Constant(Said::Bytes(value)) = &ways.first()?.maker else {
        return None;
    };
    let plain = string(value).unwrap_or_else(|| value.clone());
    let word = String::from_utf8_lossy(&plain).into_owned();
    may_differ(part, &plain).then(|| (part.to_owned(), word))
}

fn whole(places: &[Whole], sheet: &Sheet, care: Care) -> Result<Option<Vec<u8>>, String> {
    let Some(best) = places.first() else {
        return Ok(None);
    };
    let made = best.read(sheet);
    let alike = |other: &Whole| match (&made, other.read(sheet)) {
        (Some(one), Some(other)) => same(one, &other),
        (one, other) => one.is_none() == other.is_none(),
    };
    if care == Care::None {
        return Ok(made);
    }
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
    fn make(&self, at: &str, sheet: &Sheet, now: Micros, care: Care) -> Result<Said, String> {
        let parts = match self {
            Self::Value(ways) => {
                return make(ways, sheet, now, care)
                    .map_err(|why| format!("{at} of its body {why}"));
            }
            Self::Object(parts) => parts,
        };
        let mut text = vec![b'{'];
        for (name, part) in parts {
            let value = match part.make(&format!("{at}/{name}"), sheet, now, care)? {
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

    /// Where each of its values comes from.
    fn sources(&self, at: &str, found: &mut Vec<(String, String)>) {
        match self {
            Self::Value(ways) => found.push((at.to_owned(), source(ways))),
            Self::Object(parts) => {
                for (name, part) in parts {
                    part.sources(&format!("{at}/{name}"), found);
                }
            }
        }
    }

    /// Words in it that are always the same.
    fn words(&self, at: &str, found: &mut Vec<(String, String)>) {
        match self {
            Self::Value(ways) => found.extend(constant_word(at, ways)),
            Self::Object(parts) => {
                for (name, part) in parts {
                    part.words(&format!("{at}/{name}"), found);
                }
            }
        }
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
            Self::Value(ways) => ways.iter().any(|way| {
                matches!(
                    way.maker,
                    Maker::Cell(..) | Maker::Joined(_) | Maker::At(..)
                )
            }),
            Self::Object(parts) => parts.iter().any(|(_, part)| part.is_of_row()),
        }
    }
}

/// Finds out how the bodies of all samples are made, as far as they can be; and what of them cannot.
pub(super) fn find(samples: &[Sample], roles: &Roles) -> (Option<Body>, Vec<String>) {
    let bodies: Vec<Option<&[u8]>> = samples.iter().map(|s| s.wire.payload.as_deref()).collect();
    let Some(first) = bodies.iter().position(Option::is_some) else {
        return nothing(samples, roles);
    };
    if let Some(how) = bodies[first].and_then(layers::compressed) {
        return (None, vec![format!("the body is compressed with {how}")]);
    }
    let as_it_is = places(first, samples, roles, &[Read::AsIs], |made, body| {
        let (one, other) = (peeled(made), peeled(body));
        one.0 == other.0 && same(&one.1, &other.1)
    });
    if !as_it_is.is_empty() {
        let body = Body {
            layers: Vec::new(),
            made: Made::Whole(as_it_is),
        };
        return (Some(body), Vec::new());
    }
    let (wrapping, _) = bodies[first].map(peeled).unwrap_or_default();
    let alike = |body: &&[u8]| peeled(body).0 == wrapping;
    if !bodies.iter().flatten().all(alike) {
        let why = "the bodies are wrapped in different ways (a string, base64, a schema's number)";
        return (None, vec![why.to_owned()]);
    }
    let all = [Read::AsIs, Read::OutOfString, Read::Base64];
    let inside = places(first, samples, roles, &all, |made, body| {
        same(made, &peeled(body).1)
    });
    let (made, differences) = match inside.is_empty() {
        false => (Some(Made::Whole(inside)), Vec::new()),
        true => {
            let (node, differences) = built(samples, roles);
            (node.map(Made::Built), differences)
        }
    };
    let layers = wrapping;
    (made.map(|made| Body { layers, made }), differences)
}

fn nothing(samples: &[Sample], roles: &Roles) -> (Option<Body>, Vec<String>) {
    let place = roles.payload.as_deref().map(Place::column);
    let empty = |sample: &Sample| {
        place
            .as_ref()
            .is_none_or(|p| sample.sheet.cell(p).is_none())
    };
    if !samples.iter().all(empty) {
        let why = "the messages have no body, and their rows have a payload";
        return (None, vec![why.to_owned()]);
    }
    let body = Body {
        layers: Vec::new(),
        made: Made::Nothing,
    };
    (Some(body), Vec::new())
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

fn built(samples: &[Sample], roles: &Roles) -> (Option<Node>, Vec<String>) {
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
        let why = "the body is in no column of the row, as it is or as a part of one";
        return (None, vec![why.to_owned()]);
    }
    let mut differences = Vec::new();
    let node = node("", &said, samples, roles, &mut differences);
    if differences.is_empty() && node.as_ref().is_some_and(|node| !node.is_of_row()) {
        let why = "all bodies that were seen are the same, and none is what its row holds";
        return (None, vec![why.to_owned()]);
    }
    (node, differences)
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
            let part = format!("{at} of the body");
            differences.push(unmade(&part, said, samples, roles));
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
