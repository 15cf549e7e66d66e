//! From where to where a stream reaches, found by attaching to both ends.

use std::time::Duration;

use lapin::Connection;
use lapin::message::Delivery;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use waybill_model::{Gap, GapReason, Micros, Window};
use waybill_source::{CopyQuery, Error, Result};

use crate::connect;
use crate::error;
use crate::hub::{Hub, now};
use crate::listener::{Listener, Start, answered, name};
use crate::message;
use crate::position::Position;

/// How long the first message of a stream that holds any may take.
const FIRST_MESSAGE_LIMIT: Duration = Duration::from_secs(10);

/// Silence that, together with a message count of 0, means an empty stream.
const EMPTY_AFTER: Duration = Duration::from_secs(2);

/// Clocks of publishers and broker may differ by this much: the broker looks for a time by its
/// own clock, and we ask for times of theirs.
const SKEW_SECS: i64 = 600;

/// Shorter streams are read whole rather than entered in the middle.
const SHORT: i64 = 20_000;

/// Bytes under way at most, as far as the first and last message tell.
const BYTES_UNDER_WAY: usize = 64 * 1024 * 1024;

/// One end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) offset: i64,
    /// The time the message carries.
    pub(crate) time: Option<Micros>,
    pub(crate) bytes: usize,
    /// Published to the stream by its name, not through an exchange it is bound to.
    pub(crate) direct: bool,
}

/// What a stream held at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The moment, by our clock: what was published before it lies inside.
    pub(crate) at: Micros,
    /// The oldest message and the beginning of the last chunk; `None` for an empty stream.
    pub(crate) edges: Option<(Edge, Edge)>,
    /// Whether the last chunk's first message could be parsed; else its edge is the first one's.
    pub(crate) end_known: bool,
}

impl Extent {
    /// Attaches to the first message, then to the last chunk.
    pub(crate) async fn find(hub: &Hub, query: &CopyQuery) -> Result<Self> {
        let stream = query.channel.as_str();
        let connection = hub.settings.connect(&format!("measuring {stream}")).await?;
        let at = now();
        let first = edge(hub, &connection, query, Start::First).await?;
        connect::end(&connection).await;
        let first = match first {
            Found::Message(first) => first,
            // A stream that has lost messages begins later, and asking for 0 gives its beginning.
            Found::Unreadable => Edge {
                offset: 0,
                time: None,
                bytes: 0,
                direct: false,
            },
            Found::Nothing => {
                return Ok(Self {
                    at,
                    edges: None,
                    end_known: true,
                });
            }
        };
        // A message that cannot be parsed ends its connection, so this one is another.
        let connection = hub.settings.connect(&format!("measuring {stream}")).await?;
        let last = edge(hub, &connection, query, Start::Last).await?;
        connect::end(&connection).await;
        let (last, end_known) = match last {
            Found::Message(last) => (last, true),
            Found::Unreadable | Found::Nothing => (first, false),
        };
        Ok(Self {
            at,
            edges: Some((first, last)),
            end_known,
        })
    }

    /// Where to begin a read, and the first offset it wants.
    pub(crate) fn start(&self, window: Window, resume: Option<Position>) -> (Start, Option<i64>) {
        let Some((first, last)) = self.edges else {
            return (Start::First, None);
        };
        if let Some(resume) = resume {
            // Never after the last chunk: what is there is sent at once, what is not may not come.
            let from = Ord::min(Ord::max(resume.next, first.offset), last.offset);
            return (Start::Offset(from), Some(from));
        }
        // A message without a time may be of any age; entering by time tells whether it is older.
        let worth_it = match first.time {
            Some(time) => time < window.from && last.offset - first.offset > SHORT,
            None => true,
        };
        let from_second = window
            .from
            .0
            .div_euclid(1_000_000)
            .saturating_sub(SKEW_SECS);
        match u64::try_from(from_second) {
            Ok(second) if worth_it => (Start::Second(second), None),
            _ => (Start::Offset(first.offset), Some(first.offset)),
        }
    }

