//! The address and client settings of a profile, turned into librdkafka's configuration.
//!
//! What the profile sets wins over our tuning; what would let us disturb others is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use waybill_source::{Error, Result, Secret, Target};

use crate::address::{Address, parse_url};
use crate::error::closest;

/// Who we are in the broker's logs and quotas.
const CLIENT_ID: &str = "waybill";

/// librdkafka demands a group id for `assign`. Nothing is ever committed under it and no group of
/// this name is ever joined, so it appears on no broker.
const GROUP_ID: &str = "waybill-look";

/// What a profile must not set, and why.
const REFUSED: &[(&str, &str)] = &[
    ("group.id", "Waybill never joins a group"),
    ("group.instance.id", "Waybill never joins a group"),
    ("enable.auto.commit", "Waybill never commits"),
    ("enable.auto.offset.store", "Waybill never commits"),
    (
        "transactional.id",
        "it would shut out the producer that owns it",
    ),
    ("allow.auto.create.topics", "looking must not create topics"),
    ("plugin.library.paths", "a profile must not load code"),
    ("bootstrap.servers", "the profile's url says where"),
    ("metadata.broker.list", "the profile's url says where"),
    ("sasl.password", "store it as the profile's secret"),
    ("ssl.key.password", "store it as the profile's secret"),
    ("ssl.keystore.password", "store it as the profile's secret"),
    (
        "ssl.key.pem",
        "a profile must not hold a secret; name its file with ssl.key.location",
    ),
    (
        "sasl.oauthbearer.client.secret",
        "a profile must not hold a secret",
    ),
];

/// Settings people write, to suggest from when one is misspelt.
const COMMON: &[&str] = &[
    "security.protocol",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.endpoint.identification.algorithm",
    "enable.ssl.certificate.verification",
    "client.rack",
    "client.id",
    "partitioner",
    "broker.address.family",
    "socket.timeout.ms",
    "fetch.message.max.bytes",
    "fetch.max.bytes",
    "queued.max.messages.kbytes",
    "compression.type",
    "debug",
];

/// Everything a client of ours is configured from.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) addresses: Vec<Address>,
    /// Who we log in as; empty without login.
    pub(crate) user: String,
    pub(crate) secret: Option<Secret>,
    options: BTreeMap<String, String>,
}

impl Settings {
    /// Reads a target. Fails on an address that is none and on settings that cannot be allowed.
    pub(crate) fn from_target(target: &Target) -> Result<Self> {
        let (user, addresses) = parse_url(&target.url)?;
        for (key, why) in REFUSED {
            if target.options.contains_key(*key) {
                return Err(Error::Unsupported {
                    what: format!("the profile must not set the Kafka option '{key}': {why}"),
                });
            }
        }
        let user = user
            .or_else(|| target.options.get("sasl.username").cloned())
            .unwrap_or_default();
        let settings = Self {
            addresses,
            user,
            secret: target.secret.clone(),
            options: target.options.clone(),
        };
        settings.validate()?;
        Ok(settings)
    }

    /// All bootstrap addresses in one text.
    pub(crate) fn address_text(&self) -> String {
        let texts: Vec<_> = self.addresses.iter().map(Address::to_string).collect();
        texts.join(",")
    }

    /// Whether fetches may be answered by a follower, whose log can end earlier than the leader's.
    pub(crate) fn reads_from_followers(&self) -> bool {
        self.options.contains_key("client.rack")
    }

    /// For asking only: no group, so it cannot even be assigned a partition.
    pub(crate) fn asking(&self) -> ClientConfig {
        let mut config = self.base();
        config.set("isolation.level", "read_uncommitted");
        config
    }

    /// For reading much: large fetches, and enough prefetched that no fetch waits for us.
    pub(crate) fn bulk(&self) -> ClientConfig {
        let mut config = self.consumer("read_committed");
        self.tune(
            &mut config,
            &[
                // What is there is sent at once in full fetches whatever the minimum says. The wait
                // only delays what a partition at its end is fetched together with: with 50 ms a
                // scan of four small partitions took 60 to 115 ms instead of 15.
                ("fetch.min.bytes", "1"),
                ("fetch.wait.max.ms", "5"),
                ("fetch.message.max.bytes", "8388608"),
                ("fetch.max.bytes", "67108864"),
                ("queued.min.messages", "1000000"),
                ("queued.max.messages.kbytes", "65536"),
                ("fetch.queue.backoff.ms", "20"),
            ],
        );
        config
    }

