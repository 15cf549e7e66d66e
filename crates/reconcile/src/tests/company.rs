//! A small company to write cases with. Times are seconds; everything happens around 1000.

use waybill_model::{
    Batch, Clock, ConsumerNo, ConsumerVerdict, Content, Coverage, EventId, Flags, Gap, GapReason,
    GraceSettings, Marks, Micros, NO_POSITION, NO_VERSION, Observation, Place, PlaceId, PlaceRole,
    PublishVerdict, Stamp, VerdictClass, Window,
};

use crate::{
    ConsumerProgress, ConsumerShape, Index, Judgement, OwnResend, PartitionProgress, ProgressKind,
    QueueProgress, Shape,
};

pub(super) const OUTBOX: PlaceId = PlaceId(0);
pub(super) const TOPIC: PlaceId = PlaceId(1);
pub(super) const PRODUCTS: PlaceId = PlaceId(2);
pub(super) const INBOX: PlaceId = PlaceId(3);
pub(super) const GROUP: PlaceId = PlaceId(4);
pub(super) const LETTERS: PlaceId = PlaceId(5);
pub(super) const SEARCH: ConsumerNo = ConsumerNo(0);

const PLACES: [(PlaceId, PlaceRole, &str); 6] = [
    (OUTBOX, PlaceRole::Outbox, "outbox"),
    (TOPIC, PlaceRole::Destination, "product-events"),
    (PRODUCTS, PlaceRole::Business, "products"),
    (INBOX, PlaceRole::Inbox(SEARCH), "search.inbox"),
    (GROUP, PlaceRole::Progress(SEARCH), "search"),
    (
        LETTERS,
        PlaceRole::DeadLetters(SEARCH),
        "product-events-dlq",
    ),
];

/// The event of long ago that shows that places speak.
pub(super) const NEIGHBOUR: &str = "6f1c0b8e-53f2-4c6b-9d2a-8f5b71e40c3d";

/// Publish grace 60 s, consume grace 100 s, confirmation after 2 s; clocks are 1 s apart at most.
pub(super) fn shape() -> Shape {
    let place = |(id, role, name): (PlaceId, PlaceRole, &str)| Place {
        id,
        role,
        source: "test".to_owned(),
        name: name.to_owned(),
    };
    Shape {
        places: PLACES.into_iter().map(place).collect(),
        consumers: vec![ConsumerShape {
            name: "search".to_owned(),
            destination: Some(TOPIC),
            inbox: true,
            inbox_tells: false,
            progress: ProgressKind::Group,
            dead_letters: true,
        }],
        has_outbox: true,
        outbox_tells_sent: true,
        deletes_after_send: false,
        found_by_id: true,
        has_business: true,
        keeps_versions: false,
        has_observer: true,
        grace: GraceSettings {
            publish_secs: Some(60),
            consume_secs: Some(100),
            confirm_secs: 2,
        }
        .into(),
    }
}

/// A company and what is known of it.
pub(super) struct Company {
    pub(super) index: Index,
    rows: i64,
}

pub(super) fn secs(at: i64) -> Micros {
    Micros(at * 1_000_000)
}

pub(super) fn window(from: i64, to: i64) -> Window {
    Window {
        from: secs(from),
        to: secs(to),
    }
}

/// One observation of `id` (`""` for none) at second `at`.
pub(super) fn seen(place: PlaceId, id: &str, at: i64) -> Observation {
    Observation {
        place,
        id: id.to_owned(),
        kind: String::new(),
        aggregate: String::new(),
        version: NO_VERSION,
        stamp: Stamp {
            at: secs(at),
            clock: Clock::Database,
            resolution_micros: 1000,
        },
        partition: 0,
        position: NO_POSITION,
        key: id.to_owned(),
        marks: Marks::empty(),
        content: Content::NONE,
    }
}

pub(super) fn batch(observations: &[Observation]) -> Batch {
    let first = &observations[0];
    let mut batch = Batch::new(
        first.place,
        first.stamp.clock,
        first.stamp.resolution_micros,
        observations.len(),
    );
    for observation in observations {
        batch.push(observation);
    }
    batch
}

