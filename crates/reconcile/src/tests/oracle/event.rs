//! Which rows and messages belong to one event.

use waybill_model::{ConsumerNo, Marks, PlaceId, PlaceRole, reconstructed_id};

use super::basis::{Bases, put_together};
use super::history::{EVER, Resend, Sighting};
use super::known::Known;

/// All that is known of one event.
#[derive(Debug, Clone, Default)]
pub(super) struct Event<'a> {
    pub(super) id: String,
    /// The ids of others that are this one by aggregate and version.
    pub(super) other_ids: Vec<String>,
    /// Its message has no id, so nothing else can be found of it.
    pub(super) nameless: bool,
    /// Made from a business row, because nothing else tells of that change.
    pub(super) made: bool,
    pub(super) aggregate: String,
    pub(super) kind: String,
    pub(super) version: Option<i64>,
    pub(super) change: Option<&'a Sighting>,
    pub(super) rows: Vec<&'a Sighting>,
    pub(super) copies: Vec<&'a Sighting>,
    /// Inbox rows that are processed.
    pub(super) inbox: Vec<(ConsumerNo, &'a Sighting)>,
    /// Inbox rows that are not.
    pub(super) waiting: Vec<(ConsumerNo, &'a Sighting)>,
    pub(super) letters: Vec<(ConsumerNo, &'a Sighting)>,
    pub(super) resends: Vec<&'a Resend>,
}

impl<'a> Event<'a> {
    fn take(&mut self, role: PlaceRole, sighting: &'a Sighting, waits: bool) {
        match role {
            PlaceRole::Inbox(consumer) if waits => self.waiting.push((consumer, sighting)),
            PlaceRole::Outbox => self.rows.push(sighting),
            PlaceRole::Destination => self.copies.push(sighting),
            PlaceRole::Inbox(consumer) => self.inbox.push((consumer, sighting)),
            PlaceRole::DeadLetters(consumer) => self.letters.push((consumer, sighting)),
            PlaceRole::Business | PlaceRole::Progress(_) => {}
        }
    }

    /// Copies of somebody else's making, apart from those in a transaction that has not ended.
    pub(super) fn foreign(&self) -> Vec<&'a Sighting> {
        let foreign = self.copies.iter().filter(|copy| {
            let open = copy.marks.contains(Marks::OPEN_TRANSACTION);
            !open && !self.is_own(copy)
        });
        foreign.copied().collect()
    }

    /// When its outbox row was written.
    pub(super) fn written(&self) -> Option<i64> {
        self.rows.iter().map(|row| row.at).min()
    }

    /// From when on one of its outbox rows is to be sent; several rows count as one that is as old
    /// as the oldest, and waits only where all of them do.
    pub(super) fn to_send(&self) -> i64 {
        let timed = self.rows.iter().all(|row| row.is_timed());
        let written = self.written().unwrap_or(EVER);
        match self.rows.iter().map(|row| row.due).min().flatten() {
            Some(due) if timed => due.max(written),
            Some(due) => due,
            None => written,
        }
    }

    /// Since when its outbox row may have been there; ever, when there is none.
    pub(super) fn written_since(&self) -> i64 {
        let rows = self.rows.iter().map(|row| row.since());
        rows.min().unwrap_or(EVER)
    }

    pub(super) fn row_says(&self, mark: Marks) -> bool {
        self.rows.iter().any(|row| row.marks.contains(mark))
    }

    /// The earliest sign of any consumer having had it.
    pub(super) fn consumed(&self) -> Option<i64> {
        let signs = self.inbox.iter().chain(&self.waiting).chain(&self.letters);
        signs.map(|(_, sighting)| sighting.at).min()
    }

    /// Whether Waybill sent this copy, by its header or by the journal.
    pub(super) fn is_own(&self, copy: &Sighting) -> bool {
        let journaled = |resend: &&Resend| resend.coordinate == Some(copy.coordinate());
        copy.marks.contains(Marks::OWN_RESEND) || self.resends.iter().any(journaled)
    }

    /// Whether it can be recognised by aggregate and version.
    pub(super) fn tells_version(&self) -> bool {
        !self.aggregate.is_empty() && self.version.is_some()
    }

    /// Whether its rows are about several changes, or do not say so.
    pub(super) fn is_shared(&self) -> bool {
        let bare = |row: &Sighting| {
            let aggregate = row.aggregate.as_str();
            aggregate
                .split_once('/')
                .map_or(aggregate, |it| it.1)
                .to_owned()
        };
        let mut shared = false;
        for one in &self.rows {
            for other in &self.rows {
                let differ = one.version != other.version || one.version.is_none();
                let elsewhere = !one.aggregate.is_empty()
                    && !other.aggregate.is_empty()
                    && bare(one) != bare(other);
                shared |= one.coordinate() != other.coordinate() && (differ || elsewhere);
            }
        }
        shared
    }

    pub(super) fn is_about(&self, change: &Sighting) -> bool {
        self.aggregate == change.aggregate && self.version == change.version
    }
}

/// All events, and by what those of each place are recognised.
pub(super) struct Picture<'a> {
    pub(super) events: Vec<Event<'a>>,
    /// As they are by their ids alone.
    pub(super) by_id: Vec<Event<'a>>,
    pub(super) bases: Bases,
}

