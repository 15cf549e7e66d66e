//! What a profile makes us read: places, queries, lanes and the shape of verdicts. Pure.

use std::collections::BTreeMap;

use waybill_model::{
    Clock, Consumer, ConsumerNo, Coordinate, Flow, InColumn, Micros, NO_POSITION, OutboxSettings,
    Place, PlaceId, PlaceRole, Profile, Window,
};
use waybill_protocol::{Lane, LaneKind};
use waybill_reconcile::{ConsumerShape, ProgressKind, Shape};
use waybill_source::carry::Condition;
use waybill_source::{
    ConsumerRef, CopyQuery, CopyRole, Cursor, DestinationColumn, History, RowColumns, RowQuery,
};

use super::{BROKER, DATABASE, compare};
use crate::zones::Noted;

mod columns;
mod whose;

use columns::dead_letter_columns;
pub use columns::inbox_columns;
pub(crate) use columns::{business_columns, outbox_columns};

/// Rows per page of a table: large enough to keep a link busy, small enough to stop within 100 ms.
const PAGE_ROWS: u32 = 2_000;

/// How far the local time of a host may be from UTC.
const ZONES_MICROS: i64 = 15 * 3_600_000_000;

/// Everything a session reads.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) places: Vec<PlannedPlace>,
    pub(crate) consumers: Vec<PlannedConsumer>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) shape: Shape,
}

/// A place and how it is read.
#[derive(Debug, Clone)]
pub(crate) struct PlannedPlace {
    pub(crate) place: Place,
    pub(crate) reading: Reading,
    /// Index of the flow it belongs to, for destinations and what consumers have.
    pub(crate) flow: Option<usize>,
    /// How long its rows stay, in microseconds, where somebody deletes them.
    pub(crate) kept_micros: Option<i64>,
}

/// How a place is read.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    /// A table of a database.
    Rows {
        columns: Box<RowColumns>,
        clock: Clock,
    },
    /// A channel of the broker.
    Copies {
        role: CopyRole,
        channel: String,
        history: History,
    },
    /// Asked of the broker for all consumers at once.
    Progress,
}

/// An expected consumer.
#[derive(Debug, Clone)]
pub(crate) struct PlannedConsumer {
    pub(crate) name: String,
    /// Index of its flow.
    pub(crate) flow: usize,
    /// Its queue, where one consumer alone can be sent to.
    pub(crate) queue: Option<String>,
    /// What the broker is asked for.
    pub(crate) asked: Option<ConsumerRef>,
    /// When it was registered.
    pub(crate) since: Option<Micros>,
}

impl Layout {
    /// Plans a profile. `history` says what the broker keeps; assume the most when it is not open.
    pub(crate) fn of(profile: &Profile, history: History) -> Self {
        let mut plan = Planner {
            profile,
            history,
            places: Vec::new(),
        };
        plan.tables();
        let destinations = plan.destinations();
        plan.where_rows_go(&destinations);
        let (consumers, shapes) = plan.consumers(&destinations);
        let places = plan.places;
        Self {
            lanes: lanes(&places, &consumers),
            shape: shape(profile, &places, shapes),
            places,
            consumers,
        }
    }

    /// A place by its number.
    pub(crate) fn place(&self, id: PlaceId) -> Option<&PlannedPlace> {
        self.places.get(usize::from(id.0))
    }

    /// Reads the tables as what is known of their zones says.
    pub(crate) fn zoned(mut self, noted: &[Noted]) -> Self {
        for noted in noted {
            let Some(zoning) = noted.zoning() else {
                continue;
            };
            for planned in &mut self.places {
                let place = &planned.place;
                if let Reading::Rows { columns, .. } = &mut planned.reading
                    && place.role == noted.role
                    && (place.name == noted.table || place.role == PlaceRole::Outbox)
                {
                    columns.zone = zoning.clone();
                }
            }
        }
        self
    }

    /// Places of one kind.
    pub(crate) fn with_role(
        &self,
        wanted: fn(PlaceRole) -> bool,
    ) -> impl Iterator<Item = &PlannedPlace> {
        self.places
            .iter()
            .filter(move |planned| wanted(planned.place.role))
    }

    /// The consumers the broker can be asked about.
    pub(crate) fn asked(&self) -> Vec<ConsumerRef> {
        self.consumers
            .iter()
            .filter_map(|consumer| consumer.asked.clone())
            .collect()
    }
}

