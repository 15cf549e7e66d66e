//! Tells a history to the index, in its own types.

use waybill_model::{
    Batch, Clock, ConsumerNo, Content, Coverage, EventId, Gap, Micros, NO_DUE, NO_VERSION,
    Observation, PlaceRole, Stamp, Window,
};

use super::history::{EVER, Fact, Look, Moment, Read, Sighting};
use crate::tests::company::secs;
use crate::{
    ConsumerProgress, Index, Judgement, OwnResend, PartitionProgress, QueueProgress, Shape,
};

/// The clocks of brokers step in whole seconds, all others finer.
pub(super) const BROKER_STEP: i64 = 1;

pub(super) fn tell(index: &mut Index, fact: &Fact) {
    match fact {
        Fact::Seen(sighting) => {
            let batch = batch(index.shape(), sighting);
            index.ingest(&batch);
        }
        Fact::Looked(look) => index.progress(&progress(look)),
        Fact::Resent(resend) => index.resent(
            &EventId(resend.id.clone()),
            OwnResend {
                at: secs(resend.at),
                consumer: resend.consumer,
                coordinate: resend.coordinate,
            },
        ),
        Fact::Read(read) => index.cover(coverage(read)),
    }
}

pub(super) fn judge(index: &mut Index, moment: Moment, slack: i64) {
    index.judge(&Judgement {
        now: secs(moment.now),
        scan_at: secs(moment.scan_at),
        slack_micros: slack * 1_000_000,
    });
}

fn batch(shape: &Shape, sighting: &Sighting) -> Batch {
    let role = shape.places.iter().find(|place| place.id == sighting.place);
    let on_broker = role.is_some_and(|place| {
        matches!(
            place.role,
            PlaceRole::Destination | PlaceRole::DeadLetters(_)
        )
    });
    let (clock, resolution_micros) = if on_broker {
        (Clock::Broker, 1_000_000 * BROKER_STEP as u32)
    } else {
        (Clock::Database, 0)
    };
    let mut batch = Batch::new(sighting.place, clock, resolution_micros, 1);
    batch.push(&Observation {
        place: sighting.place,
        id: sighting.id.clone(),
        kind: sighting.kind.clone(),
        aggregate: sighting.aggregate.clone(),
        version: sighting.version.unwrap_or(NO_VERSION),
        stamp: Stamp {
            at: secs(sighting.at),
            clock,
            resolution_micros,
        },
        partition: sighting.partition,
        position: sighting.position,
        key: String::new(),
        marks: sighting.marks,
        content: content(sighting.says),
    });
    batch.set_due(sighting.due.map_or(NO_DUE, |due| secs(due).0));
    batch
}

fn content(says: i8) -> Content {
    let hash = u64::from(says.unsigned_abs()) << 2;
    match says {
        0 => Content::NONE,
        1.. => Content::json(hash),
        _ => Content::text(hash),
    }
}

fn progress(look: &Look) -> ConsumerProgress {
    let partition = |&(partition, passed): &(u32, Option<i64>)| PartitionProgress {
        partition,
        passed,
        end: look.end,
    };
    let queue = look.queue.map(|(ready, unacked, bound)| QueueProgress {
        ready,
        unacked,
        consumers: look.attached.unwrap_or(1),
        bound,
        may_drop: look.may_drop,
    });
    ConsumerProgress {
        consumer: ConsumerNo(look.consumer as u8),
        at: secs(look.at),
        partitions: look.passed.iter().map(partition).collect(),
        members: look.attached,
        queue,
    }
}

fn coverage(read: &Read) -> Coverage {
    let window = |from, to| Window {
        from: secs(from),
        to: secs(to),
    };
    let gaps = read.gaps.iter().map(|(from, to, reason)| Gap {
        window: window(*from, *to),
        reason: reason.clone(),
    });
    Coverage {
        place: read.place,
        partition: read.partition,
        window: Window {
            from: if read.from == EVER {
                Micros(i64::MIN)
            } else {
                secs(read.from)
            },
            to: secs(read.to),
        },
        positions: None,
        gaps: gaps.collect(),
    }
}
