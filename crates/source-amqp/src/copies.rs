//! Fetches whole messages from streams by offset.

use std::collections::BTreeMap;
use std::time::Duration;

use lapin::Connection;
use lapin::message::Delivery;
use waybill_model::{Coordinate, Copy};
use waybill_source::{Error, Result};

use crate::connect;
use crate::error::{self, Refusal, refusal};
use crate::hub::{Hub, now};
use crate::listener::{Listener, Start};
use crate::message;

/// How long a message that is there may take. One that is not there yet never comes.
const FETCH_LIMIT: Duration = Duration::from_secs(5);

/// The copies at these places, in the same order.
pub(crate) async fn copies(
    hub: &Hub,
    at: &[Coordinate],
    max_bytes: u64,
) -> Result<Vec<Option<Copy>>> {
    let mut found = vec![None; at.len()];
    let mut by_stream: BTreeMap<&str, Vec<(usize, i64)>> = BTreeMap::new();
    for (idx, coordinate) in at.iter().enumerate() {
        // A message that passed by a tap lies nowhere, and the others are not ours.
        if let Coordinate::StreamEntry { stream, offset } = coordinate {
            by_stream.entry(stream).or_default().push((idx, *offset));
        }
    }
    for (stream, wanted) in by_stream {
        match hub.require_stream(stream).await {
            Ok(()) => {}
            Err(Error::NotFound { .. }) => continue,
            Err(error) => return Err(error),
        }
        let mut connection = hub
            .settings
            .connect(&format!("fetching from {stream}"))
            .await?;
        for (idx, offset) in wanted {
            match fetch(&connection, stream, offset).await {
                Ok(Some(delivery)) => {
                    found[idx] = Some(message::copy(delivery, at[idx].clone(), max_bytes, now()));
                }
                Ok(None) => {}
                Err(error) if refusal(&error) == Some(Refusal::NotFound) => {}
                // Cannot be shown, but the others can.
                Err(error) if error::unreadable(&error) => {
                    connection = hub
                        .settings
                        .connect(&format!("fetching from {stream}"))
                        .await?;
                }
                Err(error) => return Err(error::reading(&hub.settings, stream, error)),
            }
        }
        connect::end(&connection).await;
    }
    Ok(found)
}

/// The message at this offset; `None` when it is gone.
async fn fetch(
    connection: &Connection,
    stream: &str,
    offset: i64,
) -> lapin::Result<Option<Delivery>> {
    let mut listener = Listener::stream(connection, stream, Start::Offset(offset), 1).await?;
    let delivery = listener.next(FETCH_LIMIT).await?;
    // The first one after it comes when retention has removed it.
    Ok(delivery.filter(|delivery| message::offset(delivery) == Some(offset)))
}
