//! The list of open transactions, read no more often than the server renews it.
//!
//! InnoDB renews `INNODB_TRX` only when nobody has read it for 100 ms: whoever asks more often is
//! told again and again what was true at the first time, and a transaction that has begun since is
//! not in it. So all readers of this process share what one of them has read. A horizon that is a
//! little old is a safe one: it says what was open at its own time.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use waybill_source::Result;

use crate::link::Horizon;

/// How long nobody must have read the list, with some room for a clock that is not ours.
const IDLE: Duration = Duration::from_millis(120);

/// What was read last, and when that had ended.
type Last = tokio::sync::Mutex<Option<(Instant, Horizon)>>;

/// By address: the list is the server's, whatever the database.
static SERVERS: LazyLock<Mutex<BTreeMap<String, Arc<Last>>>> = LazyLock::new(Mutex::default);

/// The horizon as it was read within the last moment, or else as `look` reads it now.
pub(crate) async fn horizon(
    address: &str,
    look: impl Future<Output = Result<Horizon>>,
) -> Result<Horizon> {
    let server = server(address);
    let mut last = server.lock().await;
    if let Some((at, horizon)) = &*last
        && at.elapsed() < IDLE
    {
        return Ok(*horizon);
    }
    let horizon = look.await?;
    *last = Some((Instant::now(), horizon));
    Ok(horizon)
}

/// The horizon as `look` reads it, once the server would renew it: for the first look, which also
/// tells whether the user may look at all.
pub(crate) async fn first_horizon(
    address: &str,
    look: impl Future<Output = Result<Horizon>>,
) -> Result<Horizon> {
    let server = server(address);
    let mut last = server.lock().await;
    if let Some((at, _)) = &*last {
        tokio::time::sleep(IDLE.saturating_sub(at.elapsed())).await;
    }
    let horizon = look.await?;
    *last = Some((Instant::now(), horizon));
    Ok(horizon)
}

fn server(address: &str) -> Arc<Last> {
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(servers.entry(address.to_owned()).or_default())
}

#[cfg(test)]
mod tests {
    use waybill_model::Micros;

    use super::*;
    use crate::link::Oldest;

    fn at(now: i64) -> Horizon {
        Horizon {
            now: Micros(now),
            ended_below: None,
            begun_below: None,
            oldest: Oldest::None,
        }
    }

    #[tokio::test]
    async fn who_asks_at_once_again_is_told_the_same_and_later_what_is_new() {
        let ask = async |now: i64| {
            horizon("a:1", async { Ok(at(now)) })
                .await
                .map(|told| told.now.0)
        };
        assert_eq!(ask(1).await.ok(), Some(1));
        assert_eq!(ask(2).await.ok(), Some(1));
        let elsewhere = horizon("b:1", async { Ok(at(3)) }).await;
        assert_eq!(elsewhere.map(|told| told.now.0).ok(), Some(3));
        tokio::time::sleep(IDLE).await;
        assert_eq!(ask(4).await.ok(), Some(4));
    }
}
