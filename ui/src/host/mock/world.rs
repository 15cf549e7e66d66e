//! The made-up world: some thousand events of an hour, a few of which went wrong.

use waybill_filter::{Fields, Filter};
use waybill_model::{
    ConsumerCell, ConsumerNo, ConsumerVerdict, Coordinate, EventDetail, EventId, EventRow,
    EventVerdict, Flags, Gap, GapReason, LagReason, MatchBasis, Micros, Phase, Place, PlaceId,
    PlaceRole, Progress, PublishVerdict, StuckReason, UnknownReason, VerdictClass, Window,
};
use waybill_protocol::{
    ClockOffset, Code, ConsumerCounts, Counts, Failure, GetRows, GetTile, Group, Nearest,
    PlaceStatus, Rows, RunStatus, ScanState, Select, Status,
};
use waybill_timeline::{Grid, Mark, Tile, rank_near};

use super::parts::CONSUMERS;

/// The whole of it.
pub(super) struct World {
    pub(super) events: Vec<EventRow>,
    pub(super) consumers: Vec<String>,
    pub(super) scan: ScanState,
    pub(super) started: Micros,
    pub(super) probe_started: Micros,
    pub(super) paused: bool,
    pub(super) generation: u64,
    pub(super) run: Option<RunStatus>,
    pub(super) planned: Vec<u32>,
    pub(super) faults_on: Vec<String>,
    scene: String,
    window: Window,
}

const MINUTE: i64 = 60_000_000;

/// The page's clock.
pub(super) fn now() -> Micros {
    Micros::from_millis(js_sys::Date::now() as i64)
}

/// A small generator of the same numbers every time (Park and Miller).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0 * 16_807 % 2_147_483_647;
        self.0 % n
    }
}

impl World {
    pub(super) fn new(scene: &str) -> Self {
        let to = now();
        let window = Window {
            from: to.plus(-60 * MINUTE),
            to,
        };
        let mut world = Self {
            events: Vec::new(),
            consumers: CONSUMERS.map(str::to_owned).to_vec(),
            scan: ScanState::Idle,
            started: now(),
            probe_started: now(),
            paused: false,
            generation: 1,
            run: None,
            planned: Vec::new(),
            faults_on: Vec::new(),
            scene: scene.to_owned(),
            window,
        };
        if scene != "empty" {
            world.fill();
        }
        world
    }

    fn fill(&mut self) {
        let mut dice = Dice(7);
        let mut at = self.window.from;
        let mut no = 0;
        while at < self.window.to {
            let minute = at.since(self.window.from) / MINUTE;
            let busy =
                10 + (minute * 7 % 23) as u64 + if (30..42).contains(&minute) { 60 } else { 0 };
            at = at.plus(i64::try_from(busy * 4_000 + dice.below(900_000)).unwrap_or(1));
            let event = self.event(no, at, minute, &mut dice);
            self.events.push(event);
            no += 1;
        }
    }

    fn event(&self, no: u32, at: Micros, minute: i64, dice: &mut Dice) -> EventRow {
        let kinds = [
            "ProductCreated",
            "ProductRenamed",
            "ProductPriceChanged",
            "ProductRemoved",
        ];
        let lot = dice.below(1_000);
        let publish = match (minute, lot) {
            (53..56, 0..90) => PublishVerdict::Stuck(StuckReason::AttemptsExhausted),
            (53..56, 90..110) => PublishVerdict::MissingOutboxRow,
            (26, 0..60) => PublishVerdict::Phantom,
            (59, 0..300) => PublishVerdict::Pending,
            _ => PublishVerdict::Published,
        };
        let out = publish == PublishVerdict::Published || publish == PublishVerdict::Phantom;
        let consumers = (0..3)
            .map(|no| self.cell(no, at, minute, lot, out, dice))
            .collect::<Vec<_>>();
        let verdict = EventVerdict {
            consumers: consumers.iter().map(|cell| cell.verdict.clone()).collect(),
            publish: publish.clone(),
            flags: if lot == 500 {
                Flags::DUPLICATE
            } else {
                Flags::default()
            },
            phase: if minute > 57 {
                Phase::Suspected
            } else {
                Phase::Confirmed
            },
            basis: MatchBasis::Id,
        };
        let phantom = publish == PublishVerdict::Phantom;
        EventRow {
            no,
            id: EventId(format!(
                "01j9z4k8-{:04x}-7{:03x}-8c2b-{:012x}",
                no,
                dice.below(4096),
                dice.below(1 << 40)
            )),
            kind: kinds[usize::try_from(dice.below(4)).unwrap_or(0)].to_owned(),
            aggregate: format!("product/{}", 1_000 + dice.below(4_000)),
            version: i64::try_from(1 + dice.below(9)).ok(),
            at,
            stored: (!phantom).then_some(at),
            outbox: (!phantom && publish != PublishVerdict::MissingOutboxRow)
                .then(|| at.plus(2_000)),
            published: out
                .then(|| at.plus(36_000 + i64::try_from(dice.below(30_000)).unwrap_or(0))),
            class: verdict.class(),
            consumers,
            verdict,
        }
    }

