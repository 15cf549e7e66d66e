//! The connection test, step by step: each step is tried when the stream is polled for it, and
//! the first that fails is the last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::net::{TcpStream, lookup_host};
use waybill_source::{Error, ProbeOutcome, ProbeStep, Result};

use crate::address::Address;
use crate::link::Link;

/// How long looking up a name, or opening a TCP connection, may take.
const REACH: Duration = Duration::from_secs(5);

/// One step: what is tried, and the try.
pub(crate) struct Step {
    what: String,
    work: BoxFuture<'static, ProbeOutcome>,
}

impl Step {
    pub(crate) fn new(
        what: impl Into<String>,
        work: impl Future<Output = ProbeOutcome> + Send + 'static,
    ) -> Self {
        Self {
            what: what.into(),
            work: Box::pin(work),
        }
    }
}

/// Tries steps in order.
pub(crate) fn run(steps: Vec<Step>) -> BoxStream<'static, ProbeStep> {
    stream::unfold(steps.into_iter(), |mut steps| async move {
        let step = steps.next()?;
        let begun = Instant::now();
        let outcome = step.work.await;
        if matches!(outcome, ProbeOutcome::Failed(_)) {
            steps = Vec::new().into_iter();
        }
        let step = ProbeStep {
            what: step.what,
            outcome,
            took_micros: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        Some((step, steps))
    })
    .boxed()
}

/// An address that is none.
pub(crate) fn bad(error: Error) -> BoxStream<'static, ProbeStep> {
    run(vec![Step::new("Read the address", async move {
        ProbeOutcome::Failed(error.chain())
    })])
}

/// The steps that need no driver: name, port.
pub(crate) fn reach(address: &Address) -> Vec<Step> {
    let (host, port) = (address.host.clone(), address.port);
    let place = address.host_and_port();
    let look_up = format!("Look up {host}");
    let connect = format!("Connect to {place}");
    vec![
        Step::new(look_up, look_up_host(host, port)),
        Step::new(connect, connect_to(place)),
    ]
}

/// The steps behind a login: who is there, whether the session writes, what may be read.
pub(crate) fn look_around(link: &Arc<std::sync::OnceLock<Arc<dyn Link>>>) -> Vec<Step> {
    let (first, second) = (Arc::clone(link), Arc::clone(link));
    vec![
        Step::new("Check that the session cannot write", async move {
            match first.get() {
                Some(link) => read_only(&**link).await,
                None => ProbeOutcome::Failed("there is no session".to_owned()),
            }
        }),
        Step::new("Check the rights", async move {
            match second.get() {
                Some(link) => {
                    let outcome = rights(&**link).await;
                    link.close().await;
                    outcome
                }
                None => ProbeOutcome::Failed("there is no session".to_owned()),
            }
        }),
    ]
}

/// The step that logs in; what it opened is left in `link`.
pub(crate) fn log_in<F>(
    what: String,
    link: &Arc<std::sync::OnceLock<Arc<dyn Link>>>,
    open: F,
) -> Step
where
    F: Future<Output = Result<Arc<dyn Link>>> + Send + 'static,
{
    let kept = Arc::clone(link);
    Step::new(what, async move {
        let opened = match open.await {
            Ok(link) => link.product().await.map(|product| (link, product)),
            Err(error) => Err(error),
        };
        match opened {
            Ok((link, (product, version))) => {
                let way = link.way_there().map(|way| format!(", {way}"));
                // One step runs once, so the place is still empty.
                kept.set(link).ok();
                ProbeOutcome::Fine(format!("{product} {version}{}", way.unwrap_or_default()))
            }
            Err(error) => ProbeOutcome::Failed(advised(&error)),
        }
    })
}

async fn look_up_host(host: String, port: u16) -> ProbeOutcome {
    let look_up = lookup_host((host.as_str(), port));
    match tokio::time::timeout(REACH, look_up).await {
        Ok(Ok(found)) => {
            let mut found: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            found.sort();
            found.dedup();
            ProbeOutcome::Fine(found.join(", "))
        }
        Ok(Err(error)) => ProbeOutcome::Failed(format!(
            "{error}; check the spelling, or whether a VPN is needed"
        )),
        Err(_elapsed) => ProbeOutcome::Failed(format!(
            "no name server answered within {} s; check the network",
            REACH.as_secs()
        )),
    }
}

async fn connect_to(place: String) -> ProbeOutcome {
    match tokio::time::timeout(REACH, TcpStream::connect(&place)).await {
        Ok(Ok(_stream)) => ProbeOutcome::Fine("answers".to_owned()),
        Ok(Err(error)) => ProbeOutcome::Failed(format!(
            "{error}; check the port, and whether the server runs and lets this machine in"
        )),
        Err(_elapsed) => ProbeOutcome::Failed(format!(
            "nobody answered within {} s; a firewall may be in between",
            REACH.as_secs()
        )),
    }
}

async fn read_only(link: &dyn Link) -> ProbeOutcome {
    match link.rights().await {
        Ok(rights) if !rights.read_only_session => ProbeOutcome::Warn(
            "the session accepts writes; Waybill sends none, but use a user with SELECT only"
                .to_owned(),
        ),
        Ok(rights) if rights.can_write => ProbeOutcome::Warn(format!(
            "the session is read-only, but user '{}' may write; a user with SELECT only is safer",
            rights.user
        )),
        Ok(_) => ProbeOutcome::Fine("read-only".to_owned()),
        Err(error) => ProbeOutcome::Failed(error.chain()),
    }
}

async fn rights(link: &dyn Link) -> ProbeOutcome {
    match link.rights().await {
        Ok(rights) if rights.readable_tables == 0 => ProbeOutcome::Failed(format!(
            "user '{}' can read no table; grant SELECT on the outbox and inbox tables",
            rights.user
        )),
        Ok(rights) => {
            let tables = format!("{} tables can be read", rights.readable_tables);
            match rights.advice {
                Some(advice) => ProbeOutcome::Warn(format!("{tables}; {advice}")),
                None => ProbeOutcome::Fine(tables),
            }
        }
        Err(error) => ProbeOutcome::Failed(error.chain()),
    }
}

/// The reasons of an error, and what to do about it.
fn advised(error: &Error) -> String {
    let advice = match error {
        Error::Login { .. } => "; check user and password",
        Error::NotFound { .. } => "; check the name behind the last slash of the address",
        _ => "",
    };
    format!("{}{advice}", error.chain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_step_that_fails_is_the_last() {
        let steps = vec![
            Step::new("a", async { ProbeOutcome::Fine("x".to_owned()) }),
            Step::new("b", async { ProbeOutcome::Failed("y".to_owned()) }),
            Step::new("c", async { ProbeOutcome::Fine("z".to_owned()) }),
        ];
        let tried: Vec<String> = run(steps).map(|step| step.what).collect().await;
        assert_eq!(tried, ["a", "b"]);
    }
}
