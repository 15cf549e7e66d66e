//! Opens connections: from a profile's address to a logged-in AMQP connection.

use std::fmt;
use std::fs;
use std::time::Duration;

use lapin::tcp::OwnedTLSConfig;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties, runtime};
use url::{Host, Url};
use waybill_source::{Error, Result, Target, address};

use crate::error;

/// How long a connection may take from the first packet to the open virtual host.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Seconds between heartbeats: a dead line is noticed after two of them.
const HEARTBEAT_SECS: u16 = 10;

/// The option that names a file with the certificates of a private authority.
const CA_FILE: &str = "ca-file";

const DRIVER: &str = "rabbitmq";

/// Everything needed to open one more connection. The password stays inside.
#[derive(Clone)]
pub(crate) struct Settings {
    uri: AMQPUri,
    ca: Option<String>,
    target: String,
}

impl Settings {
    /// Reads a profile's address; no network.
    pub(crate) fn parse(target: &Target) -> Result<Self> {
        let hint = "write it like amqp://user@host:5672/vhost, or amqps:// for TLS";
        let bad = |why: &str| Error::BadUrl {
            driver: DRIVER,
            url: address::shown(&target.url),
            hint: format!("{why}; {hint}"),
        };
        if let Some(refusal) = address::refusal(&target.url) {
            return Err(bad(&format!("{refusal} {}", refusal.advice())));
        }
        let parsed: Result<AMQPUri, String> = target.url.parse();
        // The parser's reason may repeat the whole address, password included.
        let mut uri = parsed.map_err(|_whole_url| bad("it is no AMQP address"))?;
        if uri.authority.host.is_empty() {
            return Err(bad("it has no host"));
        }
        // The parser knows names only, and takes localhost for an address of IPv6.
        let parsed = Url::parse(&target.url).ok();
        if let Some(Host::Ipv6(address)) = parsed.as_ref().and_then(Url::host) {
            uri.authority.host = address.to_string();
        }
        if let Some(secret) = &target.secret {
            secret
                .reveal()
                .clone_into(&mut uri.authority.userinfo.password);
        }
        // `amqp://host/` names the virtual host with the empty name, which nobody has and
        // everybody writes.
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        if uri.vhost.len() > 255 {
            return Err(bad("the virtual host's name is longer than 255 bytes"));
        }
        uri.query.heartbeat = Some(HEARTBEAT_SECS);
        let ca = match target.options.get(CA_FILE) {
            None => None,
            Some(path) => Some(fs::read_to_string(path).map_err(|source| Error::Read {
                name: format!("the certificates in {path}"),
                source: source.into(),
            })?),
        };
        Ok(Self {
            uri,
            ca,
            target: target.name.clone(),
        })
    }

    /// Host and port, as in an error message.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host_in_address(), self.uri.authority.port)
    }

    /// The host as addresses have it: an IPv6 address in brackets.
    pub(crate) fn host_in_address(&self) -> String {
        let host = self.host();
        if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.uri.authority.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.authority.port
    }

    pub(crate) fn user(&self) -> &str {
        &self.uri.authority.userinfo.username
    }

    pub(crate) fn password(&self) -> &str {
        &self.uri.authority.userinfo.password
    }

    pub(crate) fn vhost(&self) -> &str {
        &self.uri.vhost
    }

    /// Certificates of a private authority, PEM.
    pub(crate) fn ca(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    pub(crate) fn encrypted(&self) -> bool {
        self.uri.scheme == AMQPScheme::AMQPS
    }

    /// Opens a connection that the server's administrator sees as `waybill: {purpose}`.
    ///
    /// Nothing recovers by itself: a recovered connection would declare and bind again without
    /// anybody having asked for it.
    pub(crate) async fn connect(&self, purpose: &str) -> Result<Connection> {
        match tokio::time::timeout(CONNECT_LIMIT, self.attempt(purpose)).await {
            Ok(outcome) => outcome.map_err(|error| error::connecting(self, error)),
            Err(_elapsed) => Err(Error::Timeout {
                doing: format!("connecting to {}", self.address()),
                secs: CONNECT_LIMIT.as_secs(),
            }),
        }
    }

    async fn attempt(&self, purpose: &str) -> lapin::Result<Connection> {
        let properties = ConnectionProperties::default()
            .with_client_property("product".into(), "waybill".into())
            .with_client_property("version".into(), env!("CARGO_PKG_VERSION").into())
            .with_connection_name(format!("waybill: {purpose}").into());
        let tls = OwnedTLSConfig {
            identity: None,
            cert_chain: self.ca.clone(),
        };
        let runtime = runtime::default_runtime()?;
        Connection::connect_uri_with_config(self.uri.clone(), properties, tls, runtime).await
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("target", &self.target)
            .field("address", &self.address())
            .field("user", &self.user())
            .field("vhost", &self.vhost())
            .finish_non_exhaustive()
    }
}

/// Ends a connection in order, if it is still there; waits a second at most.
pub(crate) async fn end(connection: &Connection) {
    let closing = connection.close(200, "OK".into());
    if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(1), closing).await {
        tracing::debug!(error = %error, "The connection had ended before");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use waybill_model::Access;
    use waybill_source::Secret;

    use super::*;

    fn target(url: &str) -> Target {
        Target {
            name: "broker".to_owned(),
            url: url.to_owned(),
            management_url: None,
            secret: Some(Secret::new("s3cret")),
            options: BTreeMap::new(),
            access: Access::ReadOnly,
        }
    }

    #[test]
    fn addresses_are_read_and_the_default_virtual_host_has_two_spellings() {
        for (url, address, user, vhost) in [
            ("amqp://ann@rabbit:5673/shop", "rabbit:5673", "ann", "shop"),
            ("amqp://ann@rabbit/%2f", "rabbit:5672", "ann", "/"),
            ("amqp://ann@rabbit/", "rabbit:5672", "ann", "/"),
            ("amqp://rabbit", "rabbit:5672", "guest", "/"),
            ("amqps://ann@rabbit/a%2Fb", "rabbit:5671", "ann", "a/b"),
            ("amqp://ann@[::1]:5673/shop", "[::1]:5673", "ann", "shop"),
        ] {
            let settings = Settings::parse(&target(url)).expect(url);
            assert_eq!(settings.address(), address, "{url}");
            assert_eq!(settings.user(), user, "{url}");
            assert_eq!(settings.vhost(), vhost, "{url}");
            assert_eq!(settings.password(), "s3cret", "{url}");
        }
    }

    #[test]
    fn a_bad_address_is_named_without_its_password() {
        for url in [
            "amqp://ann:s3cret@",
            "http://ann:s3cret@host",
            "ann:s3cret@host",
        ] {
            let error = Settings::parse(&target(url)).expect_err(url);
            let text = format!("{error} {error:?}");
            assert!(!text.contains("s3cret"), "{text}");
            assert!(matches!(error, Error::BadUrl { .. }), "{text}");
        }
    }

    #[test]
    fn the_password_is_not_in_debug_output() {
        let settings = Settings::parse(&target("amqp://ann@rabbit")).expect("an address");
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