    /// For reading what arrives: small fetches, answered at once.
    pub(crate) fn tail(&self) -> ClientConfig {
        let mut config = self.consumer("read_committed");
        self.tune(
            &mut config,
            &[
                ("fetch.min.bytes", "1"),
                ("fetch.wait.max.ms", "50"),
                ("fetch.message.max.bytes", "1048576"),
                ("fetch.max.bytes", "8388608"),
                ("queued.min.messages", "1000"),
                ("queued.max.messages.kbytes", "16384"),
                ("fetch.queue.backoff.ms", "20"),
            ],
        );
        config
    }

    /// For single records by offset, those of open transactions included.
    pub(crate) fn picking(&self) -> ClientConfig {
        let mut config = self.consumer("read_uncommitted");
        self.tune(
            &mut config,
            &[
                ("fetch.min.bytes", "1"),
                ("fetch.wait.max.ms", "10"),
                ("fetch.message.max.bytes", "131072"),
                ("fetch.max.bytes", "8388608"),
                ("queued.min.messages", "100"),
                ("queued.max.messages.kbytes", "8192"),
                ("fetch.queue.backoff.ms", "20"),
            ],
        );
        config
    }

    /// For resending: what is not acknowledged `within` is given up and never tried again.
    pub(crate) fn sending(&self, within: Duration) -> ClientConfig {
        let mut config = self.base();
        let partitioner = self.options.get("partitioner").map_or(
            // What Java's producers do, the default of almost every other client too.
            "murmur2_random",
            String::as_str,
        );
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            .set("message.timeout.ms", within.as_millis().to_string())
            .set("topic.metadata.propagation.max.ms", "2000")
            .set("message.max.bytes", "104857600")
            .set("partitioner", partitioner);
        config
    }

    /// Address, login and what the profile passes through.
    fn base(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        if !self.user.is_empty() {
            config
                .set("security.protocol", "sasl_ssl")
                .set("sasl.mechanism", "PLAIN")
                .set("sasl.username", &self.user);
        }
        config.set("client.id", CLIENT_ID);
        for (key, value) in &self.options {
            // The partitioner belongs to producers alone; see `sending`.
            if key != "partitioner" {
                config.set(key, value);
            }
        }
        if let Some(secret) = &self.secret {
            let key = match config.get("security.protocol") {
                Some("ssl") if self.options.contains_key("ssl.keystore.location") => {
                    "ssl.keystore.password"
                }
                Some("ssl") => "ssl.key.password",
                _ => "sasl.password",
            };
            config.set(key, secret.reveal());
        }
        config
            .set("bootstrap.servers", self.address_text())
            .set("allow.auto.create.topics", "false")
            .set("statistics.interval.ms", "0")
            .set("reconnect.backoff.max.ms", "1000");
        config
    }

    fn consumer(&self, isolation: &str) -> ClientConfig {
        let mut config = self.base();
        config
            .set("group.id", GROUP_ID)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("isolation.level", isolation)
            .set("check.crcs", "false")
            // A reader that is not pulled for long must not be counted as dead.
            .set("max.poll.interval.ms", "86400000");
        config
    }

    /// Sets what the profile has not set itself.
    fn tune(&self, config: &mut ClientConfig, values: &[(&str, &str)]) {
        for (key, value) in values {
            if !self.options.contains_key(*key) {
                config.set(*key, *value);
            }
        }
    }

    /// Lets librdkafka check every key and value, without connecting.
    fn validate(&self) -> Result<()> {
        let configs = [self.bulk(), self.sending(Duration::from_secs(1))];
        for config in configs {
            if let Err(error) = config.create_native_config() {
                return Err(Error::Unsupported {
                    what: complaint(&error),
                });
            }
        }
        Ok(())
    }
}

