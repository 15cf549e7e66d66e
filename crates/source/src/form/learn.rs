//! Learns how rows become messages from some that did.

use waybill_model::Micros;

use super::rebuild::{Care, Form};
use super::sheet::{Roles, Sheet};
use super::spread::Spread;
use super::state::{Kinds, unmade};
use super::way::{Kind, ways};
use super::{Said, Wire, body, spread, state};

/// With fewer samples than this, what is the same in all of them says little.
const FEW: usize = 3;

/// Headers and properties that tell how a message was handled rather than what it says. A relay
/// that is traced writes new ones each time, and nobody can rebuild them.
const OF_HANDLING: [&str; 9] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-",
    "uber-trace-id",
    "sentry-trace",
    "elastic-apm-traceparent",
    "timestamp",
];

/// A row and the message it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The row.
    pub sheet: Sheet,
    /// The message.
    pub wire: Wire,
    /// When it was published.
    pub stamp: Micros,
}

/// How all of these rows became their messages; or, as parts of sentences, what stands in the
/// messages and cannot be made of the rows.
pub fn learn(samples: &[Sample], roles: &Roles) -> Result<Form, Vec<String>> {
    match learn_partly(samples, roles) {
        (form, differences) if differences.is_empty() => Ok(form),
        (_, differences) => Err(differences),
    }
}

/// The same with as much of the form as is known where something cannot be made.
pub fn learn_partly(samples: &[Sample], roles: &Roles) -> (Form, Vec<String>) {
    let Some(state) = &roles.state else {
        return learnt(samples, roles);
    };
    let (with_ids, n_ids) = state::with_made_up_ids(samples);
    let (mut form, differences) = learnt(&with_ids, roles);
    form.new_ids = n_ids;
    form.kinds = Some(Kinds::of(samples, state, &form));
    form.care = Care::Strict;
    (form, differences)
}

fn learnt(samples: &[Sample], roles: &Roles) -> (Form, Vec<String>) {
    let mut differences = twice(samples);
    let spread = spread::find(samples, roles);
    let mut form = Form::default();
    let keys: Vec<Said> = samples.iter().map(|s| s.wire.key.clone().into()).collect();
    match part("key", &keys, samples, roles) {
        Ok(ways) => form.key = ways,
        Err(said) => differences.push(unmade("the message's key", &said, samples, roles)),
    }
    for name in names(samples.iter().map(|s| names_of(&s.wire.headers))) {
        let said: Vec<Said> = samples.iter().map(|s| header(&s.wire, &name)).collect();
        if is_spread(&name, &said, spread.as_ref(), samples) {
            continue;
        }
        match part(&name, &said, samples, roles) {
            Ok(ways) => form.headers.push((name, ways)),
            Err(_) if is_of_handling(&name) => form.left_out.push(name),
            Err(said) => differences.push(match roles.state {
                Some(_) => unmade(&format!("header {name}"), &said, samples, roles),
                None => format!("the message has header {name}, which is not in the row"),
            }),
        }
    }
    for name in names(samples.iter().map(|s| names_of(&s.wire.properties))) {
        let said: Vec<Said> = samples.iter().map(|s| property(&s.wire, &name)).collect();
        match part(&name, &said, samples, roles) {
            Ok(ways) => form.properties.push((name, ways)),
            Err(_) if is_of_handling(&name) => form.left_out.push(name),
            Err(said) => differences.push(match roles.state {
                Some(_) => unmade(&name, &said, samples, roles),
                None => format!("the message has {name}, which is not in the row"),
            }),
        }
    }
    form.spread = spread;
    let (body, more) = body::find(samples, roles);
    form.body = body;
    differences.extend(more);
    if differences.is_empty() {
        differences = samples.iter().flat_map(|s| form.differences(s)).collect();
        differences.sort();
        differences.dedup();
    }
    (form, differences)
}

/// Whether a header is one of those that an object in the row becomes.
fn is_spread(name: &str, said: &[Said], spread: Option<&Spread>, samples: &[Sample]) -> bool {
    samples.iter().zip(said).all(|(sample, said)| {
        let made = spread.and_then(|s| s.make(&sample.sheet).ok());
        let made = made.unwrap_or_default();
        let of_name = made.iter().find(|(n, _)| n == name);
        of_name.map_or(Said::Nothing, |(_, said)| said.clone()) == *said
    })
}

/// Whether a value that all samples have may be what every message has: with few samples only
/// words, since what holds a number may be anything.
pub(super) fn may_be_constant(value: &[u8], n_samples: usize) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    n_samples >= FEW || (digits <= 2 && value.is_ascii())
}

/// Whether a place of the row and a part of a message are called the same, however written.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let (one, other) = (letters(one), letters(other));
    !one.is_empty() && one == other
}

/// Whether the name of one is a part of the other's: `is_active` and `active`, `version` and
/// `ce_version`.
pub(super) fn akin(one: &str, other: &str) -> bool {
    let (one, other) = (letters(one), letters(other));
    !one.is_empty() && !other.is_empty() && (one.contains(&other) || other.contains(&one))
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// What a header says.
pub(super) fn header(wire: &Wire, name: &str) -> Said {
    match wire.headers.iter().find(|(n, _)| n == name) {
        None => Said::Nothing,
        Some((_, None)) => Said::Null,
        Some((_, Some(bytes))) => Said::Bytes(bytes.clone()),
    }
}

fn property(wire: &Wire, name: &str) -> Said {
    let found = wire.properties.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.clone().into_bytes()).into()
}

/// The ways of one part: none where no message has it. Without a way, what messages have.
fn part<'a>(
    name: &str,
    said: &'a [Said],
    samples: &[Sample],
    roles: &Roles,
) -> Result<Vec<super::way::Way>, Vec<&'a Said>> {
    let said: Vec<&Said> = said.iter().collect();
    if said.iter().all(|said| **said == Said::Nothing) {
        return Ok(Vec::new());
    }
    let found = ways(name, Kind::Bytes, &said, samples, roles);
    if found.is_empty() {
        Err(said)
    } else {
        Ok(found)
    }
}

fn names_of<T>(pairs: &[(String, T)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

/// All names in the order in which they come up.
fn names<'a>(lists: impl Iterator<Item = Vec<&'a str>>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in lists.flatten() {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Headers that are there more than once in one message.
fn twice(samples: &[Sample]) -> Vec<String> {
    let mut found = Vec::new();
    for sample in samples {
        let names = names_of(&sample.wire.headers);
        for (nth, name) in names.iter().enumerate() {
            if names[..nth].contains(name) {
                found.push(format!("the message has header {name} more than once"));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn is_of_handling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OF_HANDLING
        .iter()
        .any(|known| name == *known || (known.ends_with('-') && name.starts_with(known)))
}