    fn cell(
        &self,
        no: u8,
        at: Micros,
        minute: i64,
        lot: u64,
        out: bool,
        dice: &mut Dice,
    ) -> ConsumerCell {
        let verdict = match (no, minute, lot) {
            _ if !out => ConsumerVerdict::NotDue,
            (1, 20..24, 0..40) => ConsumerVerdict::LostByConsumer,
            (1, 45..47, 0..20) => ConsumerVerdict::DeadLettered,
            (1, 0..12, 0..60) => ConsumerVerdict::Unknown(UnknownReason::NotCovered),
            (2, 57.., 0..400) => ConsumerVerdict::Lagging(LagReason::Behind),
            (_, 59, _) if lot > 800 => ConsumerVerdict::InFlight,
            _ => ConsumerVerdict::Processed,
        };
        let seen = matches!(
            verdict,
            ConsumerVerdict::Processed | ConsumerVerdict::DeadLettered
        );
        let delay = 48_000 + i64::from(no) * 9_000 + i64::try_from(dice.below(40_000)).unwrap_or(0);
        ConsumerCell {
            at: seen.then(|| at.plus(delay)),
            verdict,
        }
    }

    /// How things stand; time passes only when somebody asks.
    pub(super) fn status(&mut self) -> Status {
        let since = now().since(self.started);
        let moving = matches!(
            self.scan,
            ScanState::Idle | ScanState::Connecting | ScanState::Scanning { .. }
        );
        if moving {
            self.scan = self.scan_after(since);
            self.generation += 1;
        }
        self.move_run();
        let counts = self.counts();
        Status {
            generation: self.generation,
            scan: self.scan.clone(),
            window: self.window,
            places: self.places(),
            consumers: self.consumer_counts(),
            silent: Vec::new(),
            groups: self.groups(&counts),
            counts,
            oldest_unsent: self
                .events
                .iter()
                .find(|e| e.verdict.publish.class() == VerdictClass::Missing)
                .map(|e| e.at),
            relay_p99_micros: Some(1_200_000).filter(|_| !self.events.is_empty()),
            graces: Vec::new(),
            clocks: vec![
                ClockOffset {
                    source: "database".to_owned(),
                    offset_micros: -14_000,
                    error_micros: 3_000,
                },
                ClockOffset {
                    source: "broker".to_owned(),
                    offset_micros: 2_000,
                    error_micros: 1_000,
                },
            ],
            run: self.run.clone(),
            copies: self.events.len() as u64 * 2,
            oddities: 0,
            seen_until: None,
            now: now(),
        }
    }

    fn scan_after(&self, since: i64) -> ScanState {
        let share = since as f32 / 2_400_000.0;
        match self.scene.as_str() {
            "busy" => ScanState::Scanning {
                pass: 1,
                share: 0.62,
                since: self.started,
            },
            "broken" if since > 900_000 => ScanState::Failed {
                failure: broker_died(),
            },
            _ if since < 300_000 => ScanState::Connecting,
            _ if share < 1.0 => ScanState::Scanning {
                pass: 1 + u32::from(share > 0.7),
                share,
                since: self.started,
            },
            _ => ScanState::Live,
        }
    }

