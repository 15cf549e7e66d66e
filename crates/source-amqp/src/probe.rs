//! A connection test in steps, each with what to do when it fails.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use lapin::Connection;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use waybill_source::{Error, ProbeOutcome, ProbeStep, Target};

use crate::connect::{self, Settings};
use crate::driver::first_connection;
use crate::management::Management;
use crate::pull::{Sink, pulled};

const STEP_LIMIT: Duration = Duration::from_secs(5);

/// The steps, ending after the first that failed.
pub(crate) fn probe(target: Target) -> BoxStream<'static, ProbeStep> {
    let steps = pulled(&CancellationToken::new(), move |sink| async move {
        let mut steps = Steps {
            sink,
            started: Instant::now(),
        };
        // The step that failed is the last that was put; there is nobody to tell but the sink.
        steps.run(&target).await.ok();
        Ok(())
    });
    steps.filter_map(|step| async { step.ok() }).boxed()
}

/// A step failed and has said so.
struct Failed;

struct Steps {
    sink: Sink<ProbeStep>,
    started: Instant,
}

impl Steps {
    async fn run(&mut self, target: &Target) -> Result<(), Failed> {
        let settings = match Settings::parse(target) {
            Ok(settings) => settings,
            Err(error) => return self.failed("Read the address", error.chain()).await,
        };
        let management = Management::new(target, &settings);
        self.reach(&settings).await?;
        let known = management.as_ref().ok().and_then(Option::as_ref);
        self.log_in(&settings, known).await?;
        match management {
            Ok(Some(management)) => self.management(&settings, &management).await,
            Ok(None) => {
                self.put(
                    "Ask the management API",
                    ProbeOutcome::Warn(format!(
                        "no management-url is set, so streams can be read, but no queue's depth, no \
                         bindings and no exchange without a stream; add management-url = \"http://{}:15672\"",
                        settings.host_in_address()
                    )),
                )
                .await;
                Ok(())
            }
            Err(error) => self.failed("Ask the management API", error.chain()).await,
        }
    }

    /// Name and port.
    async fn reach(&mut self, settings: &Settings) -> Result<(), Failed> {
        let what = format!("Look up {}", settings.host());
        let found = timeout(STEP_LIMIT, lookup_host((settings.host(), settings.port()))).await;
        let addresses: Vec<_> = match found {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => {
                let hint = format!("{error}; check the host's name in the broker's url");
                return self.failed(&what, hint).await;
            }
            Err(_elapsed) => return self.failed(&what, "the name service does not answer").await,
        };
        let Some(first) = addresses.first() else {
            return self.failed(&what, "the name has no address").await;
        };
        self.fine(&what, first.ip().to_string()).await;

        let what = format!("Connect to {}", settings.address());
        match timeout(STEP_LIMIT, TcpStream::connect(addresses.as_slice())).await {
            Ok(Ok(_closed_at_once)) => self.fine(&what, "somebody answers").await,
            Ok(Err(error)) => {
                let hint = format!("{error}; is the broker running, and is the port right?");
                return self.failed(&what, hint).await;
            }
            Err(_elapsed) => {
                let hint = format!("no answer within {} s; a firewall?", STEP_LIMIT.as_secs());
                return self.failed(&what, hint).await;
            }
        }
        Ok(())
    }

    /// Encryption, login and virtual host: one handshake, told apart by how far it came.
    async fn log_in(
        &mut self,
        settings: &Settings,
        management: Option<&Management>,
    ) -> Result<(), Failed> {
        let attempt = first_connection(settings, management).await;
        let tls = "Agree on encryption";
        let login = format!("Log in as {}", settings.user());
        let vhost = format!("Enter virtual host '{}'", settings.vhost());
        let reached_broker = !matches!(attempt, Err(Error::Connect { .. } | Error::Timeout { .. }));
        if settings.encrypted() {
            match &attempt {
                Err(error) if !reached_broker => return self.failed(tls, error.chain()).await,
                _ => self.fine(tls, "TLS").await,
            }
        }
        match attempt {
            Ok(connection) => {
                let secs = heartbeat_secs(&connection);
                connect::end(&connection).await;
                self.fine(&login, "the broker knows us").await;
                self.fine(&vhost, format!("open, heartbeat {secs} s")).await;
                Ok(())
            }
            Err(error @ Error::Login { .. }) => {
                let hint = format!("{}; check user and password", error.chain());
                self.failed(&login, hint).await
            }
            Err(error) if reached_broker => {
                self.fine(&login, "the broker knows us").await;
                self.failed(&vhost, why_not_entered(settings, &error)).await
            }
            Err(error) => {
                let hint = format!(
                    "{}; does the port speak AMQP without TLS? amqps:// is usually on 5671",
                    error.chain()
                );
                self.failed(&login, hint).await
            }
        }
    }

    async fn management(
        &mut self,
        settings: &Settings,
        management: &Management,
    ) -> Result<(), Failed> {
        let what = format!("Ask {}", management.address());
        match management.overview().await {
            Ok((overview, _)) => {
                let version = overview.rabbitmq_version.unwrap_or_default();
                self.fine(&what, format!("RabbitMQ {version}")).await;
            }
            Err(error @ Error::Login { .. }) => {
                let hint = format!(
                    "{}; user '{}' needs the password of the broker and the tag 'monitoring'",
                    error.chain(),
                    management.user()
                );
                return self.failed(&what, hint).await;
            }
            Err(error) => {
                let hint = format!(
                    "{}; is the management plug-in enabled, and is management-url right?",
                    error.chain()
                );
                return self.failed(&what, hint).await;
            }
        }
        self.rights(settings, management).await
    }

    async fn rights(&mut self, settings: &Settings, management: &Management) -> Result<(), Failed> {
        let what = format!("See queues in '{}'", settings.vhost());
        match management.queues().await {
            Ok(queues) => {
                let tags = management.tags().await.unwrap_or_default().join(", ");
                self.fine(&what, format!("{} queues, as {tags}", queues.len()))
                    .await;
                Ok(())
            }
            Err(error) => {
                let hint = format!(
                    "{}; give user '{}' the tag 'monitoring' and read permission in the virtual host",
                    error.chain(),
                    management.user()
                );
                self.failed(&what, hint).await
            }
        }
    }

    async fn fine(&mut self, what: &str, text: impl Into<String>) {
        self.put(what, ProbeOutcome::Fine(text.into())).await;
    }

    async fn failed(&mut self, what: &str, text: impl Into<String>) -> Result<(), Failed> {
        self.put(what, ProbeOutcome::Failed(text.into())).await;
        Err(Failed)
    }

    async fn put(&mut self, what: &str, outcome: ProbeOutcome) {
        let took = self.started.elapsed();
        let step = ProbeStep {
            what: what.to_owned(),
            outcome,
            took_micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        };
        self.sink.put(step).await;
        self.started = Instant::now();
    }
}

fn why_not_entered(settings: &Settings, error: &Error) -> String {
    match error {
        Error::NotFound { .. } => format!("{error}; check the end of the broker's url"),
        _ => format!(
            "{}; the administrator can give '{}' permissions in '{}'",
            error.chain(),
            settings.user(),
            settings.vhost()
        ),
    }
}

fn heartbeat_secs(connection: &Connection) -> u16 {
    connection.configuration().heartbeat()
}