    /// How many messages may be under way.
    pub(crate) fn prefetch(&self) -> u16 {
        let bytes = self
            .edges
            .map_or(0, |(first, last)| Ord::max(first.bytes, last.bytes));
        u16::try_from(BYTES_UNDER_WAY / Ord::max(bytes, 1))
            .unwrap_or(u16::MAX)
            .clamp(4, 1000)
    }

    /// The span before the first message, in which nobody can say what there was.
    ///
    /// Retention has removed it where the first offset is not 0. Where it is 0 the stream may
    /// have been made, or bound to the exchange, only then: somebody who follows our advice and
    /// has one made today must not be told that everything of yesterday is lost.
    pub(crate) fn unseen(&self, from: Micros, resume: Option<Position>) -> Option<Gap> {
        let gap = |to: Micros, reason| {
            (from < to).then_some(Gap {
                window: Window { from, to },
                reason,
            })
        };
        match (self.edges, resume) {
            (None, None) => gap(self.at, GapReason::TapClosed),
            (None, Some(resume)) if resume.next == 0 => None,
            // What was read before is gone with its offsets: it is another stream of that name.
            (None, Some(_)) => gap(self.at, GapReason::Retention),
            (Some((first, _)), Some(resume)) if first.offset > resume.next => {
                gap(first.time.unwrap_or(self.at), GapReason::Retention)
            }
            (Some(_), Some(_)) => None,
            (Some((first, _)), None) if first.offset == 0 && first.direct => None,
            (Some((first, _)), None) => {
                let reason = match first.offset {
                    0 => GapReason::TapClosed,
                    _ => GapReason::Retention,
                };
                gap(first.time.unwrap_or(self.at), reason)
            }
        }
    }
}

/// What one gets by attaching somewhere.
enum Found {
    Message(Edge),
    /// There is one, and our client library cannot parse it.
    Unreadable,
    /// The stream is empty.
    Nothing,
}

async fn edge(
    hub: &Hub,
    connection: &Connection,
    query: &CopyQuery,
    start: Start,
) -> Result<Found> {
    let stream = query.channel.as_str();
    match first_delivery(connection, stream, start).await {
        Ok(Some(delivery)) => edge_of(&delivery, query).map(Found::Message),
        Ok(None) if depth(connection, stream).await.unwrap_or(0) == 0 => Ok(Found::Nothing),
        Ok(None) => Err(Error::Timeout {
            doing: format!("waiting for the first message of stream '{stream}'"),
            secs: (EMPTY_AFTER + FIRST_MESSAGE_LIMIT).as_secs(),
        }),
        Err(error) if error::unreadable(&error) => Ok(Found::Unreadable),
        Err(error) => Err(error::reading(&hub.settings, stream, error)),
    }
}

async fn first_delivery(
    connection: &Connection,
    stream: &str,
    start: Start,
) -> lapin::Result<Option<Delivery>> {
    let mut listener = Listener::stream(connection, stream, start, 1).await?;
    let delivery = listener.next(EMPTY_AFTER).await?;
    if delivery.is_some() || depth(connection, stream).await == Some(0) {
        return Ok(delivery);
    }
    // There are messages, or the broker does not say: a busy one gets more time.
    listener.next(FIRST_MESSAGE_LIMIT).await
}

fn edge_of(delivery: &Delivery, query: &CopyQuery) -> Result<Edge> {
    // Brokers before 3.9 know no streams and no offsets, and would have handed us somebody's message.
    let offset = message::offset(delivery).ok_or_else(|| error::not_a_stream(&query.channel))?;
    Ok(Edge {
        offset,
        time: message::time(delivery, query.role).map(|stamp| stamp.at),
        bytes: delivery.data.len(),
        direct: delivery.exchange.as_str().is_empty(),
    })
}

