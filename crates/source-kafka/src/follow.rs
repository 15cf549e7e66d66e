//! Reads what arrives in a topic until nobody wants it any more.
//!
//! The reading thread asks the broker nothing that could make a record wait: where the partitions
//! end is asked by a second thread ([`ends`]).

mod ends;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use waybill_model::{Marks, Progress};
use waybill_source::{Chunk, CopyQuery, Error, Result};

use crate::batch::Gather;
use crate::connect::{Asker, Reader};
use crate::context::Context;
use crate::cursor;
use crate::error::{Asked, no_topic, sort};
use crate::inspect::{is_topic_name, partitions};
use crate::native::RawRecord;
use crate::outlet::Outlet;
use crate::pump::{SLICE, Stop, is_hopeless, is_unknown_place};
use ends::{Tick, Watch};
use state::Following;

/// How long the broker may be away: nothing is lost meanwhile and nothing claimed, and a restart
/// takes its time.
const AWAY_LIMIT: Duration = Duration::from_secs(30);

/// While records arrive without a pause, ends and cancellation are looked at once per this many.
const RECORDS_PER_LOOK: u32 = 256;

/// The follow, on a thread of its own. Returns when nobody reads any more, or with the error that
/// ended it.
pub(crate) fn run(asker: &Arc<Asker>, query: &CopyQuery, outlet: &Outlet) -> Result<()> {
    let topic = query.channel.as_str();
    if !is_topic_name(topic) {
        return Err(no_topic(topic, std::iter::empty(), &asker.settings));
    }
    let given = cursor::read(query.after.as_ref(), topic)?;
    let ids = partitions(asker, topic)?;
    let (reader, context) = asker.reader(&asker.settings.tail())?;
    let reader = Arc::new(reader);
    let first = Tick::ask(asker, &reader, topic, &ids)
        .map_err(|error| sorted(&error, asker, &context, topic))?;
    let following = Following::new(query.place, &first, &given);
    let all: Vec<_> = following.positions().collect();
    reader
        .assign(&list(topic, &all).map_err(|error| sorted(&error, asker, &context, topic))?)
        .map_err(|error| sorted(&error, asker, &context, topic))?;
    let mut follow = Follow {
        topic,
        outlet,
        asker,
        context,
        following,
        gather: Gather::new(query),
        answered: Instant::now(),
    };
    let watch = Watch::start(
        Arc::clone(asker),
        Arc::clone(&reader),
        topic.to_owned(),
        ids,
    )?;
    match follow.run(&reader, &watch) {
        Ok(()) | Err(Stop::Dropped) => Ok(()),
        Err(Stop::Failed(error)) => {
            // What was read until now still counts; if nobody wants it, nobody wants the error.
            follow.tell(&reader).ok();
            Err(error)
        }
    }
}

/// One follow under way.
struct Follow<'a> {
    topic: &'a str,
    outlet: &'a Outlet,
    asker: &'a Asker,
    context: Context,
    following: Following,
    gather: Gather,
    /// When the broker last said where the partitions end.
    answered: Instant,
}

impl Follow<'_> {
    fn run(&mut self, reader: &Reader, watch: &Watch) -> Result<(), Stop> {
        self.tell(reader)?;
        let mut until_look = RECORDS_PER_LOOK;
        loop {
            // With something gathered only what is already here is waited for.
            let wait = if self.gather.is_empty() {
                SLICE
            } else {
                Duration::ZERO
            };
            let idle = match reader.poll(wait) {
                Some(Ok(message)) => {
                    let (_, before) = self.gather.add(RawRecord::of(&message), Marks::empty());
                    if let Some(batch) = before {
                        self.outlet.send(Chunk::Evidence(batch))?;
                    }
                    self.gather.full()
                }
                Some(Err(KafkaError::PartitionEOF(_))) => true,
                // Partitions that were just added are not known everywhere at once; if the topic is
                // gone, the ends are not answered either.
                Some(Err(error)) if is_hopeless(&error) && !is_unknown_place(&error) => {
                    return Err(self.sorted(&error).into());
                }
                Some(Err(_)) | None => true,
            };
            until_look -= 1;
            if idle || until_look == 0 {
                until_look = RECORDS_PER_LOOK;
                self.look(reader, watch)?;
            }
        }
    }

    /// Hands on what has arrived, and what it proves when the ends are known anew.
    fn look(&mut self, reader: &Reader, watch: &Watch) -> Result<(), Stop> {
        if self.outlet.gone() {
            return Err(Stop::Dropped);
        }
        self.flush()?;
        match watch.tick() {
            Some(Ok(tick)) => {
                self.answered = Instant::now();
                self.context.forget();
                let new = self.following.aim(&tick);
                self.adopt(reader, &new)?;
                self.tell(reader)
            }
            Some(Err(error)) if self.answered.elapsed() > AWAY_LIMIT => {
                Err(self.sorted(&error).into())
            }
            None if self.answered.elapsed() > AWAY_LIMIT * 2 => {
                let error = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
                Err(self.sorted(&error).into())
            }
            None if self.following.is_aiming() => {
                self.catch_up(reader);
                // Once the ends are reached nobody waits for the next ones.
                if self.following.is_aiming() {
                    return Ok(());
                }
                self.tell(reader)
            }
            Some(Err(_)) | None => Ok(()),
        }
    }

    /// Reads partitions that were added, too.
    fn adopt(&self, reader: &Reader, new: &[i32]) -> Result<(), Stop> {
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<_> = self
            .following
            .positions()
            .filter(|(id, _)| new.contains(id))
            .collect();
        list(self.topic, &new)
            .and_then(|list| reader.incremental_assign(&list))
            .map_err(|error| self.sorted(&error).into())
    }

    /// Tells what is covered, and where a later read goes on.
    fn tell(&mut self, reader: &Reader) -> Result<(), Stop> {
        self.flush()?;
        self.catch_up(reader);
        self.outlet.send(Chunk::Progress(Progress {
            done: self.gather.n_records,
            total: None,
            bytes: self.gather.n_bytes,
        }))?;
        for covered in self.following.coverage() {
            self.outlet.send(Chunk::Covered(covered))?;
        }
        let cursor = cursor::write(self.topic, self.following.marks());
        Ok(self.outlet.send(Chunk::Resume(cursor))?)
    }

    /// Notes which of the ends that were told are reached.
    fn catch_up(&mut self, reader: &Reader) {
        if self.following.is_aiming()
            && let Ok(positions) = reader.position()
        {
            for element in positions.elements() {
                if let Offset::Offset(next) = element.offset() {
                    self.following.reached(element.partition(), next);
                }
            }
            self.following.settle();
        }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if let Some(batch) = self.gather.take() {
            self.outlet.send(Chunk::Evidence(batch))?;
        }
        if let Some(accounts) = self.gather.accounts() {
            self.outlet.send(Chunk::Accounted(accounts))?;
        }
        Ok(())
    }

    fn sorted(&self, error: &KafkaError) -> Error {
        sorted(error, self.asker, &self.context, self.topic)
    }
}

fn list(topic: &str, from: &[(i32, i64)]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(from.len());
    for (id, next) in from {
        list.add_partition_offset(topic, *id, Offset::Offset(*next))?;
    }
    Ok(list)
}

fn sorted(error: &KafkaError, asker: &Asker, context: &Context, topic: &str) -> Error {
    let asked = Asked {
        action: "read",
        what: "topic",
        name: topic,
        within: AWAY_LIMIT,
    };
    sort(error, asked, &asker.settings, context)
}