    fn places(&self) -> Vec<PlaceStatus> {
        let place = |id: u16, role, source: &str, name: &str| PlaceStatus {
            place: Place {
                id: PlaceId(id),
                role,
                source: source.to_owned(),
                name: name.to_owned(),
            },
            progress: Progress {
                done: self.events.len() as u64,
                total: None,
                bytes: 0,
            },
            complete: true,
            covered: 1.0,
            gaps: Vec::new(),
            window: Some(self.window),
            failure: None,
            basis: None,
            matched: String::new(),
            accounts: None,
        };
        let mut places = vec![
            place(0, PlaceRole::Business, "database", "products"),
            place(1, PlaceRole::Outbox, "database", "outbox"),
            place(2, PlaceRole::Destination, "broker", "product-events"),
        ];
        for (no, name) in (0_u8..).zip(CONSUMERS) {
            places.push(place(
                3 + u16::from(no),
                PlaceRole::Inbox(ConsumerNo(no)),
                "database",
                &format!("{name}.inbox"),
            ));
        }
        let hole = Window {
            from: self.window.from,
            to: self.window.from.plus(12 * MINUTE),
        };
        places[4].covered = 0.8;
        places[4].gaps = vec![Gap {
            window: hole,
            reason: GapReason::Retention,
        }];
        if self.scene == "broken" {
            places[2].covered = 0.41;
            places[2].failure = Some(broker_died());
        }
        places
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts {
            total: self.events.len() as u64,
            ..Counts::default()
        };
        for event in &self.events {
            let idx = VerdictClass::ALL
                .iter()
                .position(|class| *class == event.class)
                .unwrap_or(0);
            counts.by_class[idx] += 1;
            counts.confirmed +=
                u64::from(event.class.needs_action() && event.verdict.phase == Phase::Confirmed);
        }
        counts
    }

    fn consumer_counts(&self) -> Vec<ConsumerCounts> {
        (0_u8..)
            .zip(&self.consumers)
            .map(|(no, name)| {
                let of = |test: fn(&ConsumerVerdict) -> bool| {
                    self.events
                        .iter()
                        .filter(|e| test(&e.consumers[usize::from(no)].verdict))
                        .count() as u64
                };
                ConsumerCounts {
                    consumer: ConsumerNo(no),
                    name: name.clone(),
                    processed: of(|v| matches!(v, ConsumerVerdict::Processed)),
                    passed: 0,
                    lost: of(|v| matches!(v, ConsumerVerdict::LostByConsumer)),
                    dead_lettered: of(|v| matches!(v, ConsumerVerdict::DeadLettered)),
                    late: of(|v| matches!(v, ConsumerVerdict::Lagging(_))),
                    standing: 0,
                    in_flight: of(|v| matches!(v, ConsumerVerdict::InFlight)),
                    unknown: of(|v| matches!(v, ConsumerVerdict::Unknown(_))),
                    lag: Some(if no == 2 { 122 } else { 0 }),
                }
            })
            .collect()
    }

    fn groups(&self, counts: &Counts) -> Vec<Group> {
        let all = [
            (
                "Never published",
                "verdict:stuck",
                VerdictClass::Missing,
                "events are stuck in the outbox",
            ),
            (
                "Stored, never published",
                "verdict:missing-outbox-row",
                VerdictClass::Missing,
                "changes never reached the outbox",
            ),
            (
                "Lost by search",
                "consumer.search:lost-by-consumer",
                VerdictClass::Missing,
                "events were lost by search",
            ),
            (
                "Published, never stored",
                "verdict:phantom",
                VerdictClass::Phantom,
                "events were published, but never stored",
            ),
            (
                "Dead-lettered by search",
                "consumer.search:dead-lettered",
                VerdictClass::DeadLettered,
                "events were given up on by search",
            ),
            (
                "Late",
                "verdict:late",
                VerdictClass::Late,
                "events are late",
            ),
        ];
        let mut groups: Vec<_> = all
            .iter()
            .filter_map(|(title, filter, class, sentence)| {
                let count = self.matching(filter, None).ok()?.len() as u64;
                (count > 0).then(|| Group {
                    title: (*title).to_owned(),
                    filter: (*filter).to_owned(),
                    class: Some(*class),
                    count,
                    sentence: (*sentence).to_owned(),
                })
            })
            .collect();
        groups.push(Group {
            title: "All".to_owned(),
            filter: String::new(),
            class: None,
            count: counts.total,
            sentence: "events in all".to_owned(),
        });
        groups
    }

    fn matching(&self, filter: &str, within: Option<Window>) -> Result<Vec<&EventRow>, Failure> {
        let filter =
            Filter::parse(filter).map_err(|error| Failure::new(Code::BadFilter, error.message))?;
        let passes = |event: &&EventRow| {
            within.is_none_or(|within| within.contains(event.at))
                && filter.matches(&Facts {
                    event,
                    consumers: &self.consumers,
                })
        };
        Ok(self.events.iter().filter(passes).collect())
    }

