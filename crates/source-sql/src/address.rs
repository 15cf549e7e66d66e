//! Where to connect, taken from a target's address.

use url::Url;
use waybill_source::{Error, Result, Target};

/// Host and port, user and database of a server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The address, with the password of the target put in. Not part of `Debug`.
    url: Secretive,
    /// Host name or address.
    pub(crate) host: String,
    /// Port.
    pub(crate) port: u16,
    /// User.
    pub(crate) user: String,
    /// Database.
    pub(crate) database: String,
}

/// An address that may hold a password.
#[derive(Clone, PartialEq, Eq)]
struct Secretive(Url);

impl std::fmt::Debug for Secretive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Address {
    /// Takes a target apart. `example` shows what an address looks like.
    pub(crate) fn new(
        driver: &'static str,
        target: &Target,
        default_port: u16,
        example: &str,
    ) -> Result<Self> {
        let bad = |hint: String| Error::BadUrl {
            driver,
            url: without_login(&target.url),
            hint,
        };
        let mut url = Url::parse(&target.url)
            .map_err(|error| bad(format!("{error}; write it like {example}")))?;
        let Some(host) = url
            .host_str()
            .filter(|host| !host.is_empty())
            .map(str::to_owned)
        else {
            return Err(bad(format!("the host is missing; write it like {example}")));
        };
        let user = decoded(url.username());
        let database = decoded(url.path().trim_start_matches('/'));
        if user.is_empty() {
            return Err(bad(format!("the user is missing; write it like {example}")));
        }
        if database.is_empty() {
            return Err(bad(format!(
                "the database is missing; write it like {example}"
            )));
        }
        if let Some(secret) = &target.secret
            && url.set_password(Some(secret.reveal())).is_err()
        {
            return Err(bad(format!(
                "it takes no password; write it like {example}"
            )));
        }
        Ok(Self {
            port: url.port().unwrap_or(default_port),
            host: host.trim_matches(['[', ']']).to_owned(),
            user,
            database,
            url: Secretive(url),
        })
    }

    /// The address with its password, for the client library only.
    pub(crate) fn reveal(&self) -> &Url {
        &self.url.0
    }

    /// `host:port`, or `[host]:port` for an IPv6 address.
    pub(crate) fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// An address as it may be printed: nothing before an `@`.
pub(crate) fn without_login(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => {
            format!("{}{}", &url[..scheme + 3], &url[at + 1..])
        }
        (None, Some(at)) => url[at + 1..].to_owned(),
        _ => url.to_owned(),
    }
}

/// Undoes percent encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use waybill_model::Access;
    use waybill_source::Secret;

    use super::*;

    fn target(url: &str) -> Target {
        Target {
            name: "database".to_owned(),
            url: url.to_owned(),
            management_url: None,
            secret: Some(Secret::new("p@ss/word")),
            options: BTreeMap::new(),
            access: Access::ReadOnly,
        }
    }

    fn address(url: &str) -> Result<Address> {
        Address::new(
            "postgres",
            &target(url),
            5432,
            "postgres://user@host:5432/database",
        )
    }

    #[test]
    fn the_password_is_put_in_and_never_printed() {
        let address = address("postgres://ann%40corp@db.example/shop").expect("it is one");
        assert_eq!(address.host_and_port(), "db.example:5432");
        assert_eq!(address.user, "ann@corp");
        assert_eq!(address.database, "shop");
        assert_eq!(address.reveal().password(), Some("p%40ss%2Fword"));
        assert!(!format!("{address:?}").contains("word"), "{address:?}");
    }

    #[test]
    fn what_is_missing_is_said() {
        for (url, expected) in [
            (
                "postgres://db.example/shop",
                "'postgres://db.example/shop' is not an address for postgres: the user is missing; write it like postgres://user@host:5432/database",
            ),
            (
                "postgres://ann:x@db.example",
                "'postgres://db.example' is not an address for postgres: the database is missing; write it like postgres://user@host:5432/database",
            ),
            (
                "db.example",
                "'db.example' is not an address for postgres: relative URL without a base; write it like postgres://user@host:5432/database",
            ),
        ] {
            let error = address(url).expect_err("something is missing");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn an_address_of_six_parts_is_bracketed() {
        let address = address("postgres://ann@[::1]:7/shop").expect("it is one");
        assert_eq!(address.host_and_port(), "[::1]:7");
    }
}
