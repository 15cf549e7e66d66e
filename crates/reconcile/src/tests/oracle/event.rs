//! Which rows and messages belong to one event.

use waybill_model::{ConsumerNo, Marks, PlaceId, PlaceRole, reconstructed_id};

use super::history::{EVER, Resend, Sighting};
use super::known::Known;

/// All that is known of one event.
#[derive(Debug, Clone, Default)]
pub(super) struct Event<'a> {
    pub(super) id: String,
    /// Its message has no id, so nothing else can be found of it.
    pub(super) nameless: bool,
    /// Made from a business row, because nothing else tells of that change.
    pub(super) made: bool,
    pub(super) aggregate: String,
    pub(super) version: Option<i64>,
    pub(super) change: Option<&'a Sighting>,
    pub(super) rows: Vec<&'a Sighting>,
    pub(super) copies: Vec<&'a Sighting>,
    pub(super) inbox: Vec<(ConsumerNo, &'a Sighting)>,
    pub(super) letters: Vec<(ConsumerNo, &'a Sighting)>,
    pub(super) resends: Vec<&'a Resend>,
}

impl<'a> Event<'a> {
    fn take(&mut self, role: PlaceRole, sighting: &'a Sighting) {
        match role {
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
        let signs = self.inbox.iter().chain(&self.letters);
        signs.map(|(_, sighting)| sighting.at).min()
    }

    /// Whether Waybill sent this copy, by its header or by the journal.
    pub(super) fn is_own(&self, copy: &Sighting) -> bool {
        let journaled = |resend: &&Resend| resend.coordinate == Some(copy.coordinate());
        copy.marks.contains(Marks::OWN_RESEND) || self.resends.iter().any(journaled)
    }

    pub(super) fn is_about(&self, change: &Sighting) -> bool {
        self.aggregate == change.aggregate && self.version == change.version
    }
}

/// All events.
pub(super) fn events<'a>(known: &'a Known<'_>) -> Vec<Event<'a>> {
    let mut events: Vec<Event<'a>> = Vec::new();
    let changes = sightings(known, PlaceRole::Business);
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
        events[idx].take(place.role, sighting);
    }
    for event in &mut events {
        say_what_it_is_about(event, &changes);
    }
    for change in changes {
        find_the_event_of(change, &mut events);
    }
    for event in &mut events {
        let resends = known.resends.iter().filter(|resend| resend.id == event.id);
        event.resends = resends.copied().collect();
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

/// A row's word counts, or else a copy's. A bare id is completed by the one type whose business
/// rows have it.
fn say_what_it_is_about(event: &mut Event<'_>, changes: &[&Sighting]) {
    let aggregate = |all: &[&Sighting]| {
        let telling = all.iter().filter(|sighting| !sighting.aggregate.is_empty());
        let fullest = telling.max_by_key(|sighting| sighting.aggregate.contains('/'));
        fullest.map(|sighting| sighting.aggregate.clone())
    };
    let version = |all: &[&Sighting]| all.iter().find_map(|sighting| sighting.version);
    event.version = version(&event.rows).or_else(|| version(&event.copies));
    let Some(aggregate) = aggregate(&event.rows).or_else(|| aggregate(&event.copies)) else {
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
fn find_the_event_of<'a>(change: &'a Sighting, events: &mut Vec<Event<'a>>) {
    let accounted = |event: &Event<'_>| event.is_about(change) && !event.rows.is_empty();
    let claimed = events.iter().any(accounted);
    let mut found = false;
    for event in events.iter_mut() {
        if event.is_about(change) && !event.nameless && (accounted(event) || !claimed) {
            event.change = Some(change);
            found = true;
        }
    }
    let (kind, id) = change.aggregate.split_once('/').unwrap_or(("", ""));
    let version = change.version.expect("business rows have versions");
    let id = reconstructed_id(kind, id, version);
    if let Some(ours) = events.iter_mut().find(|event| event.id == id.as_str()) {
        // Only Waybill sends under that id.
        ours.made = true;
        ours.aggregate = change.aggregate.clone();
        ours.version = change.version;
        ours.change = Some(change);
    } else if !found {
        events.push(Event {
            id: id.0,
            made: true,
            aggregate: change.aggregate.clone(),
            version: change.version,
            change: Some(change),
            ..Event::default()
        });
    }
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
