//! Histories at random: companies, events, troubles and looks put together.

use proptest::prelude::*;
use waybill_model::{ConsumerNo, Marks, PlaceId, PlaceRole, reconstructed_id};

use super::compacted::compacted;
use super::company::{OTHER_TOPIC, OUTBOX, PRODUCTS, TOPIC, inbox, letters, progress, shape};
use super::history::{EVER, Fact, History, Look, Moment, Read, Resend, Scan, Sighting};
use super::lives::{CopyLife, Identity, Ids, InboxLife, Life, Tells, lives};
use super::reading::{LookLife, ScanLife, Trouble, TroubleKind, look, scans, trouble};
use crate::{ProgressKind, Shape};

/// Nothing happens after this, and the first scan begins soon after.
const END: i64 = 100;

/// Any history.
pub(super) fn history() -> impl Strategy<Value = History> {
    (
        shape(),
        (
            proptest::sample::select(vec![0, 1, 4]),
            any::<bool>(),
            prop::collection::vec(prop::option::weighted(0.1, 20_i64..110), 3),
        ),
        scans(),
        // So few, because they are so long.
        prop_oneof![249 => lives(), 1 => compacted()],
        prop::collection::vec(trouble(), 0..4),
        prop::collection::vec(look(), 0..7),
    )
        .prop_map(
            |(shape, (slack, may_drop, since), scans, (identity, lives), troubles, looks)| {
                let mut told = Telling::new(shape, slack, &scans, identity);
                told.history.since = since;
                for (nth, life) in lives.iter().enumerate() {
                    told.tell_life(nth as i64, life, &lives);
                }
                let troubles: Vec<Trouble> = troubles.iter().map(|it| it.placed(&lives)).collect();
                told.tell_reads(&troubles);
                told.tell_looks(&looks, may_drop);
                told.history
            },
        )
}

/// A history in the making.
struct Telling {
    history: History,
    /// Coordinates that are taken: no two messages lie at one.
    taken: Vec<(PlaceId, u32, i64)>,
    positions: i64,
    identity: Identity,
    named: usize,
}

impl Telling {
    fn new(shape: Shape, slack: i64, lives: &[ScanLife], identity: Identity) -> Self {
        let mut scans = Vec::new();
        let mut at = END;
        for life in lives {
            let began = at + life.pause;
            let mut judged = Vec::new();
            if let Some(since) = life.in_course {
                let scan_at = began + since;
                judged.push(Moment {
                    now: scan_at + life.takes % 2,
                    scan_at,
                });
            }
            let now = began + 8 + life.takes;
            let scan_at = if life.whole { began } else { began + 7 };
            judged.push(Moment { now, scan_at });
            at = now;
            scans.push(Scan {
                began,
                facts: Vec::new(),
                failed: Vec::new(),
                judged,
            });
        }
        Self {
            history: History {
                shape,
                slack,
                since: Vec::new(),
                scans,
            },
            taken: Vec::new(),
            positions: 0,
            identity,
            named: 0,
        }
    }

    /// The event type that the next message or row names, if any.
    fn next_kind(&mut self) -> String {
        self.named += 1;
        let kinds = &self.identity.kinds;
        let kind = kinds.get(self.named % kinds.len().max(1));
        kind.map_or("", |&kind| ["", "created", "changed"][usize::from(kind)])
            .to_owned()
    }

    /// The ids of an event in the tables, in its copies, and with its consumers.
    fn ids(&self, nth: i64, life: &Life) -> [String; 3] {
        let own = format!("{nth:08x}-53f2-4c6b-9d2a-8f5b71e40c3d");
        let (copy, consumed) = match self.identity.ids {
            Ids::Outbox => (own.clone(), own.clone()),
            Ids::OfRelay => (of_relay(nth), of_relay(nth)),
            Ids::OfCopy => (of_relay(nth), format!("{}-0", of_relay(nth))),
            Ids::Nobody => (String::new(), own.clone()),
            Ids::OfAggregate => {
                let id = format!("product-9f2c41d07a3b8e6{}", life.aggregate);
                return [id.clone(), id.clone(), id];
            }
            Ids::OfRequest => (format!("request-9f2c41d07a3b8e6{}", nth % 2), own.clone()),
        };
        // What never went over the broker can only be known by its own id.
        if life.copies.is_empty() && nth % 2 == 0 {
            return [own.clone(), copy, own];
        }
        [own, copy, consumed]
    }

    fn tell(&mut self, scan: usize, fact: Fact) {
        let last = self.history.scans.len() - 1;
        self.history.scans[scan.min(last)].facts.push(fact);
    }

    fn has(&self, place: PlaceId) -> bool {
        self.history
            .shape
            .places
            .iter()
            .any(|known| known.id == place)
    }

