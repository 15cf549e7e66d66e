//! Reads assigned partitions up to given ends and hands on what it meets.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use waybill_model::{Marks, Progress};
use waybill_source::{Chunk, CopyQuery, Error, Result};

use crate::batch::Gather;
use crate::connect::Reader;
use crate::context::Context;
use crate::error::{Asked, sort, unreachable};
use crate::native::{Fetched, RawRecord, Taken};
use crate::outlet::{Gone, Outlet};
use crate::settings::Settings;
use crate::span::{Span, Track};

/// How long one wait for a record lasts: cancelling takes no longer.
pub(crate) const SLICE: Duration = Duration::from_millis(40);

/// How long a read may stand still before it is given up. A broker that restarts or hands over its
/// partitions is back sooner.
pub(crate) const STALL_LIMIT: Duration = Duration::from_secs(15);

/// The same when no broker at all can be reached.
pub(crate) const ALL_DOWN_LIMIT: Duration = Duration::from_secs(5);

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(150);

/// Why reading ended before the end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody wants it any more.
    Dropped,
    Failed(Error),
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Dropped
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is read: where from, and where to.
pub(crate) struct Pump<'a> {
    topic: &'a str,
    settings: &'a Settings,
    outlet: &'a Outlet,
    /// Marks every observation gets.
    known: Marks,
    ends: BTreeMap<i32, i64>,
    pub(crate) tracks: BTreeMap<i32, Track>,
    n_left: usize,
    n_total: u64,
    gather: Gather,
    told: Instant,
    moved: Instant,
}

impl<'a> Pump<'a> {
    pub(crate) fn new(
        query: &'a CopyQuery,
        settings: &'a Settings,
        outlet: &'a Outlet,
        known: Marks,
        spans: &BTreeMap<i32, Span>,
    ) -> Self {
        let tracks: BTreeMap<_, _> = spans
            .iter()
            .map(|(id, span)| (*id, Track::new(span)))
            .collect();
        Self {
            topic: &query.channel,
            settings,
            outlet,
            known,
            ends: spans.iter().map(|(id, span)| (*id, span.end)).collect(),
            n_left: tracks.values().filter(|track| !track.done).count(),
            n_total: spans.values().map(Span::len).sum(),
            tracks,
            gather: Gather::new(query),
            told: Instant::now(),
            moved: Instant::now(),
        }
    }

    /// Reads to all ends. What was met before a failure has been handed on.
    pub(crate) fn run(&mut self, reader: &Reader, context: &Context) -> Result<(), Stop> {
        self.tell()?;
        let outcome = self.pump(reader, context);
        match outcome {
            Err(Stop::Dropped) => return Err(Stop::Dropped),
            Ok(()) | Err(Stop::Failed(_)) => self.tell()?,
        }
        outcome
    }

