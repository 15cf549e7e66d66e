//! Where to look: addresses, and passwords that never stand in them.

use std::collections::BTreeMap;

use waybill_model::{BrokerSettings, DatabaseSettings};
use waybill_protocol::TypedSecrets;

use crate::state::Typed;

/// Everything that is typed on the first page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The service's own database.
    pub database: Connection,
    /// The broker.
    pub broker: Connection,
    /// RabbitMQ's management API.
    pub management_url: String,
    /// Settings of Kafka's client: `security.protocol=ssl, …`.
    pub options: String,
    /// Databases of consumers.
    pub others: Vec<Connection>,
}

/// One address with its password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// What the profile calls it; only databases of consumers have a name of their own.
    pub name: String,
    /// The address, without a password.
    pub url: String,
    /// The password.
    pub password: Password,
}

/// A password: typed here, or the name of one that is stored already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Password {
    /// It is stored already.
    pub stored: bool,
    /// Its name then.
    pub name: String,
    /// What was typed.
    pub typed: Typed,
    /// It was taken out of an address that was pasted.
    pub moved: bool,
}

impl Connection {
    /// Takes an address in; a password inside of it becomes the password.
    pub fn set_url(&mut self, text: &str) {
        let (url, password) = split_password(text);
        self.url = url;
        if let Some(password) = password {
            self.password = Password {
                typed: Typed(password),
                moved: true,
                ..Password::default()
            };
        }
    }

    /// The name of its secret in a profile of this name; `None` when it needs no password.
    fn secret(&self, profile: &str, part: &str) -> Option<String> {
        let password = &self.password;
        if password.stored {
            let name = password.name.trim();
            return (!name.is_empty()).then(|| name.to_owned());
        }
        (!password.typed.0.is_empty()).then(|| format!("{profile}-{part}"))
    }

    fn typed(&self, profile: &str, part: &str) -> Option<(String, String)> {
        if self.password.stored {
            return None;
        }
        Some((self.secret(profile, part)?, self.password.typed.0.clone()))
    }

    fn settings(&self, profile: &str, part: &str) -> DatabaseSettings {
        DatabaseSettings {
            url: self.url.trim().to_owned(),
            secret: self.secret(profile, part),
        }
    }
}

impl Addresses {
    /// Why there is nothing to look at yet; `None` when there is.
    pub fn refusal(&self) -> Option<String> {
        let say = |text: &str| Some(text.to_owned());
        if self.database.url.trim().is_empty() {
            return say("Enter the database's address.");
        }
        if self.broker.url.trim().is_empty() {
            return say("Enter the broker's address.");
        }
        if self.others.iter().any(|other| other.url.trim().is_empty()) {
            return say("Enter the address of the consumer's database, or remove it.");
        }
        if self.others.iter().any(|other| other.name.trim().is_empty()) {
            return say("Give the consumer's database a name.");
        }
        None
    }

    /// Whether the broker is a RabbitMQ.
    pub fn is_amqp(&self) -> bool {
        self.broker.url.trim_start().starts_with("amqp")
    }

    /// Whether the broker is a Kafka.
    pub fn is_kafka(&self) -> bool {
        self.broker.url.trim_start().starts_with("kafka")
    }

    /// The service's own database, in a profile of this name.
    pub fn database(&self, profile: &str) -> DatabaseSettings {
        self.database.settings(profile, "database")
    }

    /// Databases of consumers.
    pub fn databases(&self, profile: &str) -> BTreeMap<String, DatabaseSettings> {
        let others = self.others.iter();
        let named = others.map(|other| {
            let name = other.name.trim().to_owned();
            (name.clone(), other.settings(profile, &name))
        });
        named.collect()
    }

    /// The broker.
    pub fn broker(&self, profile: &str) -> BrokerSettings {
        let management = self.management_url.trim();
        BrokerSettings {
            url: self.broker.url.trim().to_owned(),
            management_url: (self.is_amqp() && !management.is_empty())
                .then(|| management.to_owned()),
            secret: self.broker.secret(profile, "broker"),
            options: if self.is_kafka() {
                options(&self.options)
            } else {
                BTreeMap::new()
            },
        }
    }

    /// Takes the address of the management API in; a password inside of it is the broker's.
    pub fn set_management_url(&mut self, text: &str) {
        let (url, password) = split_password(text);
        self.management_url = url;
        if let Some(password) = password
            && self.broker.password.typed.0.is_empty()
        {
            self.broker.password.typed = Typed(password);
            self.broker.password.moved = true;
        }
    }

