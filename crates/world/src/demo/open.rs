//! Opening a demo: the first time, and every time after.

use std::path::Path;
use std::time::Duration;

use super::folder::Folder;
use super::move_on;
use super::tape::{Tape, Times};
use crate::bus::{Bus, KafkaBus, topics};
use crate::clock::now;
use crate::name::Names;
use crate::product::Catalogue;
use crate::store::Store;
use crate::{
    BrokerKind, ConsumerName, DatabaseKind, Error, Fault, HistorySpan, Ledger, Membership, Planted,
    Result, World, WorldConfig,
};

/// Everybody's demo tells the same story.
const SEED: u64 = 20_261_120;

/// What it begins with: events, over so many minutes. Short of an hour, so that it all lies
/// within the last hour for a while.
const EVENTS: usize = 2000;
const SPAN: Duration = Duration::from_secs(45 * 60);

/// When its past ended longer ago than this, the whole demo is moved along.
const STALE_MICROS: i64 = 10 * 60 * 1_000_000;

/// A tape this long is of a demo that ran for hours; it starts over.
const LONGEST_TAPE: i64 = 60_000;

/// Records played at once.
const CHUNK: usize = 2000;

/// A demo as it was found or made.
pub(super) struct Opened {
    pub(super) world: World,
    pub(super) tape: Tape,
    pub(super) times: Times,
    /// Whether it was made just now.
    pub(super) is_new: bool,
}

/// Goes on with the demo in the folder, or makes a new one.
pub(super) async fn open(folder: &Folder) -> Result<Opened> {
    if folder.shop().exists() && folder.tape().exists() && folder.ledger().exists() {
        let tape = Tape::open(&folder.tape()).await?;
        if let Some(times) = tape.times().await?
            && tape.len().await? <= LONGEST_TAPE
        {
            return go_on(folder, tape, times).await;
        }
        tape.close().await;
        tracing::info!("The demo starts over");
    }
    begin(folder).await
}

async fn begin(folder: &Folder) -> Result<Opened> {
    folder.clear()?;
    let world = World::create(config(folder.dir())).await?;
    let end = now();
    let span = HistorySpan {
        events: EVENTS,
        span: SPAN,
        end: Some(end),
    };
    world.history(span, &planted()).await?;
    Ok(Opened {
        world,
        tape: Tape::open(&folder.tape()).await?,
        times: Times {
            began: end,
            saved: end,
        },
        is_new: true,
    })
}

async fn go_on(folder: &Folder, tape: Tape, times: Times) -> Result<Opened> {
    let config = config(folder.dir());
    let names = Names::new(&config.prefix);
    let mut ledger = Ledger::read(&folder.ledger())?;
    let store = Store::open(&config.database, &names).await?;
    move_on::take_back(&store, times.saved).await?;
    let times = move_along(&store, &tape, &mut ledger, times).await?;
    let bus = KafkaBus::mock(&names)?;
    play(&bus, &tape).await?;
    let (on_sale, next) = store.on_sale().await?;
    // A number that a rolled-back product used up stays used.
    let used = ledger.entries().iter().map(|entry| entry.product + 1).max();
    let seed = config.seed ^ ledger.len() as u64;
    let catalogue = Catalogue::resume(seed, on_sale, next.max(used.unwrap_or(1)));
    let bus = Bus::Kafka(std::sync::Arc::new(bus));
    Ok(Opened {
        world: World::assemble(config, names, store, bus, catalogue, ledger),
        tape,
        times,
        is_new: false,
    })
}

/// Moves a stale demo, so that its last moment is now.
async fn move_along(
    store: &Store,
    tape: &Tape,
    ledger: &mut Ledger,
    times: Times,
) -> Result<Times> {
    let now = now();
    let secs = now.since(times.saved) / 1_000_000;
    if now.since(times.began) <= STALE_MICROS || secs < 1 {
        return Ok(times);
    }
    let micros = secs * 1_000_000;
    let moved = Times {
        began: times.began.plus(micros),
        saved: times.saved.plus(micros),
    };
    // Should we die in between, the next one begins anew rather than with half a shift.
    tape.void().await?;
    move_on::move_by(store, secs).await?;
    tape.move_by(secs * 1000, moved).await?;
    for entry in ledger.entries_mut() {
        entry.at = entry.at.plus(micros);
    }
    Ok(moved)
}

/// Plays the tape into an empty cluster and puts the groups where they were.
async fn play(bus: &KafkaBus, tape: &Tape) -> Result<()> {
    let records = tape.records().await?;
    for chunk in records.chunks(CHUNK) {
        let again: Vec<_> = chunk.iter().map(|(_, record)| record.clone()).collect();
        for ((offset, record), placed) in chunk.iter().zip(bus.write(&again).await) {
            let found = placed?.offset;
            if found != *offset {
                return Err(Error::TapeDiffers {
                    topic: record.topic.clone(),
                    partition: record.partition.unwrap_or(0),
                    expected: *offset,
                    found,
                });
            }
        }
    }
    for (consumer, offsets) in tape.groups().await? {
        bus.commit(consumer, offsets).await?;
    }
    Ok(())
}

/// The end of every topic, as the saver wants it.
pub(super) async fn ends_on(tape: &Tape, names: &Names) -> Result<Vec<crate::bus::Offsets>> {
    let mut ends = Vec::new();
    for (topic, _) in topics(names) {
        ends.push(tape.ends(&topic).await?);
    }
    Ok(ends)
}

fn config(dir: &Path) -> WorldConfig {
    WorldConfig {
        seed: SEED,
        database: DatabaseKind::Sqlite {
            dir: dir.to_owned(),
        },
        broker: BrokerKind::Mock,
        prefix: String::new(),
        membership: Membership::Assigned,
    }
}

/// What goes wrong in the past the demo begins with. Nothing that was published and never stored:
/// that cannot be healed by a resend, and a healed demo should be clean.
fn planted() -> Vec<Planted> {
    [
        (Fault::PublishFailsAfterCommit, 12),
        (Fault::SentButLost, 2),
        (Fault::DualWriteWithoutOutbox, 3),
        (Fault::ConsumerSkips, 7),
        (Fault::ConsumerPoison, 3),
        (Fault::Duplicate, 4),
    ]
    .into_iter()
    .map(|(fault, events)| Planted {
        fault,
        events,
        consumer: fault.is_of_a_consumer().then_some(ConsumerName::Search),
    })
    .collect()
}