/// What is wrong with a setting, without its value: it may be a password.
fn complaint(error: &rdkafka::error::KafkaError) -> String {
    match error {
        rdkafka::error::KafkaError::ClientConfig(_, why, key, _) if why.contains("No such") => {
            let suggestion = closest(key, COMMON)
                .map(|name| format!("; did you mean '{name}'?"))
                .unwrap_or_default();
            format!("the Kafka option '{key}' does not exist{suggestion}")
        }
        rdkafka::error::KafkaError::ClientConfig(_, _, key, _) => {
            format!("the value of the Kafka option '{key}' is not allowed")
        }
        other => format!("the Kafka options are not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use waybill_model::Access;

    use super::*;

    fn target(url: &str, options: &[(&str, &str)]) -> Target {
        Target {
            name: "broker".to_owned(),
            url: url.to_owned(),
            management_url: None,
            secret: Some(Secret::new("hunter2")),
            options: options
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            access: Access::ReadOnly,
        }
    }

    fn check(url: &str, options: &[(&str, &str)], expected: Expect) {
        let text = match Settings::from_target(&target(url, options)) {
            Ok(settings) => format!("{} as '{}'", settings.address_text(), settings.user),
            Err(error) => error.chain(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn addresses_are_read_with_and_without_port_and_user() {
        check("kafka://db.example", &[], expect!["db.example:9092 as ''"]);
        check(
            "kafka://a:1,b:2,[::1]:3/",
            &[],
            expect!["a:1,b:2,[::1]:3 as ''"],
        );
        check("kafka://ann@a:1", &[], expect!["a:1 as 'ann'"]);
        check(
            "kafka://a:1",
            &[("sasl.username", "bob")],
            expect!["a:1 as 'bob'"],
        );
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_the_login() {
        check(
            "kafka://ann:hunter2@a:1",
            &[],
            expect![
                "'kafka://a:1' is not an address for kafka: There is a password in this address. Remove it."
            ],
        );
        check(
            "kafka://a:b",
            &[],
            expect![
                "'kafka:…' is not an address for kafka: This address cannot be read: one of / ? # @ : stands where it has no meaning. Leave the password out; in the name of a user or a database write such a character with a percent sign, like %40 for @."
            ],
        );
        check(
            "kafka://",
            &[],
            expect!["'kafka://' is not an address for kafka: write kafka://host:port[,host:port]"],
        );
        check(
            "amqp://a",
            &[],
            expect!["'amqp://a' is not an address for kafka: write kafka://host:port[,host:port]"],
        );
    }

    #[test]
    fn options_that_would_disturb_or_do_not_exist_are_refused() {
        check(
            "kafka://a",
            &[("group.id", "orders")],
            expect![
                "the profile must not set the Kafka option 'group.id': Waybill never joins a group"
            ],
        );
        check(
            "kafka://a",
            &[("security.protokol", "ssl")],
            expect![
                "the Kafka option 'security.protokol' does not exist; did you mean 'security.protocol'?"
            ],
        );
        check(
            "kafka://a",
            &[("security.protocol", "hunter2")],
            expect!["the value of the Kafka option 'security.protocol' is not allowed"],
        );
    }

    #[test]
    fn the_profile_wins_over_tuning_and_never_over_safety() {
        let target = target("kafka://a", &[("fetch.max.bytes", "1000000")]);
        let settings = Settings::from_target(&target).expect("it is valid");
        let bulk = settings.bulk();
        assert_eq!(bulk.get("fetch.max.bytes"), Some("1000000"));
        assert_eq!(bulk.get("enable.auto.commit"), Some("false"));
        assert_eq!(settings.asking().get("group.id"), None);
        assert_eq!(bulk.get("sasl.password"), Some("hunter2"));
    }

    #[test]
    fn debug_output_keeps_the_password() {
        let settings = Settings::from_target(&target("kafka://a", &[])).expect("it is valid");
        let text = format!("{settings:?} {:?}", settings.bulk());
        assert!(!text.contains("hunter2"), "{text}");
    }
}
