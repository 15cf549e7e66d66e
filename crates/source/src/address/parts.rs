//! An address taken apart, part by part.

use std::fmt;

use super::Refusal;
use super::parameters;

/// Beginnings of addresses that belong to other tools: what stands before the first colon.
const FOREIGN: [(&str, &str); 4] = [
    ("jdbc", "JDBC"),
    ("r2dbc", "R2DBC"),
    ("odbc", "ODBC"),
    ("pdo", "PDO"),
];

/// Known beginnings that hosts do not follow.
const FILES: [&str; 1] = ["sqlite"];

/// How long what stands before the colon may be; passwords are before a colon, too.
const LONGEST_SCHEME: usize = 24;

/// The parts of an address that is understood. There is no place for a password in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    scheme: Option<&'a str>,
    /// With `//` in front, where there is one: hosts or a path.
    place: &'a str,
    slashes: bool,
    /// A password stood before the hosts.
    password: bool,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes an address apart. What has no meaning where it stands is refused as a whole, since
    /// the rest may then be anything.
    pub(super) fn of(url: &'a str) -> Result<Self, Refusal> {
        let Some((scheme, rest)) = scheme(url) else {
            return plain(url);
        };
        if let Some((_, whose)) = FOREIGN.iter().find(|(name, _)| *name == scheme) {
            return Err(Refusal::Foreign(whose));
        }
        if FILES.contains(&scheme) {
            return Ok(file(scheme, rest));
        }
        let Some(rest) = rest.strip_prefix("//") else {
            return Err(otherwise(url));
        };
        let (place, query) = match rest.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match place.find('/') {
            Some(at) => place.split_at(at),
            None => (place, ""),
        };
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (login, hosts),
            None => ("", authority),
        };
        let clear = hosts.split(',').all(is_host) && is_path(path) && query.is_none_or(is_query);
        if !clear || login.contains('@') && !login.contains(':') {
            return Err(otherwise(url));
        }
        Ok(Self {
            scheme: Some(scheme),
            place: &place[place.len() - hosts.len() - path.len()..],
            slashes: true,
            password: login.contains(':') || login.to_ascii_lowercase().contains("%3a"),
            query,
        })
    }

    /// Why it is not taken although it is understood.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        if self.password {
            return Some(Refusal::Password);
        }
        let scheme = self.scheme.unwrap_or_default();
        self.query
            .and_then(|query| parameters::refusal(scheme, query))
    }
}

impl fmt::Display for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{scheme}:")?;
        }
        if self.slashes {
            f.write_str("//")?;
        }
        f.write_str(self.place)
    }
}

/// What stands before the first colon, if it can be a scheme.
pub(super) fn scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    let known = FOREIGN.iter().any(|(name, _)| *name == scheme) || FILES.contains(&scheme);
    // A user and a password are separated by a colon as well.
    let is_one = known
        || rest.starts_with("//")
            && scheme.len() <= LONGEST_SCHEME
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(legal);
    is_one.then_some((scheme, rest))
}

/// An address without a scheme: a host, perhaps with port and path.
fn plain(url: &str) -> Result<Parts<'_>, Refusal> {
    let (host, path) = match url.find('/') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    if !host.split(',').all(is_host) || !is_path(path) {
        return Err(otherwise(url));
    }
    Ok(Parts {
        scheme: None,
        place: url,
        slashes: false,
        password: false,
        query: None,
    })
}

/// A file's address. Paths may hold nearly anything; what some tools write behind them may be a
/// key.
fn file<'a>(scheme: &'a str, rest: &'a str) -> Parts<'a> {
    let is_key = |pair: &str| {
        let name = pair.split_once('=').map_or("", |(name, _)| name);
        parameters::may_be_secret(name) || name.to_ascii_lowercase().ends_with("key")
    };
    let mut pieces = rest.split(['?', ';', '&']);
    let path = pieces.next().unwrap_or_default();
    let password = pieces.any(is_key);
    Parts {
        scheme: Some(scheme),
        place: if password { path } else { rest },
        slashes: false,
        password,
        query: None,
    }
}

/// What an address is that cannot be taken apart.
fn otherwise(url: &str) -> Refusal {
    if url.contains("@tcp(") || url.contains("@unix(") {
        return Refusal::Foreign("Go");
    }
    // `name=value` before anything that only addresses have.
    let start = url.split([':', '/', '@', '?']).next().unwrap_or_default();
    if start.contains('=') {
        return Refusal::Settings;
    }
    Refusal::Unclear
}

/// A name or number with or without a port; nothing at all, which whoever needs one will say.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (
                host,
                port.strip_prefix(':').or((port.is_empty()).then_some("0")),
            ),
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("0")),
        },
    };
    let bracketed = text.starts_with('[');
    let legal = |c: char| {
        c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%') || bracketed && c == ':'
    };
    let is_port = |port: &str| port.len() <= 5 && port.chars().all(|c| c.is_ascii_digit());
    host.chars().all(legal) && port.is_some_and(is_port)
}

/// Whether nothing in a path separates anything but its own parts.
fn is_path(text: &str) -> bool {
    let separates = |c: char| ":;=&@#?\"'<>\\^`{|}".contains(c) || c.is_whitespace();
    !text.contains(separates)
}

fn is_query(text: &str) -> bool {
    !text.contains(['@', '#', '?']) && !text.contains(char::is_whitespace)
}