impl PlannedPlace {
    /// The query of a table; `None` for anything else.
    pub(crate) fn row_query(&self, window: Window, after: Option<Cursor>) -> Option<RowQuery> {
        let Reading::Rows { columns, clock } = &self.reading else {
            return None;
        };
        let is_inbox = matches!(self.place.role, PlaceRole::Inbox(_));
        let window = if is_inbox && !can_be_asked_by_id(columns) {
            in_any_zone(window)
        } else {
            window
        };
        Some(RowQuery {
            place: self.place.id,
            clock: *clock,
            columns: (**columns).clone(),
            window,
            after,
            page_rows: PAGE_ROWS,
        })
    }

    /// The query of a channel; `None` for anything else.
    pub(crate) fn copy_query(
        &self,
        profile: &Profile,
        window: Window,
        after: Option<Cursor>,
    ) -> Option<CopyQuery> {
        let Reading::Copies { role, channel, .. } = &self.reading else {
            return None;
        };
        let flow = profile.flows.get(self.flow?)?;
        Some(CopyQuery {
            place: self.place.id,
            role: *role,
            channel: channel.clone(),
            exchange: flow
                .audit_stream
                .as_ref()
                .filter(|stream| *stream == channel)
                .map(|_| flow.destination.clone()),
            carriers: flow.carriers.clone(),
            aggregate_type: only_aggregate_type(profile),
            only: only(profile, &flow.destination),
            whose: whose::of(self.place.role, profile),
            compare: match role {
                CopyRole::Destination | CopyRole::Tap => {
                    compare::of_copies(profile, &flow.destination)
                }
                CopyRole::DeadLetters => None,
            },
            window,
            after,
            max_messages: profile.scan.max_messages,
        })
    }

    /// Where exactly an observation of this place is, as a user would look it up.
    pub(crate) fn coordinate(&self, partition: u32, position: i64, key: &str) -> Coordinate {
        match &self.reading {
            Reading::Rows { columns, .. } => Coordinate::Row {
                source: self.place.source.clone(),
                table: columns.table.clone(),
                column: columns.key.clone(),
                key: if position == NO_POSITION {
                    key.to_owned()
                } else {
                    position.to_string()
                },
            },
            Reading::Copies {
                role: CopyRole::Tap,
                channel,
                ..
            } => Coordinate::Passing {
                exchange: channel.clone(),
                nth: position,
            },
            Reading::Copies {
                history: History::ByStream,
                channel,
                ..
            } => Coordinate::StreamEntry {
                stream: channel.clone(),
                offset: position,
            },
            Reading::Copies {
                history: History::Always,
                channel,
                ..
            } => Coordinate::Record {
                topic: channel.clone(),
                partition,
                offset: position,
            },
            Reading::Progress => Coordinate::Row {
                source: self.place.source.clone(),
                table: self.place.name.clone(),
                column: "consumer".to_owned(),
                key: key.to_owned(),
            },
        }
    }
}

struct Planner<'a> {
    profile: &'a Profile,
    history: History,
    places: Vec<PlannedPlace>,
}

