//! Tries a connection step by step and says what to do where it fails.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use waybill_source::{Error, ProbeOutcome, ProbeStep, Target};

use crate::address::Address;
use crate::connect::Asker;
use crate::inspect::{groups, server, topic_config};
use crate::settings::Settings;
use crate::span::Cleanup;

/// How long a name or a connection may take.
const STEP_LIMIT: Duration = Duration::from_secs(3);

/// Steps that may wait for whoever shows them.
const STEPS: usize = 8;

/// Nothing more is to be tried: a step failed, or nobody looks.
struct Over;

/// The steps as they are done; the stream ends after the first failure.
pub(crate) fn steps(target: Target) -> BoxStream<'static, ProbeStep> {
    let (tell, mut told) = mpsc::channel(STEPS);
    let body = move || {
        // How it ended has been told.
        run(&target, &Teller { tell }).ok();
    };
    if let Err(error) = std::thread::Builder::new()
        .name("kafka-probe".to_owned())
        .spawn(body)
    {
        let step = ProbeStep {
            what: "Start the test".to_owned(),
            outcome: ProbeOutcome::Failed(error.to_string()),
            took_micros: 0,
        };
        return futures::stream::once(std::future::ready(step)).boxed();
    }
    futures::stream::poll_fn(move |cx| told.poll_recv(cx)).boxed()
}

struct Teller {
    tell: mpsc::Sender<ProbeStep>,
}

