//! Asks every so often where the partitions end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use waybill_model::Micros;
use waybill_source::{Error, Result};

use crate::connect::{ASK_LIMIT, Asker, Reader};
use crate::inspect::partitions;
use crate::offsets::{At, offsets};
use crate::outlet::now;

/// Coverage is promised every second; what is suspected is confirmed the sooner the oftener it is
/// told.
const EVERY: Duration = Duration::from_millis(400);

/// Partitions are added rarely; every this many rounds we look for new ones.
const ROUNDS_PER_SEARCH: u32 = 10;

/// Where a partition begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// The first offset that retention has left.
    pub(crate) low: i64,
    /// One past the last committed record.
    pub(crate) end: i64,
    /// One past the last record, a moment before `end` was: above that only while transactions
    /// are open.
    pub(crate) high: i64,
}

/// Where all partitions ended between two moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tick {
    /// Right before asking: what was published before lies below the ends.
    pub(crate) asked: Micros,
    /// Right after: what is published later lies above.
    pub(crate) answered: Micros,
    pub(crate) ends: BTreeMap<i32, Ends>,
}

impl Tick {
    /// Asks. `reader` sees committed records only, the asker all; whoever sees more is asked first,
    /// so that a record which comes in between does not look like an open transaction.
    pub(crate) fn ask(
        asker: &Asker,
        reader: &Reader,
        topic: &str,
        ids: &[i32],
    ) -> Result<Self, KafkaError> {
        let asked = now();
        let high = asker.bare(|client| offsets(client, topic, ids, At::End))?;
        let low = offsets(reader, topic, ids, At::Start)?;
        let end = offsets(reader, topic, ids, At::End)?;
        let ends = ids.iter().filter_map(|id| {
            let ends = Ends {
                low: *low.get(id)?,
                end: *end.get(id)?,
                high: *high.get(id)?,
            };
            Some((*id, ends))
        });
        Ok(Self {
            asked,
            ends: ends.collect(),
            answered: now(),
        })
    }
}

/// The thread that asks; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    ticks: Receiver<Result<Tick, KafkaError>>,
    /// Dropped with us, which wakes the thread.
    _stop: SyncSender<()>,
}

impl Watch {
    pub(crate) fn start(
        asker: Arc<Asker>,
        reader: Arc<Reader>,
        topic: String,
        mut ids: Vec<i32>,
    ) -> Result<Self> {
        let (tell, ticks) = sync_channel(1);
        let (stop, stopped) = sync_channel::<()>(0);
        let name = format!("topic {topic}");
        let body = move || {
            let mut rounds = 0;
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                rounds += 1;
                if rounds % ROUNDS_PER_SEARCH == 0
                    && let Ok(found) = partitions(&asker, &topic)
                    && found != ids
                    // The reader must know of them before it is told to read them.
                    && reader.fetch_metadata(Some(&topic), ASK_LIMIT).is_ok()
                {
                    ids = found;
                }
                let tick = Tick::ask(&asker, &reader, &topic, &ids);
                // A reader that has not taken the last one yet needs no newer one.
                if let Err(TrySendError::Disconnected(_)) = tell.try_send(tick) {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("kafka-ends".to_owned())
            .spawn(body)
            .map_err(|error| Error::Read {
                name,
                source: Box::new(error),
            })?;
        Ok(Self { ticks, _stop: stop })
    }

    /// The newest answer, if there is one since the last call.
    pub(crate) fn tick(&self) -> Option<Result<Tick, KafkaError>> {
        match self.ticks.try_recv() {
            Ok(tick) => Some(tick),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(KafkaError::Canceled)),
        }
    }
}