impl Planner<'_> {
    fn add(
        &mut self,
        role: PlaceRole,
        source: &str,
        name: String,
        reading: Reading,
        flow: Option<usize>,
    ) -> PlaceId {
        let id =
            PlaceId(u16::try_from(self.places.len()).expect("a profile has some dozens of places"));
        self.places.push(PlannedPlace {
            place: Place {
                id,
                role,
                source: source.to_owned(),
                name,
            },
            reading,
            flow,
            kept_micros: None,
        });
        id
    }

    fn tables(&mut self) {
        for table in &self.profile.business {
            let reading = rows(business_columns(table), Clock::Database);
            self.add(
                PlaceRole::Business,
                DATABASE,
                table.table.clone(),
                reading,
                None,
            );
        }
        if let Some(outbox) = &self.profile.outbox {
            let mut columns = outbox_columns(outbox);
            columns.compare = compare::of_rows(self.profile);
            let reading = rows(columns, Clock::Database);
            self.add(
                PlaceRole::Outbox,
                DATABASE,
                outbox.table.clone(),
                reading,
                None,
            );
            self.given_up(outbox);
        }
    }

    /// Rows that the relay has moved away: events of the outbox, given up.
    fn given_up(&mut self, outbox: &OutboxSettings) {
        let Some(letters) = &outbox.dead_letters else {
            return;
        };
        let reading = rows(dead_letter_columns(letters, outbox), Clock::Database);
        let name = letters.table.clone();
        self.add(PlaceRole::Outbox, DATABASE, name, reading, None);
    }

    /// One place per destination, even where flows share one; the place of each flow.
    fn destinations(&mut self) -> Vec<PlaceId> {
        let profile = self.profile;
        let mut of_flow: Vec<PlaceId> = Vec::new();
        for (nth, flow) in profile.flows.iter().enumerate() {
            let earlier = profile.flows[..nth]
                .iter()
                .position(|other| other.destination == flow.destination);
            let place = match earlier {
                Some(earlier) => of_flow[earlier],
                None => {
                    let reading = self.destination(flow);
                    self.add(
                        PlaceRole::Destination,
                        BROKER,
                        flow.destination.clone(),
                        reading,
                        Some(nth),
                    )
                }
            };
            of_flow.push(place);
        }
        of_flow
    }

    /// Ties what a row says of where it is to be sent to the places of the flows.
    fn where_rows_go(&mut self, destinations: &[PlaceId]) {
        let outbox = self.profile.outbox.as_ref();
        let Some(column) = outbox.and_then(|outbox| outbox.destination.clone()) else {
            return;
        };
        let flows = self.profile.flows.iter().zip(destinations);
        let known: BTreeMap<String, u32> = flows
            .map(|(flow, place)| (flow.destination.clone(), place.as_destination()))
            .collect();
        for planned in &mut self.places {
            if planned.place.role == PlaceRole::Outbox
                && let Reading::Rows { columns, .. } = &mut planned.reading
            {
                columns.destination = Some(DestinationColumn {
                    column: column.clone(),
                    known: known.clone(),
                });
            }
        }
    }

    fn destination(&self, flow: &Flow) -> Reading {
        let (role, channel) = match (self.history, &flow.audit_stream) {
            (History::ByStream, Some(stream)) => (CopyRole::Destination, stream),
            (History::ByStream, None) => (CopyRole::Tap, &flow.destination),
            (History::Always, _) => (CopyRole::Destination, &flow.destination),
        };
        Reading::Copies {
            role,
            channel: channel.clone(),
            history: self.history,
        }
    }

    fn consumers(
        &mut self,
        destinations: &[PlaceId],
    ) -> (Vec<PlannedConsumer>, Vec<ConsumerShape>) {
        let profile = self.profile;
        let mut consumers = Vec::new();
        let mut shapes = Vec::new();
        for (flow_no, flow) in profile.flows.iter().enumerate() {
            for consumer in &flow.consumers {
                let no = u8::try_from(consumers.len())
                    .expect("the profile's check allows 200 consumers");
                let no = ConsumerNo(no);
                self.places_of(no, flow_no, consumer);
                consumers.push(planned_consumer(no, flow_no, flow, consumer));
                shapes.push(consumer_shape(consumer, destinations[flow_no]));
            }
        }
        (consumers, shapes)
    }

    fn places_of(&mut self, no: ConsumerNo, flow: usize, consumer: &Consumer) {
        if let Some(inbox) = &consumer.inbox {
            let source = inbox.database.as_deref().unwrap_or(DATABASE);
            let reading = rows(inbox_columns(inbox), Clock::Consumer);
            let name = if inbox.consumer_value.is_some() {
                format!("{} ({})", inbox.table, consumer.name)
            } else {
                inbox.table.clone()
            };
            let place = self.add(PlaceRole::Inbox(no), source, name, reading, Some(flow));
            let kept = inbox.kept_secs.map(|secs| i64::from(secs) * 1_000_000);
            self.places[usize::from(place.0)].kept_micros = kept;
        }
        if let Some(name) = consumer.group.as_ref().or(consumer.queue.as_ref()) {
            self.add(
                PlaceRole::Progress(no),
                BROKER,
                name.clone(),
                Reading::Progress,
                Some(flow),
            );
        }
        if let Some(channel) = &consumer.dead_letters {
            let reading = Reading::Copies {
                role: CopyRole::DeadLetters,
                channel: channel.clone(),
                history: self.history,
            };
            self.add(
                PlaceRole::DeadLetters(no),
                BROKER,
                channel.clone(),
                reading,
                Some(flow),
            );
        }
    }
}

/// Which messages of a destination count: what one of its flows wants, and all where one wants all.
fn only(profile: &Profile, destination: &str) -> Vec<Condition> {
    let here = profile.flows.iter();
    let here = here.filter(|flow| flow.destination == destination);
    let wanted: Vec<Condition> = here.map(|flow| flow.only.clone()).collect();
    if wanted.iter().any(Condition::is_empty) {
        return Vec::new();
    }
    wanted
}