impl Company {
    pub(super) fn new() -> Self {
        Self::of(shape())
    }

    pub(super) fn of(shape: Shape) -> Self {
        let mut index = Index::new(shape);
        index.begin_scan(secs(2000));
        Self { index, rows: 0 }
    }

    pub(super) fn see(mut self, observation: Observation) -> Self {
        self.index.ingest(&batch(&[observation]));
        self
    }

    /// An outbox row; the next key.
    pub(super) fn row(mut self, id: &str, at: i64, marks: Marks) -> Self {
        self.rows += 1;
        let position = self.rows;
        self.see(Observation {
            marks,
            position,
            key: String::new(),
            ..seen(OUTBOX, id, at)
        })
    }

    /// A copy in partition 0.
    pub(super) fn copy(self, id: &str, at: i64, offset: i64, marks: Marks) -> Self {
        self.see(Observation {
            marks,
            position: offset,
            key: String::new(),
            ..seen(TOPIC, id, at)
        })
    }

    pub(super) fn inbox(self, id: &str, at: i64) -> Self {
        self.see(seen(INBOX, id, at))
    }

    pub(super) fn letter(self, id: &str, at: i64, marks: Marks) -> Self {
        self.see(Observation {
            marks,
            position: at,
            key: String::new(),
            ..seen(LETTERS, id, at)
        })
    }

    /// A business row.
    pub(super) fn change(self, aggregate: &str, version: i64, at: i64) -> Self {
        self.see(Observation {
            aggregate: aggregate.to_owned(),
            version,
            key: aggregate.to_owned(),
            ..seen(PRODUCTS, "", at)
        })
    }

    pub(super) fn resent(mut self, id: &str, resend: OwnResend) -> Self {
        self.index.resent(&EventId(id.to_owned()), resend);
        self
    }

    /// The group's offset in partition 0, looked at then.
    pub(super) fn committed(self, at: i64, passed: Option<i64>) -> Self {
        self.committed_in(0, at, passed)
    }

    /// The group's offset in some partition, looked at then.
    pub(super) fn committed_in(mut self, partition: u32, at: i64, passed: Option<i64>) -> Self {
        self.index.progress(&ConsumerProgress {
            consumer: SEARCH,
            at: secs(at),
            partitions: vec![PartitionProgress {
                partition,
                passed,
                end: 1_000_000,
            }],
            queue: None,
            members: None,
        });
        self
    }

    pub(super) fn queue(mut self, at: i64, queue: QueueProgress) -> Self {
        self.index.progress(&ConsumerProgress {
            consumer: SEARCH,
            at: secs(at),
            partitions: Vec::new(),
            queue: Some(queue),
            members: None,
        });
        self
    }

    pub(super) fn cover(mut self, place: PlaceId, from: i64, to: i64) -> Self {
        self.index.cover(Coverage {
            place,
            partition: None,
            window: window(from, to),
            positions: None,
            gaps: Vec::new(),
        });
        self
    }

    /// Read from its very beginning.
    pub(super) fn cover_from_the_beginning(mut self, place: PlaceId, to: i64) -> Self {
        self.index.cover(Coverage {
            place,
            partition: None,
            window: Window {
                from: Micros(i64::MIN),
                to: secs(to),
            },
            positions: None,
            gaps: Vec::new(),
        });
        self
    }

    pub(super) fn gap(mut self, place: PlaceId, from: i64, to: i64, reason: GapReason) -> Self {
        self = self.neighbour();
        self.index.cover(Coverage {
            place,
            partition: None,
            window: window(0, 2100),
            positions: None,
            gaps: vec![Gap {
                window: window(from, to),
                reason,
            }],
        });
        self
    }

