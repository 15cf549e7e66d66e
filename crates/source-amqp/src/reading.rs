//! Takes messages out of a stream, one after the other, whatever is in them.
//!
//! What a scan and a live tail have in common. A message that the client library cannot parse
//! (its header names or short texts are no UTF-8) ends the connection; it is noted as a marked
//! observation and the read goes on behind it.

use std::sync::Arc;
use std::time::Duration;

use lapin::Connection;
use lapin::message::Delivery;
use waybill_model::{Clock, Content, Marks, Micros, NO_VERSION, Observation, Stamp};
use waybill_source::{CopyQuery, Error, Result};

use crate::batches::Batches;
use crate::connect;
use crate::error;
use crate::hub::{Hub, now};
use crate::listener::{Listener, Start};
use crate::message;

/// Unparsable messages one read steps over; more than that is no accident.
const MAX_UNREADABLE: u32 = 100;

/// How often the end of a stream is tried to be caught in one go.
const ATTEMPTS: u32 = 3;

/// A stream being read.
#[derive(Debug)]
pub(crate) struct Reading {
    hub: Arc<Hub>,
    query: CopyQuery,
    connection: Connection,
    listener: Listener,
    prefetch: u16,
    /// The oldest offset the stream holds, where it is known.
    oldest: Option<i64>,
    /// Offsets below this were read before and are left out.
    wanted_from: i64,
    /// Observations not handed on yet.
    pub(crate) batches: Batches,
    /// The first offset seen.
    pub(crate) first: Option<i64>,
    /// The time the message there carried.
    pub(crate) first_time: Option<Micros>,
    /// One past the last offset seen, or where the read was told to begin.
    pub(crate) next: Option<i64>,
    /// The time the last message carried.
    pub(crate) last_time: Option<Micros>,
    /// Messages taken.
    pub(crate) n_done: u64,
    /// Bytes of their bodies.
    pub(crate) n_bytes: u64,
    n_unreadable: u32,
}

/// Where a read begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) start: Start,
    /// The offset that `start` gives, where it is known.
    pub(crate) next: Option<i64>,
    /// The oldest offset the stream holds, where it is known.
    pub(crate) oldest: Option<i64>,
    /// Offsets below this are left out.
    pub(crate) wanted_from: i64,
    pub(crate) prefetch: u16,
}

impl Reading {
    pub(crate) async fn begin(hub: Arc<Hub>, query: CopyQuery, entry: Entry) -> Result<Self> {
        let stream = query.channel.as_str();
        let connection = hub.settings.connect(&format!("reading {stream}")).await?;
        let listener = Listener::stream(&connection, stream, entry.start, entry.prefetch)
            .await
            .map_err(|error| error::reading(&hub.settings, stream, error))?;
        Ok(Self {
            batches: Batches::new(query.place),
            hub,
            query,
            connection,
            listener,
            prefetch: entry.prefetch,
            oldest: entry.oldest,
            wanted_from: entry.wanted_from,
            first: None,
            first_time: None,
            next: entry.next,
            last_time: None,
            n_done: 0,
            n_bytes: 0,
            n_unreadable: 0,
        })
    }

    /// Takes the next message; `false` when none comes within the time.
    pub(crate) async fn next(&mut self, within: Duration) -> Result<bool> {
        let taken = self.listener.next(within).await;
        self.take(taken).await
    }

    /// Takes what has arrived, until the batch is full; whether there was anything.
    pub(crate) async fn arrived(&mut self) -> Result<bool> {
        let mut any = false;
        while !self.batches.full() {
            let taken = self.listener.arrived().await;
            if !self.take(taken).await? {
                break;
            }
            any = true;
        }
        Ok(any)
    }

    /// Asks the broker for a sign of life and takes everything it sent before; whether there was
    /// anything. `false` means: nothing more was under way when we asked.
    pub(crate) async fn settle(&mut self) -> Result<bool> {
        match self.listener.round_trip().await {
            Ok(()) => self.arrived().await,
            // What had arrived before the line broke comes first.
            Err(error) => match self.arrived().await? {
                true => Ok(true),
                false => self.take(Err(error)).await,
            },
        }
    }

