//! The management HTTP API: what the broker says about itself. Only ever asked with GET.
//!
//! Every field is optional: versions drop fields, nodes may run without statistics, and a queue
//! that was just made has none yet. Lists are read in pages and with the columns we use.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use waybill_source::{Error, Result, Target, address};

use crate::connect::Settings;
use crate::rows::{BindingRow, ExchangeRow, Overview, QueueRow};

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const PAGE_SIZE: u32 = 500;

const QUEUE_COLUMNS: &str = "name,type,messages,messages_ready,messages_unacknowledged,consumers,\
                             arguments,effective_policy_definition";

/// What the server's clock said in an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerClock {
    /// Its clock minus ours, in microseconds.
    pub(crate) offset_micros: i64,
    /// How far that may be off.
    pub(crate) error_micros: i64,
}

/// The API of one broker.
#[derive(Clone)]
pub(crate) struct Management {
    http: Client,
    base: Url,
    user: String,
    password: String,
    vhost: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listing<T> {
    Page { items: Vec<T>, page_count: u32 },
    // Bindings come unpaginated whatever one asks for.
    Whole(Vec<T>),
}

impl Management {
    /// `None` when the profile names no management API. No network.
    pub(crate) fn new(target: &Target, settings: &Settings) -> Result<Option<Self>> {
        let Some(text) = &target.management_url else {
            return Ok(None);
        };
        let bad = |why: &str| Error::BadUrl {
            driver: "rabbitmq's management API",
            url: address::shown(text),
            hint: format!("{why}; write management-url like http://host:15672"),
        };
        let mut base = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(bad("it is no address of a web server"));
        }
        let user = match base.username() {
            "" => settings.user().to_owned(),
            user => user.to_owned(),
        };
        let password = match (&target.secret, base.password()) {
            (None, Some(password)) => password.to_owned(),
            _ => settings.password().to_owned(),
        };
        // From here on the address can be printed.
        base.set_username("")
            .map_err(|()| bad("it cannot be read"))?;
        base.set_password(None)
            .map_err(|()| bad("it cannot be read"))?;
        Ok(Some(Self {
            http: client(settings)?,
            base,
            user,
            password,
            vhost: settings.vhost().to_owned(),
        }))
    }

    /// Host and port, as in an error message.
    pub(crate) fn address(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port_or_known_default().unwrap_or_default();
        format!("the management API at {host}:{port}")
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Who answers, and how its clock stands.
    pub(crate) async fn overview(&self) -> Result<(Overview, Option<ServerClock>)> {
        let asked = SystemTime::now();
        let started = Instant::now();
        let response = self.send(&["overview"], &[]).await?;
        let took = started.elapsed();
        let date = response
            .headers()
            .get("date")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| {
                jiff::fmt::rfc2822::DateTimeParser::new()
                    .parse_timestamp(text)
                    .ok()
            });
        let clock = date.and_then(|date| server_clock(date, asked, took));
        Ok((self.body(response, "the overview").await?, clock))
    }

    /// The tags of the user we log in as.
    pub(crate) async fn tags(&self) -> Result<Vec<String>> {
        let response = self.send(&["whoami"], &[]).await?;
        let who: Value = self.body(response, "the user's tags").await?;
        Ok(match who.get("tags") {
            Some(Value::Array(tags)) => tags
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            // Before 3.9 they came as one text.
            Some(Value::String(tags)) => tags.split(',').map(str::to_owned).collect(),
            _ => Vec::new(),
        })
    }

    /// The names of the virtual hosts we may see.
    pub(crate) async fn vhosts(&self) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct VhostRow {
            name: String,
        }
        let response = self.send(&["vhosts"], &[("columns", "name")]).await?;
        let rows: Vec<VhostRow> = self.body(response, "the virtual hosts").await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// All queues of the virtual host.
    pub(crate) async fn queues(&self) -> Result<Vec<QueueRow>> {
        self.list(&["queues", &self.vhost], QUEUE_COLUMNS, "queues")
            .await
    }

    /// One queue; `None` when there is none of that name.
    pub(crate) async fn queue(&self, name: &str) -> Result<Option<QueueRow>> {
        let path = ["queues", &self.vhost, name];
        self.one(&path, &[("columns", QUEUE_COLUMNS)], "the queue")
            .await
    }

    /// All exchanges of the virtual host.
    pub(crate) async fn exchanges(&self) -> Result<Vec<ExchangeRow>> {
        let columns = "name,type,internal,arguments";
        self.list(&["exchanges", &self.vhost], columns, "exchanges")
            .await
    }

    /// All bindings of the virtual host, those of the default exchange left out.
    pub(crate) async fn bindings(&self) -> Result<Vec<BindingRow>> {
        let columns = "source,destination,destination_type,routing_key,arguments";
        let mut rows: Vec<BindingRow> = self
            .list(&["bindings", &self.vhost], columns, "bindings")
            .await?;
        rows.retain(|row| !row.source.is_empty());
        Ok(rows)
    }

    /// One exchange; `None` when there is none of that name.
    pub(crate) async fn exchange(&self, name: &str) -> Result<Option<ExchangeRow>> {
        // The default exchange's own address would be that of the list.
        if name.is_empty() {
            return Ok(None);
        }
        let path = ["exchanges", &self.vhost, name];
        let columns = "name,type,internal,arguments";
        self.one(&path, &[("columns", columns)], "the exchange")
            .await
    }