    /// What was typed, by the names in a profile of this name.
    pub fn secrets(&self, profile: &str) -> TypedSecrets {
        let own = [
            self.database.typed(profile, "database"),
            self.broker.typed(profile, "broker"),
        ];
        let others = self.others.iter();
        let others = others.map(|other| other.typed(profile, other.name.trim()));
        TypedSecrets(own.into_iter().chain(others).flatten().collect())
    }
}

/// `a=b, c=d`, by commas, spaces or lines.
fn options(text: &str) -> BTreeMap<String, String> {
    let words = text.split([',', ' ', '\n', ';']);
    let pairs = words.filter_map(|word| word.trim().split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The address without its password, and the password as it was meant (`%2F` is a slash).
fn split_password(text: &str) -> (String, Option<String>) {
    let whole = || (text.to_owned(), None);
    if let Some(split) = password_in_query(text) {
        return split;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return whole();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some((login, server)) = rest[..end].rsplit_once('@') else {
        return whole();
    };
    let Some((user, password)) = login.split_once(':') else {
        return whole();
    };
    let url = format!("{scheme}://{user}@{server}{}", &rest[end..]);
    (url, Some(decoded(password)).filter(|text| !text.is_empty()))
}

/// `…?sslmode=require&password=…`
fn password_in_query(text: &str) -> Option<(String, Option<String>)> {
    let (address, query) = text.split_once('?')?;
    let mut pairs: Vec<&str> = query.split('&').collect();
    let at = pairs
        .iter()
        .position(|pair| pair.starts_with("password="))?;
    let password = decoded(pairs.remove(at).trim_start_matches("password="));
    let url = match pairs.as_slice() {
        [] => address.to_owned(),
        pairs => format!("{address}?{}", pairs.join("&")),
    };
    Some((url, Some(password).filter(|text| !text.is_empty())))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_an_address() {
        for (text, url, password) in [
            (
                "postgres://app:hunter2@db:5432/toys",
                "postgres://app@db:5432/toys",
                Some("hunter2"),
            ),
            ("amqp://app:a%2Fb@mq/%2f", "amqp://app@mq/%2f", Some("a/b")),
            ("amqp://app:p@ss@mq/v", "amqp://app@mq/v", Some("p@ss")),
            (
                "postgres://app@db/toys?x=a:b@c",
                "postgres://app@db/toys?x=a:b@c",
                None,
            ),
            (
                "postgres://db/toys?user=app&password=a%20b",
                "postgres://db/toys?user=app",
                Some("a b"),
            ),
            ("postgres://app:@db/toys", "postgres://app@db/toys", None),
            ("sqlite:/home/a:b@c.db", "sqlite:/home/a:b@c.db", None),
            ("kafka://mq:9092,mq2:9092", "kafka://mq:9092,mq2:9092", None),
        ] {
            let (split, found) = split_password(text);
            assert_eq!(
                (split.as_str(), found.as_deref()),
                (url, password),
                "{text}"
            );
        }
    }

    #[test]
    fn secrets_are_named_after_the_profile_and_stored_ones_keep_their_names() {
        let mut addresses = Addresses::default();
        addresses.database.set_url("postgres://app:one@db/toys");
        addresses.broker.set_url("amqp://app@mq/%2f");
        addresses.broker.password = Password {
            stored: true,
            name: "mq".to_owned(),
            ..Password::default()
        };
        assert_eq!(
            addresses.database("toys").secret.as_deref(),
            Some("toys-database")
        );
        assert_eq!(addresses.broker("toys").secret.as_deref(), Some("mq"));
        let secrets = addresses.secrets("toys").0;
        assert_eq!(secrets, [("toys-database".to_owned(), "one".to_owned())]);
        let printed = format!("{addresses:?} {:?}", addresses.secrets("toys"));
        assert!(!printed.contains("one"), "{printed}");
    }

    #[test]
    fn only_a_rabbit_has_a_management_api_and_only_kafka_has_settings() {
        let mut addresses = Addresses::default();
        addresses.set_management_url("http://app:two@mq:15672");
        addresses.options = "security.protocol=ssl, a=b".to_owned();
        addresses.broker.set_url("amqp://app@mq/%2f");
        let broker = addresses.broker("toys");
        assert_eq!(
            broker.management_url.as_deref(),
            Some("http://app@mq:15672")
        );
        assert!(broker.options.is_empty());
        assert_eq!(addresses.broker.password.typed.0, "two");
        addresses.broker.set_url("kafka://mq:9092");
        let broker = addresses.broker("toys");
        assert_eq!(broker.management_url, None);
        assert_eq!(broker.options["security.protocol"], "ssl");
    }
}
