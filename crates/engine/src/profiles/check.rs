//! Reads a profile's text and says what is wrong with it, with line and suggestion.

use std::borrow::Cow;

use waybill_model::Profile;
use waybill_protocol::ProfileProblem;

use super::lines::Lines;
use super::meaning;
use super::problem::{closest, problem, suggesting};
use crate::Drivers;

/// Everything that is wrong with a profile's text; empty when it can be used.
pub fn check(toml: &str, drivers: &Drivers) -> Vec<ProfileProblem> {
    checked(toml, drivers).err().unwrap_or_default()
}

/// The profile, or everything that is wrong with its text.
pub fn checked(toml: &str, drivers: &Drivers) -> Result<Profile, Vec<ProfileProblem>> {
    let lines = Lines::of(toml);
    let profile: Profile = match toml::from_str(toml) {
        Ok(profile) => profile,
        Err(error) => return Err(vec![of_parser(&error, &lines)]),
    };
    let problems = meaning::problems(&profile, &lines, drivers);
    if problems.is_empty() {
        Ok(profile)
    } else {
        Err(problems)
    }
}

/// What the TOML parser or serde found, in words of ours where we know better ones.
fn of_parser(error: &toml::de::Error, lines: &Lines<'_>) -> ProfileProblem {
    let line = error.span().map_or(0, |span| lines.of_byte(span.start));
    let message = error.message();
    let Some((name, known)) = unknown_name(message) else {
        return problem(line, sentence(&without_value(message)));
    };
    let found = problem(
        line,
        format!("There is no '{name}' here; known are {}.", known.join(", ")),
    );
    match closest(name, known.iter().copied()) {
        Some(meant) => suggesting(found, format!("Did you mean '{meant}'?")),
        None => found,
    }
}

/// Takes the value out of `invalid type: string "…", expected …`: somebody may have written a
/// whole address where a table belongs.
fn without_value(message: &str) -> Cow<'_, str> {
    let value = message.find("string \"").zip(message.rfind("\", expected"));
    match value {
        Some((from, to)) if message.starts_with("invalid ") && from < to => Cow::Owned(format!(
            "{}a string{}",
            &message[..from],
            &message[to + 1..]
        )),
        _ => Cow::Borrowed(message),
    }
}

/// Takes "unknown field `x`, expected one of `a`, `b`" apart.
fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

fn sentence(message: &str) -> String {
    let message = message.trim().replace('`', "'").replace('\n', "; ");
    let mut chars = message.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests;