    pub(super) fn rows(&self, call: &GetRows) -> Result<Rows, Failure> {
        let mut found = self.matching(&call.filter, call.within)?;
        if call.descending {
            found.reverse();
        }
        let total = found.len() as u64;
        let offset = usize::try_from(call.offset).unwrap_or(0);
        let rows = found
            .into_iter()
            .skip(offset)
            .take(call.limit as usize)
            .cloned()
            .collect();
        Ok(Rows {
            generation: self.generation,
            total,
            rows,
        })
    }

    pub(super) fn select(&self, call: &Select) -> Result<Vec<u32>, Failure> {
        let found = self.matching(&call.filter, call.within)?;
        let confirmed = |event: &&EventRow| {
            event.class.needs_action() && event.verdict.phase == Phase::Confirmed
        };
        Ok(found
            .into_iter()
            .filter(confirmed)
            .map(|event| event.no)
            .collect())
    }

    /// Times of a lane, in order.
    fn lane(&self, lane: usize) -> Vec<(i64, u32)> {
        let at = |event: &EventRow| match lane {
            0 => event.class.needs_action().then_some(event.at),
            1 => event.stored,
            2 => event.outbox,
            3 => event.published,
            _ => event.consumers[lane - 4].at,
        };
        let mut times: Vec<_> = self
            .events
            .iter()
            .filter_map(|event| Some((at(event)?.0, event.no)))
            .collect();
        times.sort_unstable();
        times
    }

    pub(super) fn tile(&self, call: &GetTile) -> Vec<u8> {
        let grid = Grid::over(call.window, call.cols);
        let mut tile = Tile::new(grid);
        let mut marks = Vec::new();
        for lane in 0..7_u16 {
            let times = self.lane(usize::from(lane));
            let sorted: Vec<i64> = times.iter().map(|(at, _)| *at).collect();
            tile.push_lane(|at, near| rank_near(&sorted, at, near));
            let inside = times
                .iter()
                .filter(|(at, _)| call.window.contains(Micros(*at)));
            marks.extend(inside.map(|(at, no)| Mark {
                at: Micros(*at),
                no: *no,
                lane,
                interest: 0,
            }));
        }
        tile.set_marks(marks);
        tile.encode()
    }

    pub(super) fn nearest(&self, call: &Nearest) -> Option<u32> {
        let times = self.lane(call.lane as usize);
        times
            .iter()
            .min_by_key(|(at, _)| at.abs_diff(call.at))
            .map(|(_, no)| *no)
    }

    pub(super) fn event_by_no(&self, no: u32) -> Result<&EventRow, Failure> {
        let found = self.events.iter().find(|event| event.no == no);
        found.ok_or_else(|| Failure::new(Code::Stale, "This event is no longer in the window."))
    }

    pub(super) fn detail(&self, no: u32) -> Result<EventDetail, Failure> {
        Ok(super::plan::detail(self, self.event_by_no(no)?))
    }

    pub(super) fn break_it(&mut self, fault: &str) -> String {
        match self.faults_on.iter().position(|on| on == fault) {
            Some(idx) => {
                self.faults_on.remove(idx);
                "It is whole again.".to_owned()
            }
            None => {
                self.faults_on.push(fault.to_owned());
                "Three products were changed just now; none of them will arrive.".to_owned()
            }
        }
    }
}

pub(super) fn row_of(table: &str, key: impl ToString) -> Coordinate {
    Coordinate::Row {
        source: "database".to_owned(),
        table: table.to_owned(),
        column: "id".to_owned(),
        key: key.to_string(),
    }
}

fn broker_died() -> Failure {
    Failure::new(Code::Unreachable, "The broker went away while product-events was read.")
        .detail("failed to read product-events: all brokers are down: mq.toys.example:9092: connection reset by peer")
        .hint("What was read is shown. Scan again when the broker is back.")
}

struct Facts<'a> {
    event: &'a EventRow,
    consumers: &'a [String],
}

impl Fields for Facts<'_> {
    fn id(&self) -> &str {
        self.event.id.as_str()
    }
    fn kind(&self) -> &str {
        &self.event.kind
    }
    fn aggregate(&self) -> &str {
        &self.event.aggregate
    }
    fn version(&self) -> Option<i64> {
        self.event.version
    }
    fn at(&self) -> Micros {
        self.event.at
    }
    fn verdict(&self) -> &EventVerdict {
        &self.event.verdict
    }
    fn consumers(&self) -> &[String] {
        self.consumers
    }
    fn now(&self) -> Micros {
        now()
    }
}