impl Teller {
    /// Does one step and tells what came of it.
    fn step<T>(
        &self,
        what: impl Into<String>,
        work: impl FnOnce() -> (ProbeOutcome, T),
    ) -> Result<T, Over> {
        let started = Instant::now();
        let (outcome, value) = work();
        let failed = matches!(outcome, ProbeOutcome::Failed(_));
        let step = ProbeStep {
            what: what.into(),
            outcome,
            took_micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        self.tell.blocking_send(step).map_err(|_closed| Over)?;
        if failed { Err(Over) } else { Ok(value) }
    }
}

fn run(target: &Target, teller: &Teller) -> Result<(), Over> {
    let settings = match Settings::from_target(target) {
        Ok(settings) => settings,
        Err(error) => {
            return teller.step("Read the settings", || {
                (ProbeOutcome::Failed(error.chain()), ())
            });
        }
    };
    reach(&settings, teller)?;
    let asker = teller.step("Log in and ask for the cluster", || greet(&settings))?;
    let Some(asker) = asker else {
        return Err(Over);
    };
    reach_advertised(&asker, teller)?;
    teller.step("List topics", || (list_topics(&asker), ()))?;
    teller.step("List consumer groups", || {
        let outcome = match groups(&asker) {
            Some(names) => ProbeOutcome::Fine(format!("{} groups", names.len())),
            None => ProbeOutcome::Warn(
                "the broker does not list them; write each consumer's group into the profile"
                    .to_owned(),
            ),
        };
        (outcome, ())
    })?;
    teller.step("Read a topic's configuration", || (read_config(&asker), ()))
}

/// Looks up and connects to every bootstrap address; one that answers is enough.
fn reach(settings: &Settings, teller: &Teller) -> Result<(), Over> {
    let n = settings.addresses.len();
    let mut n_failed = 0;
    for address in &settings.addresses {
        let last_hope = n_failed + 1 == n;
        let found = teller.step(format!("Look up {}", address.host), || {
            match look_up(address) {
                Ok(found) => {
                    let first = found.first().map(|a| a.ip().to_string());
                    (ProbeOutcome::Fine(first.unwrap_or_default()), found)
                }
                Err(why) => (bad(why, last_hope), Vec::new()),
            }
        })?;
        if found.is_empty() {
            n_failed += 1;
            continue;
        }
        let reached = teller.step(format!("Connect to {address}"), || match connect(&found) {
            Ok(at) => (ProbeOutcome::Fine(format!("{at} answers")), true),
            Err(why) => (bad(why, last_hope), false),
        })?;
        n_failed += usize::from(!reached);
    }
    Ok(())
}

/// A failure, unless another address may still answer.
fn bad(why: String, last_hope: bool) -> ProbeOutcome {
    if last_hope {
        ProbeOutcome::Failed(why)
    } else {
        ProbeOutcome::Warn(why)
    }
}

fn greet(settings: &Settings) -> (ProbeOutcome, Option<Arc<Asker>>) {
    match Asker::open(settings.clone()) {
        Ok(asker) => match server(&asker) {
            Ok(info) => (
                ProbeOutcome::Fine(format!("{}, {}", info.product, info.version)),
                Some(asker),
            ),
            Err(error) => (ProbeOutcome::Failed(error.chain()), None),
        },
        Err(error) => {
            let advice = match &error {
                Error::Login { .. } => "; check user, secret and the option sasl.mechanism",
                Error::Connect { source, .. } if is_unresolved(&source.to_string()) => {
                    "; the broker says clients find it there: correct its advertised.listeners or \
                     make the name known here"
                }
                Error::Connect { .. } | Error::Timeout { .. } => {
                    "; something answers there, so check the option security.protocol"
                }
                _ => "",
            };
            (
                ProbeOutcome::Failed(format!("{}{advice}", error.chain())),
                None,
            )
        }
    }
}

/// Whether librdkafka could not look up a name that we had not given it: ours was looked up before.
fn is_unresolved(said: &str) -> bool {
    said.contains("Failed to resolve")
}

/// Brokers tell clients where they are; behind containers and tunnels that is often wrong.
fn reach_advertised(asker: &Asker, teller: &Teller) -> Result<(), Over> {
    let metadata = match asker.metadata() {
        Ok(metadata) => metadata,
        Err(error) => {
            return teller.step("Ask for the brokers", || {
                (ProbeOutcome::Failed(error.chain()), ())
            });
        }
    };
    for broker in metadata.brokers() {
        let Ok(port) = u16::try_from(broker.port()) else {
            continue;
        };
        let address = Address {
            host: broker.host().to_owned(),
            port,
        };
        if asker.settings.addresses.contains(&address) {
            continue;
        }
        teller.step(
            format!("Connect to broker {} at {address}", broker.id()),
            || {
                let outcome = match look_up(&address).and_then(|found| connect(&found)) {
                    Ok(at) => ProbeOutcome::Fine(format!("{at} answers")),
                    Err(why) => ProbeOutcome::Failed(format!(
                        "{why}; the broker says clients find it there: correct its \
                     advertised.listeners or make the name known here"
                    )),
                };
                (outcome, ())
            },
        )?;
    }
    Ok(())
}

fn list_topics(asker: &Asker) -> ProbeOutcome {
    match asker.metadata() {
        Ok(metadata) => {
            let n = crate::inspect::visible(&metadata).count();
            if n == 0 {
                ProbeOutcome::Warn(
                    "none can be seen: there are none, or the user may not describe them"
                        .to_owned(),
                )
            } else {
                ProbeOutcome::Fine(format!("{n} topics"))
            }
        }
        Err(error) => ProbeOutcome::Failed(error.chain()),
    }
}

fn read_config(asker: &Asker) -> ProbeOutcome {
    let metadata = asker.metadata();
    let topic = metadata.as_ref().ok().and_then(|metadata| {
        let mut topics = crate::inspect::visible(metadata);
        topics.next().map(|topic| topic.name().to_owned())
    });
    match topic {
        None => ProbeOutcome::Fine("there is no topic to try it on".to_owned()),
        Some(topic) if topic_config(asker, &topic).cleanup == Cleanup::Unknown => {
            ProbeOutcome::Warn(
                "it cannot be read: where a topic has holes, Waybill must take it for compacted"
                    .to_owned(),
            )
        }
        Some(topic) => ProbeOutcome::Fine(topic),
    }
}

/// The addresses of a name. The system's resolver has no time-out, so it gets a thread to hang in.
fn look_up(address: &Address) -> Result<Vec<SocketAddr>, String> {
    let (tell, told) = sync_channel(1);
    let sought = (address.host.clone(), address.port);
    std::thread::Builder::new()
        .name("kafka-lookup".to_owned())
        .spawn(move || {
            let found = sought.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
            // If nobody waits any more, nobody is told.
            tell.send(found).ok();
        })
        .map_err(|error| error.to_string())?;
    match told.recv_timeout(STEP_LIMIT) {
        Ok(Ok(found)) if found.is_empty() => Err("the name has no address".to_owned()),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("{error}; check the spelling and the VPN")),
        Err(_elapsed) => Err(format!("no answer within {} s", STEP_LIMIT.as_secs())),
    }
}

fn connect(addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
    let mut last = "the name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(address, STEP_LIMIT) {
            Ok(_) => return Ok(*address),
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(last)
}