    /// The given position, or the next one that is free.
    fn free(&mut self, place: PlaceId, partition: u32, wanted: i64) -> i64 {
        let mut position = wanted;
        while self.taken.contains(&(place, partition, position)) {
            position += 1;
        }
        self.taken.push((place, partition, position));
        position
    }

    fn sighting(&mut self, place: PlaceId, id: &str, at: i64, marks: Marks) -> Sighting {
        self.positions += 1;
        Sighting {
            place,
            id: id.to_owned(),
            aggregate: String::new(),
            kind: String::new(),
            version: None,
            at,
            partition: 0,
            position: 1000 + self.positions,
            marks,
            due: None,
            says: 0,
        }
    }

    fn tell_life(&mut self, nth: i64, life: &Life, all: &[Life]) {
        let [id, of_copies, consumed] = self.ids(nth, life);
        let (kind, bare) = self.aggregate(life);
        let aggregate = format!("{kind}/{bare}");
        self.tell_tables(&id, &aggregate, life);
        for (copy_no, copy) in life.copies.iter().enumerate() {
            let id = if self.identity.ids == Ids::OfCopy {
                format!("{of_copies}-{copy_no}")
            } else {
                of_copies.clone()
            };
            self.tell_copy(&id, &aggregate, life, copy);
        }
        for (consumer, row) in life.inboxes.iter().enumerate() {
            if let Some(row) = row
                && self.has(inbox(consumer))
            {
                self.tell_inbox_row(consumer, &consumed, life, *row);
            }
        }
        for &(consumer, after, again, found) in &life.letters {
            if self.has(letters(consumer)) {
                let marks = if again { Marks::RETRY } else { Marks::empty() };
                let mut letter =
                    self.sighting(letters(consumer), &consumed, life.at + after, marks);
                if self.identity.ids != Ids::Outbox {
                    // A dead letter is a message like its copy.
                    if of_copies.is_empty() {
                        letter.id.clear();
                        letter.marks |= Marks::NO_ID;
                    }
                    letter.aggregate = aggregate.clone();
                    letter.version = Some(life.version);
                    letter.kind = self.next_kind();
                }
                self.tell(found, Fact::Seen(letter));
            }
        }
        let alone =
            |other: &&Life| (other.aggregate, other.version) == (life.aggregate, life.version);
        let told_by_letter = self.identity.ids != Ids::Outbox && !life.letters.is_empty();
        let nothing_else = life.rows.is_empty() && life.copies.is_empty() && !told_by_letter;
        let rebuilt = nothing_else && all.iter().filter(alone).count() == 1;
        if rebuilt && life.changed.is_some() && self.has(PRODUCTS) {
            let made = reconstructed_id(kind, bare, life.version);
            self.tell_resend(made.as_str(), &aggregate, life);
            self.tell_row_of_made(made.as_str(), &aggregate, life);
        } else {
            self.tell_resend(&id, "", life);
        }
    }

    fn tell_inbox_row(&mut self, consumer: usize, id: &str, life: &Life, row: InboxLife) {
        let tells = self.history.shape.consumers[consumer].inbox_tells;
        let mut seen = self.sighting(inbox(consumer), id, life.at + row.after, Marks::empty());
        let in_state = |state: Marks| {
            let mut marks = timeless(life, 4);
            if life.malformed {
                marks |= Marks::NOT_UTF8;
            }
            if tells {
                marks |= state;
            }
            if tells && row.timed_when_processed && !state.contains(Marks::SENT) {
                marks |= Marks::NO_TIME;
            }
            marks
        };
        seen.marks = in_state(row.marks);
        self.tell(row.found, Fact::Seen(seen.clone()));
        let last = self.history.scans.len() - 1;
        if let Some(later) = row.later.filter(|_| tells)
            && row.found < last
        {
            seen.marks = in_state(later);
            if !seen.is_timed() {
                seen.at += 3;
            }
            self.tell(last, Fact::Seen(seen));
        }
    }

    /// The type and the id of what an event is about.
    fn aggregate(&self, life: &Life) -> (&'static str, &'static str) {
        match life.aggregate {
            0 => ("product", "a"),
            1 => ("product", "0b0c0d0e-53f2-4c6b-9d2a-8f5b71e40c3d"),
            _ if self.identity.types => ("order", "a"),
            _ => ("product", "c"),
        }
    }