    /// Assigns what is not read yet, each from its own offset.
    fn assign<'r>(&self, reader: &'r Reader) -> Result<Fetched<'r>, KafkaError> {
        let mut list = TopicPartitionList::new();
        let unread = || self.tracks.iter().filter(|(_, track)| !track.done);
        for (id, track) in unread() {
            list.add_partition_offset(self.topic, *id, Offset::Offset(track.next))?;
        }
        let fetched = Fetched::lead(reader, self.topic, unread().map(|(id, _)| *id))?;
        reader.assign(&list)?;
        Ok(fetched)
    }

    fn pump(&mut self, reader: &Reader, context: &Context) -> Result<(), Stop> {
        let mut fetched = self
            .assign(reader)
            .map_err(|error| self.sorted(&error, context))?;
        self.moved = Instant::now();
        while self.n_left > 0 {
            let n = fetched.turn(SLICE);
            let mut idle = n == 0;
            for taken in fetched.iter() {
                match taken {
                    Taken::Record(record) => self.take(record, reader)?,
                    Taken::End { partition, offset } => {
                        self.reached_end(partition, offset, reader);
                    }
                    Taken::Trouble(error) if is_hopeless(&error) => {
                        return Err(self.sorted(&error, context).into());
                    }
                    // The stall limit decides about the rest.
                    Taken::Trouble(_) => idle = true,
                }
            }
            // Log lines and connection troubles come this way; the context takes note of them.
            drop(reader.poll(Duration::ZERO));
            self.look(idle, context)?;
        }
        Ok(())
    }

    fn take(&mut self, record: RawRecord<'_>, reader: &Reader) -> Result<(), Stop> {
        let (partition, offset) = (record.partition(), record.offset());
        let (Some(track), Some(end)) = (
            self.tracks.get_mut(&partition),
            self.ends.get(&partition).copied(),
        ) else {
            return Ok(());
        };
        if track.done {
            return Ok(());
        }
        // What was published after we asked for the end belongs to the next read.
        if offset < end {
            let (time, before) = self.gather.add(record, self.known);
            track.met(offset, time);
            if let Some(batch) = before {
                self.outlet.send(Chunk::Evidence(batch))?;
            }
            if self.gather.full() {
                self.flush()?;
            }
        }
        if offset + 1 >= end {
            self.finish(partition, end, reader);
        }
        Ok(())
    }

    /// The broker has nothing more. Its end is not below ours, unless a follower answered.
    fn reached_end(&mut self, partition: i32, reached: i64, reader: &Reader) {
        let Some(end) = self.ends.get(&partition).copied() else {
            return;
        };
        if reached < end && self.settings.reads_from_followers() {
            return;
        }
        self.finish(partition, Ord::max(end, reached), reader);
    }

    fn finish(&mut self, partition: i32, next: i64, reader: &Reader) {
        let Some(track) = self.tracks.get_mut(&partition) else {
            return;
        };
        track.next = Ord::max(track.next, next);
        if std::mem::replace(&mut track.done, true) {
            return;
        }
        self.n_left -= 1;
        if self.n_left > 0 {
            let mut list = TopicPartitionList::new();
            list.add_partition(self.topic, partition);
            // If it goes on reading, what it yields is ignored.
            reader.pause(&list).ok();
        }
    }

    /// Looks up from reading: is it still wanted, does it move, is it time to tell?
    fn look(&mut self, idle: bool, context: &Context) -> Result<(), Stop> {
        if self.outlet.gone() {
            return Err(Stop::Dropped);
        }
        let now = Instant::now();
        if now - self.told >= TELL_EVERY {
            self.tell()?;
        }
        if !idle {
            self.moved = Instant::now();
            context.forget();
            return Ok(());
        }
        let stood = now - self.moved;
        let trouble = context.worst();
        match trouble {
            Some(trouble) if trouble.is_final() || context.all_down() && stood > ALL_DOWN_LIMIT => {
                Err(unreachable(&trouble, self.settings).into())
            }
            _ if stood > STALL_LIMIT => {
                let error = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
                Err(self.sorted(&error, context).into())
            }
            _ => Ok(()),
        }
    }

    /// Hands on what was gathered, and how far it is.
    fn tell(&mut self) -> Result<(), Stop> {
        self.flush()?;
        self.outlet.send(Chunk::Progress(Progress {
            done: self.gather.n_records,
            total: Some(self.n_total),
            bytes: self.gather.n_bytes,
        }))?;
        self.told = Instant::now();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if let Some(batch) = self.gather.take() {
            self.outlet.send(Chunk::Evidence(batch))?;
            // Waiting for whoever reads is no standstill.
            self.moved = Instant::now();
        }
        if let Some(accounts) = self.gather.accounts() {
            self.outlet.send(Chunk::Accounted(accounts))?;
        }
        Ok(())
    }

    fn sorted(&self, error: &KafkaError, context: &Context) -> Error {
        let asked = Asked {
            action: "read",
            what: "topic",
            name: self.topic,
            within: STALL_LIMIT,
        };
        sort(error, asked, self.settings, context)
    }
}

/// Whether waiting cannot help.
pub(crate) fn is_hopeless(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || is_unknown_place(error)
        || matches!(
            error.rdkafka_error_code(),
            Some(
                Code::TopicAuthorizationFailed
                    | Code::GroupAuthorizationFailed
                    | Code::Authentication
                    | Code::OffsetOutOfRange
                    | Code::AutoOffsetReset
                    | Code::BadMessage
                    | Code::BadCompression
                    | Code::NotImplemented
            )
        )
}

/// Whether the broker, or our knowledge of it, has no such topic or partition.
pub(crate) fn is_unknown_place(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition)
    )
}
