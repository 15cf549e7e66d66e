//! Where a cluster is, as a profile writes it.

use std::fmt;

use waybill_source::{Error, Result, address};

const DRIVER: &str = "kafka";
const DEFAULT_PORT: u16 = 9092;
const HINT: &str = "write kafka://host:port[,host:port]";

/// A bootstrap address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Host name or IP address, IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// User and addresses of `kafka://[user@]host[:port][,host[:port]]…`.
pub(crate) fn parse_url(url: &str) -> Result<(Option<String>, Vec<Address>)> {
    let rest = url.strip_prefix("kafka://");
    let (login, hosts) = match rest.map(|rest| rest.trim_end_matches('/')) {
        Some(rest) => match rest.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, rest),
        },
        None => return Err(bad_url(url, HINT)),
    };
    if let Some(refusal) = address::refusal(url) {
        return Err(bad_url(url, &format!("{refusal} {}", refusal.advice())));
    }
    let addresses = hosts
        .split(',')
        .map(|text| parse_address(text.trim()).ok_or_else(|| bad_url(url, HINT)))
        .collect::<Result<Vec<_>>>()?;
    Ok((login.map(str::to_owned), addresses))
}

fn parse_address(text: &str) -> Option<Address> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            let port = match after.strip_prefix(':') {
                Some(port) => Some(port),
                None if after.is_empty() => None,
                None => return None,
            };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok()?,
        None => DEFAULT_PORT,
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    (!host.is_empty() && host.chars().all(legal)).then(|| Address {
        host: host.to_owned(),
        port,
    })
}

fn bad_url(url: &str, hint: &str) -> Error {
    Error::BadUrl {
        driver: DRIVER,
        url: address::shown(url),
        hint: hint.to_owned(),
    }
}