impl<'a> Picture<'a> {
    pub(super) fn new(known: &'a Known<'_>) -> Self {
        let changes = sightings(known, PlaceRole::Business);
        let by_id = events_by_id(known, &changes);
        let mut bases = Bases::of(&by_id, known);
        let mut events = put_together(&by_id, &bases, &changes);
        bases.look_at_consumers(&events, known);
        for change in changes {
            find_the_event_of(change, &mut events, known.shape.has_outbox);
        }
        for event in &mut events {
            if event.made {
                take_resends(event, known);
            }
        }
        Self {
            events,
            by_id,
            bases,
        }
    }
}

fn take_resends<'a>(event: &mut Event<'a>, known: &'a Known<'_>) {
    let resends = known.resends.iter().filter(|resend| resend.id == event.id);
    event.resends = resends.copied().collect();
}

/// What carries one id is one event.
fn events_by_id<'a>(known: &'a Known<'_>, changes: &[&'a Sighting]) -> Vec<Event<'a>> {
    let mut events: Vec<Event<'a>> = Vec::new();
    for sighting in &known.seen {
        let place = known.shape.places.iter().find(|p| p.id == sighting.place);
        let place = place.expect("histories name places of their shape only");
        if place.role == PlaceRole::Business {
            continue;
        }
        let nameless = sighting.id.is_empty();
        let id = if nameless {
            coordinate_text(&place.name, place.role, sighting)
        } else {
            sighting.id.clone()
        };
        let idx = events.iter().position(|event| event.id == id);
        let idx = idx.unwrap_or_else(|| {
            events.push(Event {
                id,
                nameless,
                ..Event::default()
            });
            events.len() - 1
        });
        events[idx].take(place.role, sighting, known.waits(sighting));
    }
    for event in &mut events {
        say_what_it_is_about(event, changes);
        take_resends(event, known);
    }
    events
}

fn sightings<'a>(known: &'a Known<'_>, role: PlaceRole) -> Vec<&'a Sighting> {
    let places: Vec<PlaceId> = known.places(role);
    let there = known.seen.iter();
    there
        .filter(|sighting| places.contains(&sighting.place))
        .collect()
}

/// A row's word counts, or else a copy's, or else a dead letter's; among equals the greatest. A bare id is completed by the one type whose business
/// rows have it.
fn say_what_it_is_about(event: &mut Event<'_>, changes: &[&Sighting]) {
    let aggregate = |all: &[&Sighting]| {
        let telling = all.iter().filter(|sighting| !sighting.aggregate.is_empty());
        let fullest =
            telling.max_by_key(|sighting| (sighting.aggregate.contains('/'), &sighting.aggregate));
        fullest.map(|sighting| sighting.aggregate.clone())
    };
    let version = |all: &[&Sighting]| all.iter().filter_map(|sighting| sighting.version).max();
    let kind = |all: &[&Sighting]| {
        let kinds = all.iter().map(|sighting| sighting.kind.clone());
        kinds.max().filter(|kind| !kind.is_empty())
    };
    let letters: Vec<&Sighting> = event.letters.iter().map(|(_, letter)| *letter).collect();
    let told = [&event.rows, &event.copies, &letters];
    event.version = told.iter().find_map(|all| version(all));
    event.kind = told.iter().find_map(|all| kind(all)).unwrap_or_default();
    let Some(aggregate) = told.iter().find_map(|all| aggregate(all)) else {
        return;
    };
    let suffix = format!("/{aggregate}");
    let full = changes
        .iter()
        .find(|change| change.aggregate.ends_with(&suffix));
    event.aggregate = full.map_or(aggregate, |change| change.aggregate.clone());
}

/// An event with an outbox row accounts for the change. Only where there is none may a copy do;
/// and where there is nothing, the event is made.
/// Without an outbox a message that has no id is known by its aggregate and version, too.
fn find_the_event_of<'a>(change: &'a Sighting, events: &mut Vec<Event<'a>>, has_outbox: bool) {
    let accounted = |event: &Event<'_>| event.is_about(change) && !event.rows.is_empty();
    let claimed = events.iter().any(accounted);
    let mut found = false;
    for event in events.iter_mut() {
        if accounted(event)
            || (event.is_about(change) && !(event.nameless && has_outbox) && !claimed)
        {
            event.change = Some(change);
            found = true;
        }
    }
    let id = made_from(change);
    if let Some(ours) = events.iter_mut().find(|event| event.id == id) {
        // Only Waybill sends under that id.
        ours.made = true;
        ours.aggregate = change.aggregate.clone();
        ours.version = change.version;
        ours.change = Some(change);
    } else if !found {
        events.push(Event {
            id,
            made: true,
            aggregate: change.aggregate.clone(),
            version: change.version,
            change: Some(change),
            ..Event::default()
        });
    }
}

/// The id of the event that is made from a business row.
pub(super) fn made_from(change: &Sighting) -> String {
    let (kind, id) = change.aggregate.split_once('/').unwrap_or(("", ""));
    let version = change.version.expect("business rows have versions");
    reconstructed_id(kind, id, version).0
}

fn coordinate_text(name: &str, role: PlaceRole, sighting: &Sighting) -> String {
    let (partition, position) = (sighting.partition, sighting.position);
    match role {
        PlaceRole::Destination | PlaceRole::DeadLetters(_) => {
            format!("{name}-{partition}@{position}")
        }
        _ => format!("{name}/{position}"),
    }
}