    /// Whether everything that was there when we asked has been taken. On a busy stream something
    /// is always under way; but where less of it came than the broker was free to send, there was
    /// no more.
    pub(crate) async fn at_end(&mut self) -> Result<bool> {
        for _ in 0..ATTEMPTS {
            let (n_done, n_unreadable) = (self.n_done, self.n_unreadable);
            self.settle().await?;
            if self.batches.full() {
                return Ok(false);
            }
            // Behind an unreadable message a new line was opened, on which nobody has asked yet.
            let same_line = self.n_unreadable == n_unreadable;
            if same_line && self.n_done - n_done < u64::from(self.prefetch) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves the stream and enters it again elsewhere.
    pub(crate) async fn reenter(&mut self, offset: i64) -> Result<()> {
        let stream = self.query.channel.as_str();
        let attached = Listener::stream(
            &self.connection,
            stream,
            Start::Offset(offset),
            self.prefetch,
        )
        .await;
        self.listener =
            attached.map_err(|error| error::reading(&self.hub.settings, stream, error))?;
        self.next = Some(offset);
        Ok(())
    }

    /// Leaves out nothing any more.
    pub(crate) fn want_all(&mut self) {
        self.wanted_from = 0;
    }

    pub(crate) async fn end(&self) {
        connect::end(&self.connection).await;
    }

    async fn take(&mut self, taken: lapin::Result<Option<Delivery>>) -> Result<bool> {
        match taken {
            Ok(Some(delivery)) => {
                self.observe(&delivery)?;
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) if error::unreadable(&error) => {
                self.step_over(error).await?;
                Ok(true)
            }
            Err(error) => Err(error::reading(
                &self.hub.settings,
                &self.query.channel,
                error,
            )),
        }
    }

    fn observe(&mut self, delivery: &Delivery) -> Result<()> {
        let offset =
            message::offset(delivery).ok_or_else(|| error::not_a_stream(&self.query.channel))?;
        self.next = Some(offset + 1);
        if offset < self.wanted_from {
            return Ok(());
        }
        self.n_done += 1;
        self.n_bytes += delivery.data.len() as u64;
        let time = message::time(delivery, self.query.role).map(|stamp| stamp.at);
        if self.first.is_none() {
            self.first = Some(offset);
            self.first_time = time;
        }
        self.last_time = time.or(self.last_time);
        if message::is_wanted(delivery, &self.query) {
            let seen = message::observation(delivery, &self.query, offset, now());
            self.batches.take_in(seen.as_ref());
        }
        Ok(())
    }

    async fn step_over(&mut self, error: lapin::Error) -> Result<()> {
        let stream = self.query.channel.as_str();
        let offset = match (self.next, self.oldest) {
            (Some(offset), _) if self.n_unreadable < MAX_UNREADABLE => offset,
            // Nobody knows where this one lies, so the read begins where that is known.
            (None, Some(oldest)) => return self.connect_again(oldest).await,
            _ => return Err(error::reading(&self.hub.settings, stream, error)),
        };
        tracing::warn!(stream, offset, error = %error, "A message cannot be parsed");
        self.n_unreadable += 1;
        if offset >= self.wanted_from {
            self.first.get_or_insert(offset);
            self.n_done += 1;
            self.batches.push(&self.unreadable(offset));
        }
        self.connect_again(offset + 1).await
    }

    async fn connect_again(&mut self, offset: i64) -> Result<()> {
        let purpose = format!("reading {}", self.query.channel);
        self.connection = self.hub.settings.connect(&purpose).await?;
        self.reenter(offset).await
    }

    /// All that can be said about a message that cannot be parsed: it is there.
    fn unreadable(&self, offset: i64) -> Observation {
        Observation {
            place: self.query.place,
            id: String::new(),
            kind: String::new(),
            aggregate: String::new(),
            version: NO_VERSION,
            stamp: Stamp {
                at: now(),
                clock: Clock::Waybill,
                resolution_micros: 1,
            },
            partition: 0,
            position: offset,
            key: String::new(),
            marks: Marks::NO_ID | Marks::NOT_UTF8 | Marks::MALFORMED | Marks::NO_TIME,
            content: Content::NONE,
        }
    }
}

/// Nothing came although there is something.
pub(crate) fn silent(stream: &str, waited: Duration) -> Error {
    Error::Timeout {
        doing: format!("waiting for the next message of stream '{stream}'"),
        secs: waited.as_secs(),
    }
}
