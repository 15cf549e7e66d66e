//! For one event: which flow it belongs to, where its body comes from, and which sibling shows
//! how messages look there. From the index alone, without asking anybody.

use std::collections::{BTreeMap, BTreeSet};

use waybill_model::{
    BodySource, Coordinate, Copy, Flags, Marks, NO_DESTINATION, PlaceId, PlaceRole, Stage,
};
use waybill_reconcile::{Index, Seen};

use super::pairs::published;
use crate::session::{Layout, PlannedPlace, Session};

/// Neighbours of the same aggregate looked at.
const SIBLINGS: usize = 20;

/// What the index says about one event's resend.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) flow: usize,
    /// Best first; the first that can be fetched is taken.
    pub(super) bodies: Vec<BodySource>,
    /// A copy of the same aggregate at the same destination, when one was seen.
    pub(super) sibling: Option<Coordinate>,
    /// Newer versions of the aggregate that are already out.
    pub(super) newer: u32,
}

/// The destination that a resend goes to, where the event's rows say where they are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target(Option<PlaceId>);

impl Target {
    /// The first that has no copy; the first, where all have.
    fn of(session: &Session, seen: &[Seen]) -> Result<Self, String> {
        let role = |seen: &Seen| session.layout.place(seen.place).map(|it| it.place.role);
        let rows = seen.iter().filter(|it| role(it) == Some(PlaceRole::Outbox));
        let told: Vec<u32> = rows.map(|row| row.partition).collect();
        if told.iter().all(|number| *number == NO_DESTINATION) {
            return Ok(Self(None));
        }
        let known = told.into_iter().filter_map(PlaceId::of_destination);
        let known: Vec<PlaceId> = known
            .filter(|it| session.layout.place(*it).is_some())
            .collect();
        let missing = |place: &&PlaceId| !seen.iter().any(|copy| copy.place == **place);
        let first = known.iter().find(missing).or(known.first());
        match first {
            Some(place) => Ok(Self(Some(*place))),
            None => Err("its row is to be sent where no flow of the profile goes".to_owned()),
        }
    }

    fn flow(self, session: &Session) -> Option<usize> {
        session.layout.place(self.0?)?.flow
    }

    /// What was seen of it at that destination, and the rows for it.
    fn of_these(self, session: &Session, mut seen: Vec<Seen>) -> Vec<Seen> {
        if let Some(place) = self.0 {
            seen.retain(|it| match session.layout.place(it.place) {
                Some(planned) => match planned.place.role {
                    PlaceRole::Outbox => it.partition == place.as_destination(),
                    PlaceRole::Destination => it.place == place,
                    PlaceRole::Business
                    | PlaceRole::Inbox(_)
                    | PlaceRole::Progress(_)
                    | PlaceRole::DeadLetters(_) => true,
                },
                None => true,
            });
        }
        seen
    }
}

/// Chooses; or says why the event cannot be resent, a sentence.
pub(super) fn choose(
    session: &Session,
    index: &Index,
    no: u32,
    of_tables: &mut OfTables,
) -> Result<Choice, String> {
    let target = Target::of(session, &index.facts(no))?;
    let seen = target.of_these(session, index.facts(no));
    let siblings = index.siblings(no, SIBLINGS);
    let sibling_copies: Vec<Seen> = siblings
        .iter()
        .filter(|sibling| sibling.no != no && sibling.published)
        .filter_map(|sibling| copy_of(index, &session.layout, sibling.no, target))
        .collect();
    let flow = match target.flow(session) {
        Some(flow) => flow,
        None => match flow_of(session, &seen, &sibling_copies) {
            Ok(flow) => flow,
            Err(why) => of_tables.flow(&session.layout, index, &seen).ok_or(why)?,
        },
    };
    // What never had an id cannot be told from others by a wrong one.
    let is_nameless = index
        .verdict(no)
        .is_some_and(|verdict| verdict.flags.contains(Flags::RECONSTRUCTED));
    let bodies = bodies(session, flow, &seen, is_nameless);
    if bodies.is_empty() {
        let no_template = session
            .profile
            .flows
            .get(flow)
            .is_some_and(|flow| flow.template.is_none());
        let outbox = session.profile.outbox.as_ref();
        let no_payload = outbox.is_some_and(|outbox| outbox.payload.is_none());
        return Err(if no_template && no_payload {
            "there is no copy of it, the profile names no payload column of the outbox to send its row by, and its flow has no template to rebuild it by".to_owned()
        } else if no_template {
            "there is no copy, no outbox row and no business row of it".to_owned()
        } else {
            "there is nothing left to take its body from".to_owned()
        });
    }
    let own = index.row(no).and_then(|row| row.version);
    let newer = siblings
        .iter()
        .filter(|s| s.published && s.version > own && own.is_some());
    Ok(Choice {
        flow,
        bodies,
        sibling: sibling_copies
            .first()
            .map(|seen| coordinate(&session.layout, seen)),
        newer: u32::try_from(newer.count()).unwrap_or(u32::MAX),
    })
}