    fn tell_tables(&mut self, id: &str, aggregate: &str, life: &Life) {
        if let Some(found) = life.changed
            && self.has(PRODUCTS)
            && self.is_first_row_of(aggregate, life.version)
        {
            let mut change = self.sighting(PRODUCTS, "", life.at, Marks::empty());
            change.aggregate = aggregate.to_owned();
            change.version = Some(life.version);
            if life.malformed {
                change.marks |= Marks::NOT_UTF8;
            }
            change.marks |= timeless(life, 1);
            self.tell(found, Fact::Seen(change));
        }
        if !self.has(OUTBOX) {
            return;
        }
        for row in &life.rows {
            let tells = self.history.shape.outbox_tells_sent;
            let state = |marks: Marks| if tells { marks } else { marks - Marks::SENT };
            let mut seen = self.sighting(OUTBOX, id, life.at + row.shift, state(row.marks));
            say(&mut seen, row.tells, aggregate, life.version);
            if row.nameless {
                seen.id.clear();
            }
            seen.kind = self.next_kind();
            let odd = if life.malformed {
                Marks::MALFORMED
            } else {
                timeless(life, 2)
            };
            let odd = odd | no_id(&seen, row.shift);
            seen.marks |= odd;
            seen.says = row.says.0;
            seen.due = row.due.map(|after| life.at + after);
            self.tell(row.found, Fact::Seen(seen.clone()));
            let last = self.history.scans.len() - 1;
            if let Some(later) = row.later
                && row.found < last
            {
                seen.marks = state(later) | odd;
                seen.says = row.says.1;
                if !seen.is_timed() {
                    seen.at += 3;
                }
                self.tell(last, Fact::Seen(seen));
            }
        }
    }

    /// What was made from a business row may have been sent through the outbox.
    fn tell_row_of_made(&mut self, made: &str, aggregate: &str, life: &Life) {
        if let Some(resend) = life.resend.as_ref().filter(|resend| resend.row)
            && self.has(OUTBOX)
        {
            let mut row = self.sighting(OUTBOX, made, life.at + resend.after, Marks::empty());
            row.aggregate = aggregate.to_owned();
            row.version = Some(life.version);
            self.tell(resend.told, Fact::Seen(row));
        }
    }

    /// A business table has one row for each aggregate and version at most.
    fn is_first_row_of(&self, aggregate: &str, version: i64) -> bool {
        !self.history.facts().any(|fact| match fact {
            Fact::Seen(seen) => {
                seen.place == PRODUCTS
                    && seen.aggregate == aggregate
                    && seen.version == Some(version)
            }
            _ => false,
        })
    }

    fn tell_copy(&mut self, id: &str, aggregate: &str, life: &Life, copy: &CopyLife) {
        let place = self.topic(copy.other_topic);
        let mut seen = self.sighting(place, id, life.at + copy.after, copy.marks);
        if copy.marks.contains(Marks::NO_ID) {
            seen.id.clear();
        }
        seen.marks |= no_id(&seen, copy.after);
        seen.kind = self.next_kind();
        seen.partition = copy.partition;
        seen.says = copy.says;
        seen.position = self.free(place, copy.partition, copy.offset);
        say(&mut seen, copy.tells, aggregate, life.version);
        self.tell(copy.found, Fact::Seen(seen));
    }

    fn topic(&self, other: bool) -> PlaceId {
        if other && self.has(OTHER_TOPIC) {
            OTHER_TOPIC
        } else {
            TOPIC
        }
    }

    fn tell_resend(&mut self, id: &str, aggregate: &str, life: &Life) {
        let Some(resend) = &life.resend else {
            return;
        };
        let consumers = self.history.shape.consumers.len();
        let at = life.at + resend.after;
        let consumer = resend.consumer.filter(|no| usize::from(*no) < consumers);
        let copy = resend.copy.filter(|_| consumer.is_none());
        let coordinate = copy.map(|(offset, seen)| {
            let position = self.free(TOPIC, 0, offset);
            if let Some(marked) = seen {
                let marks = if marked {
                    Marks::OWN_RESEND
                } else {
                    Marks::empty()
                };
                let mut copy = self.sighting(TOPIC, id, at, marks);
                copy.position = position;
                // What is rebuilt says something of its own.
                copy.says = 9;
                if !aggregate.is_empty() {
                    aggregate.clone_into(&mut copy.aggregate);
                    copy.version = Some(life.version);
                }
                self.tell(resend.told, Fact::Seen(copy));
            }
            (TOPIC, 0, position)
        });
        self.tell(
            resend.journal,
            Fact::Resent(Resend {
                id: id.to_owned(),
                at,
                consumer: consumer.map(ConsumerNo),
                coordinate,
            }),
        );
    }