/// Messages in the stream as of some seconds ago; `None` when the broker does not tell us.
async fn depth(connection: &Connection, stream: &str) -> Option<u32> {
    let channel = answered(connection.create_channel()).await.ok()?;
    let asking = channel.queue_declare(
        name(stream).ok()?,
        QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        },
        FieldTable::default(),
    );
    answered(asking)
        .await
        .ok()
        .map(|queue| queue.message_count())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time in seconds, as in the messages.
    fn at(second: i64) -> Micros {
        Micros(second * 1_000_000)
    }

    fn edge(offset: i64, second: Option<i64>) -> Edge {
        Edge {
            offset,
            time: second.map(at),
            bytes: 100,
            direct: false,
        }
    }

    fn extent(first: Edge, last: Edge) -> Extent {
        Extent {
            at: at(5000),
            edges: Some((first, last)),
            end_known: true,
        }
    }

    fn window(from: i64) -> Window {
        Window {
            from: at(from),
            to: at(5000),
        }
    }

    #[test]
    fn a_read_begins_where_nothing_wanted_lies_before() {
        let old = extent(edge(100, Some(10)), edge(90_000, Some(4900)));
        let short = extent(edge(100, Some(10)), edge(200, Some(4900)));
        let untimed = extent(edge(100, None), edge(200, None));
        let resume = |next| Some(Position { next, at: at(4000) });
        for (extent, from, resumed, expected) in [
            (old, 4000, None, (Start::Second(3400), None)),
            (old, 5, None, (Start::Offset(100), Some(100))),
            (old, 300, None, (Start::Offset(100), Some(100))),
            (short, 4000, None, (Start::Offset(100), Some(100))),
            (untimed, 4000, None, (Start::Second(3400), None)),
            (old, 0, resume(500), (Start::Offset(500), Some(500))),
            (old, 0, resume(50), (Start::Offset(100), Some(100))),
            (
                old,
                0,
                resume(90_007),
                (Start::Offset(90_000), Some(90_000)),
            ),
        ] {
            assert_eq!(
                extent.start(window(from), resumed),
                expected,
                "{from} {resumed:?}"
            );
        }
    }

    #[test]
    fn what_lies_before_the_first_message_is_not_covered() {
        let gap = |to: i64, reason| {
            Some(Gap {
                window: Window {
                    from: at(1000),
                    to: at(to),
                },
                reason,
            })
        };
        let resume = Some(Position {
            next: 50,
            at: at(1000),
        });
        let first = |offset, second| extent(edge(offset, second), edge(90, None));
        let itself = Edge {
            direct: true,
            ..edge(0, Some(2000))
        };
        let direct = extent(itself, edge(90, None));
        let empty = Extent {
            at: at(5000),
            edges: None,
            end_known: true,
        };
        for (extent, resumed, expected) in [
            (first(7, Some(2000)), None, gap(2000, GapReason::Retention)),
            (first(0, Some(2000)), None, gap(2000, GapReason::TapClosed)),
            (first(7, Some(900)), None, None),
            (direct, None, None),
            (first(7, None), None, gap(5000, GapReason::Retention)),
            (first(7, None), resume, None),
            (
                first(60, Some(2000)),
                resume,
                gap(2000, GapReason::Retention),
            ),
            (empty, None, gap(5000, GapReason::TapClosed)),
            (empty, resume, gap(5000, GapReason::Retention)),
        ] {
            assert_eq!(extent.unseen(at(1000), resumed), expected, "{extent:?}");
        }
    }

    #[test]
    fn large_messages_travel_in_small_numbers() {
        let with = |bytes| {
            let edge = Edge {
                bytes,
                ..edge(0, None)
            };
            extent(edge, edge).prefetch()
        };
        assert_eq!(
            (with(200), with(1_000_000), with(20_000_000)),
            (1000, 67, 4)
        );
    }
}