/// Whether newer states of a place's keys replace older ones for good.
pub(super) fn is_compacted(index: &Index, layout: &Layout, flow: usize) -> bool {
    let here = |planned: &&PlannedPlace| {
        planned.place.role == PlaceRole::Destination && planned.flow == Some(flow)
    };
    let Some(planned) = layout.places.iter().find(here) else {
        return false;
    };
    let coverage = index.coverage();
    let mut gaps = coverage
        .iter()
        .filter(|c| c.place == planned.place.id)
        .flat_map(|c| &c.gaps);
    gaps.any(|gap| gap.reason == waybill_model::GapReason::Compacted)
}

/// The partition of a copy, where partitions exist.
pub(super) fn partition_of(copy: &Copy) -> Option<u32> {
    match copy.coordinate {
        Coordinate::Record { partition, .. } => Some(partition),
        _ => None,
    }
}

fn flow_of(session: &Session, own: &[Seen], siblings: &[Seen]) -> Result<usize, String> {
    if session.profile.flows.len() == 1 {
        return Ok(0);
    }
    let of_place = |seen: &Seen| {
        session
            .layout
            .place(seen.place)
            .and_then(|planned| planned.flow)
    };
    let own = own
        .iter()
        .filter(|seen| seen.stage != Stage::Stored)
        .find_map(of_place);
    own.or_else(|| siblings.iter().find_map(of_place))
        .ok_or_else(|| {
            "the profile has several flows, and nothing tells which of them it belongs to"
                .to_owned()
        })
}

/// Events looked at to find out where the changes of a table go, the youngest first.
const LOOKED_AT: usize = 10_000;

/// The only flow that changes of each table were seen in.
#[derive(Debug, Default)]
pub(super) struct OfTables(BTreeMap<PlaceId, Option<usize>>);

impl OfTables {
    /// The flow of what was stored, by where other changes of its table were published.
    fn flow(&mut self, layout: &Layout, index: &Index, seen: &[Seen]) -> Option<usize> {
        let table = seen.iter().find(|seen| seen.stage == Stage::Stored)?.place;
        let found = || {
            let order = index.in_time_order();
            let flows = order.iter().rev().take(LOOKED_AT).filter_map(|no| {
                let facts = index.facts(*no);
                let is_its = facts.iter().any(|it| it.place == table);
                let (flow, _) = published(&facts, layout).filter(|_| is_its)?;
                Some(flow)
            });
            let flows: BTreeSet<usize> = flows.collect();
            flows.first().copied().filter(|_| flows.len() == 1)
        };
        *self.0.entry(table).or_insert_with(found)
    }
}

fn bodies(session: &Session, flow: usize, seen: &[Seen], is_nameless: bool) -> Vec<BodySource> {
    let layout = &session.layout;
    let with_role = |wanted: fn(PlaceRole) -> bool| {
        seen.iter().filter(move |seen| {
            layout
                .place(seen.place)
                .is_some_and(|planned| wanted(planned.place.role))
        })
    };
    let copy = |seen: &Seen| BodySource::Copy {
        coordinate: coordinate(layout, seen),
    };
    let mut published: Vec<&Seen> = with_role(|role| role == PlaceRole::Destination).collect();
    // The original says more than a copy that is ours.
    published.sort_by_key(|seen| seen.marks.contains(Marks::OWN_RESEND));
    let mut bodies: Vec<BodySource> = published.into_iter().map(copy).collect();
    bodies.extend(with_role(|role| matches!(role, PlaceRole::DeadLetters(_))).map(copy));
    bodies.retain(|body| {
        !matches!(
            body,
            BodySource::Copy {
                coordinate: Coordinate::Passing { .. }
            }
        )
    });
    let has_payload = session
        .profile
        .outbox
        .as_ref()
        .is_some_and(|outbox| outbox.payload.is_some());
    let rows = || {
        let rows = with_role(|role| role == PlaceRole::Outbox);
        rows.filter(|seen| !seen.marks.contains(Marks::GONE))
    };
    if has_payload {
        bodies.extend(rows().map(|seen| BodySource::OutboxRow {
            coordinate: coordinate(layout, seen),
        }));
    }
    let has_outbox_row = rows().next().is_some();
    let has_template = session
        .profile
        .flows
        .get(flow)
        .is_some_and(|flow| flow.template.is_some());
    if (has_template || is_nameless) && !has_outbox_row {
        bodies.extend(with_role(|role| role == PlaceRole::Business).map(|seen| {
            BodySource::Reconstructed {
                coordinate: coordinate(layout, seen),
            }
        }));
    }
    bodies
}

fn copy_of(index: &Index, layout: &Layout, no: u32, target: Target) -> Option<Seen> {
    index.facts(no).into_iter().find(|seen| {
        let place = layout.place(seen.place);
        let copied = place.is_some_and(|it| it.place.role == PlaceRole::Destination);
        copied && target.0.is_none_or(|wanted| wanted == seen.place)
    })
}

pub(super) fn coordinate(layout: &Layout, seen: &Seen) -> Coordinate {
    match layout.place(seen.place) {
        Some(planned) => planned.coordinate(seen.partition, seen.position, &seen.key),
        // An index refuses places it does not know, so this names nothing.
        None => Coordinate::Row {
            source: String::new(),
            table: String::new(),
            column: String::new(),
            key: seen.key.clone(),
        },
    }
}