    /// Every scan reads everything from the beginning up to itself, troubles apart.
    fn tell_reads(&mut self, troubles: &[Trouble]) {
        let places = self.history.shape.places.clone();
        for nth in 0..self.history.scans.len() {
            let began = self.history.scans[nth].began;
            for (idx, place) in places.iter().enumerate() {
                let here = |trouble: &&Trouble| {
                    trouble.place % places.len() == idx
                        && trouble.scan.is_none_or(|scan| scan == nth)
                };
                let here: Vec<&Trouble> = troubles.iter().filter(here).collect();
                let failed = here.iter().any(|trouble| {
                    matches!(trouble.kind, TroubleKind::Failed | TroubleKind::FailedLater)
                });
                if failed {
                    self.history.scans[nth].failed.push(place.id);
                }
                let partitions = match place.role {
                    PlaceRole::Progress(_) => continue,
                    PlaceRole::Destination => vec![Some(0), Some(1)],
                    _ => vec![None],
                };
                for partition in partitions {
                    let read = read(place.id, partition, began, &here);
                    for piece in pieces(read, &here) {
                        self.tell(nth, Fact::Read(piece));
                    }
                }
            }
        }
    }

    fn tell_looks(&mut self, looks: &[LookLife], may_drop: bool) {
        for (nth, look) in looks.iter().enumerate() {
            let Some(consumer) = self.history.shape.consumers.get(look.consumer) else {
                continue;
            };
            let (kind, name) = (consumer.progress, progress(look.consumer));
            if !self.has(name) || looks[..nth].iter().any(|other| other.at == look.at) {
                continue;
            }
            let passed = (0..).zip(look.passed);
            let told = Look {
                consumer: look.consumer,
                at: look.at,
                passed: match kind {
                    ProgressKind::Group => passed
                        .filter_map(|(partition, passed)| Some((partition, passed?)))
                        .collect(),
                    _ => Vec::new(),
                },
                end: look.end,
                queue: (kind == ProgressKind::Queue).then_some((
                    look.depth.0,
                    look.depth.1,
                    look.bound,
                )),
                may_drop: may_drop && look.may_drop && kind == ProgressKind::Queue,
                attached: match kind {
                    ProgressKind::Queue => Some(look.attached.unwrap_or(1)),
                    _ => look.attached,
                },
            };
            let scans = &self.history.scans;
            let scan = scans.iter().position(|scan| look.at <= scan.began);
            self.tell(scan.unwrap_or(scans.len() - 1), Fact::Looked(told));
        }
    }
}

/// An id that a relay has made: as good as any, and of another form than those of the tables.
fn of_relay(nth: i64) -> String {
    format!("message-{nth}-9f2c41d07a3b8e65")
}

/// What a row or message tells of its aggregate and version.
fn say(seen: &mut Sighting, tells: Tells, aggregate: &str, version: i64) {
    let bare = aggregate.split_once('/').map_or(aggregate, |(_, id)| id);
    match tells {
        Tells::Everything | Tells::NoVersion => seen.aggregate = aggregate.to_owned(),
        Tells::BareId => seen.aggregate = bare.to_owned(),
        Tells::VersionOnly | Tells::Nothing => {}
    }
    if matches!(
        tells,
        Tells::Everything | Tells::BareId | Tells::VersionOnly
    ) {
        seen.version = Some(version);
    }
}

/// The mark of what has no id; some sources leave it at that.
fn no_id(seen: &Sighting, die: i64) -> Marks {
    if seen.id.is_empty() && die % 2 == 0 {
        Marks::NO_ID
    } else {
        Marks::empty()
    }
}

/// The mark of a table whose rows carry no time.
fn timeless(life: &Life, table: u8) -> Marks {
    if life.timeless & table == 0 {
        Marks::empty()
    } else {
        Marks::NO_TIME
    }
}

fn read(place: PlaceId, partition: Option<u32>, began: i64, troubles: &[&Trouble]) -> Read {
    let mut read = Read {
        place,
        partition,
        from: EVER,
        to: began + 1,
        gaps: Vec::new(),
    };
    for trouble in troubles {
        if partition.is_some() && trouble.partition.is_some() && trouble.partition != partition {
            continue;
        }
        match &trouble.kind {
            TroubleKind::Gap(from, to, reason) => read.gaps.push((*from, *to, reason.clone())),
            TroubleKind::From(from) => read.from = read.from.max(*from),
            TroubleKind::Before(early) => read.to = read.to.min(began - early),
            TroubleKind::Unread | TroubleKind::Failed => read.to = read.from,
            TroubleKind::FailedLater | TroubleKind::InPieces(_) => {}
        }
    }
    read.to = read.to.max(read.from);
    read
}

/// The pieces in which a read is told: what is followed tells every second of the next stretch.
fn pieces(read: Read, troubles: &[&Trouble]) -> Vec<Read> {
    let cut = troubles.iter().find_map(|trouble| match trouble.kind {
        TroubleKind::InPieces(at) if read.from < at && at < read.to => Some(at),
        _ => None,
    });
    let Some(at) = cut else {
        return vec![read];
    };
    let first = Read {
        to: at,
        ..read.clone()
    };
    vec![first, Read { from: at, ..read }]
}