/// Whether a row can be found by its event's id, whatever time it carries.
fn can_be_asked_by_id(columns: &RowColumns) -> bool {
    let id = columns.id.as_deref();
    id.is_none_or(|id| InColumn::of(id).pointer.is_none())
}

/// What is missing is asked for by its id before that is said. Where that cannot be, a row must not
/// be missed because its time is written by a clock of another zone.
fn in_any_zone(window: Window) -> Window {
    Window {
        from: Micros(window.from.plus(-ZONES_MICROS).0.max(0)),
        to: window.to.plus(ZONES_MICROS),
    }
}

fn rows(columns: RowColumns, clock: Clock) -> Reading {
    Reading::Rows {
        columns: Box::new(columns),
        clock,
    }
}

fn planned_consumer(
    no: ConsumerNo,
    flow_no: usize,
    flow: &Flow,
    consumer: &Consumer,
) -> PlannedConsumer {
    let asked = (consumer.group.is_some() || consumer.queue.is_some()).then(|| ConsumerRef {
        consumer: no,
        destination: flow.destination.clone(),
        group: consumer.group.clone(),
        queue: consumer.queue.clone(),
    });
    PlannedConsumer {
        name: consumer.name.clone(),
        flow: flow_no,
        queue: consumer.queue.clone(),
        asked,
        since: consumer.since,
    }
}

fn consumer_shape(consumer: &Consumer, destination: PlaceId) -> ConsumerShape {
    ConsumerShape {
        name: consumer.name.clone(),
        destination: Some(destination),
        inbox: consumer.inbox.is_some(),
        inbox_tells: consumer.inbox.is_some(),
        progress: if consumer.group.is_some() {
            ProgressKind::Group
        } else if consumer.queue.is_some() {
            ProgressKind::Queue
        } else {
            ProgressKind::None
        },
        dead_letters: consumer.dead_letters.is_some(),
    }
}

/// Whether a column of a row says that it was sent, or was not.
fn tells_sent(outbox: &OutboxSettings) -> bool {
    outbox.sent_at.is_some() || outbox.status.is_some()
}

fn shape(profile: &Profile, places: &[PlannedPlace], consumers: Vec<ConsumerShape>) -> Shape {
    let outbox = profile.outbox.as_ref();
    Shape {
        places: places.iter().map(|planned| planned.place.clone()).collect(),
        consumers,
        has_outbox: outbox.is_some(),
        outbox_tells_sent: outbox.is_some_and(tells_sent),
        deletes_after_send: outbox.is_some_and(|o| o.deletes_after_send),
        // A business row is asked for by its aggregate's id.
        found_by_id: outbox.is_none_or(|o| InColumn::of(&o.id).pointer.is_none()),
        has_business: !profile.business.is_empty(),
        keeps_versions: profile.business.iter().all(|table| table.history),
        has_observer: places
            .iter()
            .any(|p| p.place.role == PlaceRole::Destination),
        grace: profile.grace.into(),
    }
}

fn lanes(places: &[PlannedPlace], consumers: &[PlannedConsumer]) -> Vec<Lane> {
    let lane = |title: &str, kind| Lane {
        title: title.to_owned(),
        kind,
    };
    let has = |role| places.iter().any(|planned| planned.place.role == role);
    let mut lanes = vec![lane("Missing", LaneKind::Missing)];
    if has(PlaceRole::Business) {
        lanes.push(lane("Stored", LaneKind::Stored));
    }
    if has(PlaceRole::Outbox) {
        lanes.push(lane("Outbox", LaneKind::Outbox));
    }
    for planned in places
        .iter()
        .filter(|p| p.place.role == PlaceRole::Destination)
    {
        let place = planned.place.id;
        lanes.push(lane(&planned.place.name, LaneKind::Published { place }));
    }
    for (no, consumer) in (0_u8..).zip(consumers) {
        let consumer_no = ConsumerNo(no);
        lanes.push(lane(
            &consumer.name,
            LaneKind::Consumer {
                consumer: consumer_no,
            },
        ));
    }
    lanes
}

/// The aggregate type where a profile knows only one.
fn only_aggregate_type(profile: &Profile) -> Option<String> {
    let mut types = profile.business.iter().map(|table| &table.aggregate_type);
    let first = types.next()?;
    types.all(|other| other == first).then(|| first.clone())
}

#[cfg(test)]
mod tests;