    /// An event of long ago that arrived everywhere: it shows that all places speak.
    pub(super) fn neighbour(self) -> Self {
        let about = |place, at| Observation {
            aggregate: "product/neighbour".to_owned(),
            version: 1,
            key: String::new(),
            ..seen(place, NEIGHBOUR, at)
        };
        let change = Observation {
            id: String::new(),
            key: "product/neighbour".to_owned(),
            ..about(PRODUCTS, 500)
        };
        let row = Observation {
            position: 900_000,
            marks: Marks::SENT,
            ..about(OUTBOX, 500)
        };
        let copy = Observation {
            position: 0,
            ..about(TOPIC, 501)
        };
        self.see(change).see(row).see(copy).inbox(NEIGHBOUR, 502)
    }

    /// Everything was read from 0 up to 2100, and a neighbour shows that it speaks.
    pub(super) fn covered(self) -> Self {
        self.neighbour().silent()
    }

    /// Everything was read from 0 up to 2100.
    pub(super) fn silent(mut self) -> Self {
        for (place, _, _) in PLACES {
            self = self.cover(place, 0, 2100);
        }
        self
    }

    /// Everything but one place was read.
    pub(super) fn covered_but(mut self, missing: PlaceId) -> Self {
        self = self.neighbour();
        for (place, _, _) in PLACES {
            if place != missing {
                self = self.cover(place, 0, 2100);
            }
        }
        self
    }

    pub(super) fn failed(mut self, place: PlaceId) -> Self {
        self.index.failed(place, "refused");
        self
    }

    /// Judges at second `now` a scan that began at 2000, or right then.
    pub(super) fn judge(&mut self, now: i64) {
        self.index.judge(&Judgement {
            now: secs(now),
            scan_at: secs(now.min(2000)),
            slack_micros: 1_000_000,
        });
    }

    /// The next scan, begun at `began` and judged a second later, with everything read.
    pub(super) fn scan_again(mut self, began: i64) -> Self {
        self.index.begin_scan(secs(began));
        for (place, _, _) in PLACES {
            self = self.cover(place, 0, began + 1);
        }
        self.index.judge(&Judgement {
            now: secs(began + 1),
            scan_at: secs(began),
            slack_micros: 1_000_000,
        });
        self
    }

    pub(super) fn no(&self, id: &str) -> u32 {
        self.index
            .no_of(&EventId(id.to_owned()))
            .expect("the event is known")
    }

    /// `publish / consumer… [flags]` of one event, judged at 2001.
    pub(super) fn verdict(&mut self, id: &str) -> String {
        self.judge(2001);
        self.told(id)
    }

    /// The verdict of the latest judgement.
    pub(super) fn told(&self, id: &str) -> String {
        let verdict = self
            .index
            .verdict(self.no(id))
            .expect("the event is visible");
        let mut text = publish_text(&verdict.publish);
        for consumer in &verdict.consumers {
            text = format!("{text} / {}", consumer_text(consumer));
        }
        if verdict.flags != Flags::empty() {
            let flags: Vec<&str> = verdict.flags.iter_names().map(|(name, _)| name).collect();
            text = format!("{text} [{}]", flags.join(" "));
        }
        text
    }
}

fn publish_text(verdict: &PublishVerdict) -> String {
    match verdict {
        PublishVerdict::NotChecked(why) => format!("not-checked({why})"),
        PublishVerdict::Stuck(reason) => format!("stuck({reason:?})"),
        PublishVerdict::Unknown(reason) => format!("unknown({reason:?})"),
        other => other.name().to_owned(),
    }
}

fn consumer_text(verdict: &ConsumerVerdict) -> String {
    match verdict {
        ConsumerVerdict::Lagging(reason) => format!("lagging({reason:?})"),
        ConsumerVerdict::Unknown(reason) => format!("unknown({reason:?})"),
        other => other.name().to_owned(),
    }
}

/// All classes that have events, worst first: `missing 2, arrived 1`.
pub(super) fn classes(company: &Company) -> String {
    let counts = company.index.counts();
    let told = VerdictClass::ALL
        .into_iter()
        .filter(|&class| counts.class(class).total > 0)
        .map(|class| {
            let count = counts.class(class);
            format!(
                "{} {} ({} confirmed)",
                class.name(),
                count.total,
                count.confirmed
            )
        });
    told.collect::<Vec<_>>().join(", ")
}
