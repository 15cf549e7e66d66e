//! Where to connect, taken from a target's address.

use url::Url;
use waybill_source::{Error, Result, Secret, Target, address};

/// Host and port, user and database of a server's address, and the password of its target.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// What says how to encrypt, and nothing else that the client library could take.
    parameters: Url,
    secret: Option<Secret>,
    /// Host name or address.
    pub(crate) host: String,
    /// Port.
    pub(crate) port: u16,
    /// User.
    pub(crate) user: String,
    /// Database.
    pub(crate) database: String,
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
            url: address::shown(&target.url),
            hint,
        };
        let example = format!("write it like {example}");
        if let Some(refusal) = address::refusal(&target.url) {
            return Err(bad(format!("{refusal} {}", refusal.advice())));
        }
        if target.url.contains(',') {
            return Err(bad(format!("it names several hosts; {example} with one")));
        }
        let url = Url::parse(&target.url).map_err(|error| bad(format!("{error}; {example}")))?;
        let host = url.host_str().unwrap_or_default();
        let user = decoded(url.username());
        let database = decoded(url.path().trim_start_matches('/'));
        for (what, given) in [("host", host), ("user", &user), ("database", &database)] {
            if given.is_empty() {
                return Err(bad(format!("the {what} is missing; {example}")));
            }
        }
        Ok(Self {
            port: url.port().unwrap_or(default_port),
            host: host.trim_matches(['[', ']']).to_owned(),
            user,
            database,
            parameters: parameters(&url),
            secret: target.secret.clone(),
        })
    }

    /// An address of nobody with the parameters for the client library, which reads them only
    /// from one. Host, user and password are handed to it one by one, so that each of them is
    /// taken as it is.
    pub(crate) fn parameters(&self) -> &Url {
        &self.parameters
    }

    /// The password, for the client library only; empty where there is none, since the library
    /// would look for one elsewhere.
    pub(crate) fn password(&self) -> &str {
        self.secret.as_ref().map_or("", Secret::reveal)
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

/// The address with those parameters that the client library is meant for.
fn parameters(url: &Url) -> Url {
    let meant: Vec<_> = url
        .query_pairs()
        .filter(|(name, value)| address::is_passed_on(name, value))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.set_query(None);
    if !meant.is_empty() {
        url.query_pairs_mut().extend_pairs(meant);
    }
    url
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

    use super::*;

    fn target(url: &str) -> Target {
        Target {
            name: "database".to_owned(),
            url: url.to_owned(),
            management_url: None,
            secret: Some(Secret::new("p@ss%2Fhush")),
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
        assert_eq!(address.password(), "p@ss%2Fhush");
        assert!(!format!("{address:?}").contains("hush"), "{address:?}");
    }

    #[test]
    fn what_is_missing_is_said() {
        for (url, expected) in [
            (
                "postgres://db.example/shop",
                "'postgres://db.example/shop' is not an address for postgres: the user is missing; write it like postgres://user@host:5432/database",
            ),
            (
                "postgres://ann@db.example",
                "'postgres://db.example' is not an address for postgres: the database is missing; write it like postgres://user@host:5432/database",
            ),
            (
                "postgres://ann@one,two/shop",
                "'postgres://one,two/shop' is not an address for postgres: it names several hosts; write it like postgres://user@host:5432/database with one",
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