    /// The bindings that leave one exchange.
    pub(crate) async fn bindings_from(&self, exchange: &str) -> Result<Vec<BindingRow>> {
        let path = ["exchanges", &self.vhost, exchange, "bindings", "source"];
        Ok(self
            .one(&path, &[], "the bindings")
            .await?
            .unwrap_or_default())
    }

    /// Messages routed to a queue since it exists, as of some seconds ago.
    pub(crate) async fn n_routed(&self, queue: &str) -> Result<Option<u64>> {
        let path = ["queues", &self.vhost, queue];
        let query = [("columns", "message_stats.publish")];
        let row: Option<Value> = self.one(&path, &query, "the queue's counters").await?;
        Ok(row.and_then(|row| row.pointer("/message_stats/publish")?.as_u64()))
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        columns: &str,
        what: &str,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let size = PAGE_SIZE.to_string();
        for page in 1.. {
            let number = page.to_string();
            let query = [
                ("page", number.as_str()),
                ("page_size", &size),
                ("columns", columns),
            ];
            let listing = self.one::<Listing<T>>(path, &query, what).await?;
            match listing.ok_or_else(|| self.no_vhost())? {
                Listing::Page { items, page_count } => {
                    all.extend(items);
                    if page >= page_count {
                        break;
                    }
                }
                Listing::Whole(items) => {
                    all.extend(items);
                    break;
                }
            }
        }
        Ok(all)
    }

    /// `None` for 404.
    async fn one<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
    ) -> Result<Option<T>> {
        match self.send(path, query).await {
            Ok(response) => self.body(response, what).await.map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, path: &[&str], query: &[(&str, &str)]) -> Result<reqwest::Response> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("api").extend(path);
        }
        let request = self
            .http
            .get(url)
            .query(query)
            .basic_auth(&self.user, Some(&self.password));
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        match response.status() {
            StatusCode::OK => Ok(response),
            StatusCode::UNAUTHORIZED => Err(Error::Login {
                address: self.address(),
                user: self.user.clone(),
                source: says(response).await,
            }),
            StatusCode::FORBIDDEN => Err(Error::Forbidden {
                action: "ask",
                name: self.address(),
                source: says(response).await,
            }),
            StatusCode::NOT_FOUND => Err(Error::NotFound {
                what: "path",
                name: path.join("/"),
                place: self.address(),
                suggestion: String::new(),
            }),
            _ => Err(Error::Read {
                name: self.address(),
                source: says(response).await,
            }),
        }
    }

    async fn body<T: DeserializeOwned>(
        &self,
        response: reqwest::Response,
        what: &str,
    ) -> Result<T> {
        response.json().await.map_err(|error| Error::Read {
            name: format!("{what} from {}", self.address()),
            source: error.without_url().into(),
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> Error {
        let error = error.without_url();
        if error.is_timeout() && !error.is_connect() {
            return Error::Timeout {
                doing: format!("asking {}", self.address()),
                secs: ANSWER_LIMIT.as_secs(),
            };
        }
        Error::Connect {
            address: self.address(),
            source: error.into(),
        }
    }

    fn no_vhost(&self) -> Error {
        Error::NotFound {
            what: "virtual host",
            name: self.vhost.clone(),
            place: self.address(),
            suggestion: String::new(),
        }
    }
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management")
            .field("base", &self.base.as_str())
            .field("user", &self.user)
            .field("vhost", &self.vhost)
            .finish_non_exhaustive()
    }
}

fn client(settings: &Settings) -> Result<Client> {
    // The client library takes the process's provider and has none of its own. If somebody has
    // chosen one before us, theirs stays.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let failed = |error: reqwest::Error| Error::Connect {
        address: "the management API".to_owned(),
        source: error.into(),
    };
    let mut builder = Client::builder()
        .user_agent(concat!("waybill/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_LIMIT)
        .timeout(ANSWER_LIMIT)
        .redirect(reqwest::redirect::Policy::none())
        // The broker itself is reached without a proxy, too.
        .no_proxy();
    if let Some(ca) = settings.ca() {
        for certificate in reqwest::Certificate::from_pem_bundle(ca.as_bytes()).map_err(failed)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(failed)
}

/// The API's own reason, or the status.
async fn says(response: reqwest::Response) -> waybill_source::BoxError {
    let status = response.status();
    let reason = response
        .json::<Value>()
        .await
        .ok()
        .and_then(|body| Some(body.get("reason")?.as_str()?.to_owned()));
    match reason {
        Some(reason) => format!("{reason} ({status})").into(),
        None => status.to_string().into(),
    }
}

/// `Date` has whole seconds and is made once a second, so it is up to two seconds old: the middle
/// of those against the middle of our question.
fn server_clock(date: jiff::Timestamp, asked: SystemTime, took: Duration) -> Option<ServerClock> {
    let half_trip = i64::try_from(took.as_micros() / 2).ok()?;
    let ours = asked.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let ours = i64::try_from(ours.as_micros())
        .ok()?
        .checked_add(half_trip)?;
    Some(ServerClock {
        offset_micros: date.as_microsecond() + 1_000_000 - ours,
        error_micros: 1_000_000 + half_trip,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_clock_is_known_to_a_second_and_half_the_trip() {
        let asked = SystemTime::UNIX_EPOCH + Duration::from_millis(10_000_000);
        let date = jiff::Timestamp::from_second(10_003).expect("a time");
        let clock = server_clock(date, asked, Duration::from_millis(200)).expect("a clock");
        assert_eq!(
            (clock.offset_micros, clock.error_micros),
            (3_900_000, 1_100_000)
        );
    }
}
