//! From state to what the canvas shows.

use waybill_model::{PlaceRole, Stage, Window};
use waybill_protocol::{Lane as LaneInfo, LaneKind as LaneRole, PlaceStatus, ScanState};

use super::State;
use crate::canvas::{Bars, Lane, LaneKind, Mark, Scene, Thread, Tone, Uncovered};

/// Room that a single event needs to be told apart from its neighbour, in pixels.
const MARK_ROOM: u32 = 9;

/// The scene of the moment; `None` while there is nothing to show.
pub fn scene(state: &State) -> Option<Scene> {
    let opened = state.session.opened.as_ref()?;
    let (view, window) = (state.timeline.view?, state.timeline.window()?);
    let status = state.session.status.as_ref()?;
    let marks = marks(state, view, opened.lanes.len());
    let near = marks.iter().any(|lane| !lane.is_empty());
    let lanes = opened
        .lanes
        .iter()
        .zip(marks)
        .enumerate()
        .map(|(idx, (info, marks))| Lane {
            kind: kind_of(info.kind),
            bars: bars(state, idx),
            marks,
            uncovered: uncovered(info, &status.places, window, &status.scan),
        });
    Some(Scene {
        lanes: lanes.collect(),
        near,
        view,
        asked: window,
        zone: state.look.zone(),
        now: matches!(status.scan, ScanState::Live).then_some(window.to),
        brush: state.timeline.brush,
        thread: thread(state, &opened.lanes),
        theme: state.timeline.theme,
        metrics: state.timeline.metrics,
    })
}

fn kind_of(role: LaneRole) -> LaneKind {
    match role {
        LaneRole::Missing => LaneKind::Alarm,
        LaneRole::Stored => LaneKind::Stage(Tone::Stored),
        LaneRole::Outbox => LaneKind::Stage(Tone::Outbox),
        LaneRole::Published { .. } => LaneKind::Stage(Tone::Published),
        LaneRole::Consumer { .. } => LaneKind::Stage(Tone::Consumed),
    }
}

fn bars(state: &State, lane: usize) -> Bars {
    let Some(tile) = &state.timeline.tile else {
        return Bars::default();
    };
    let counts = tile
        .lanes
        .get(lane)
        .map(|lane| lane.counts.clone())
        .unwrap_or_default();
    Bars {
        start: tile.grid.from.0,
        step: tile.grid.step_micros() as i64,
        counts,
    }
}

/// Every lane's single events, when all of them are known and few enough to tell apart.
fn marks(state: &State, view: Window, n_lanes: usize) -> Vec<Vec<Mark>> {
    let mut lanes = vec![Vec::new(); n_lanes];
    let Some(tile) = state.timeline.tile.as_ref().filter(|tile| tile.all_marked) else {
        return lanes;
    };
    for mark in tile.marks.iter().filter(|mark| view.contains(mark.at)) {
        if let Some(lane) = lanes.get_mut(usize::from(mark.lane)) {
            lane.push(Mark {
                at: mark.at,
                event: mark.no,
            });
        }
    }
    let most = usize::try_from(state.timeline.width / MARK_ROOM).unwrap_or(0);
    if lanes.iter().any(|lane| lane.len() > most) {
        return vec![Vec::new(); n_lanes];
    }
    lanes
}

/// Where the place behind a lane was not read without a gap. While the scan runs, everything is
/// still to come and nothing is hatched.
fn uncovered(
    info: &LaneInfo,
    places: &[PlaceStatus],
    window: Window,
    scan: &ScanState,
) -> Vec<Uncovered> {
    if matches!(
        scan,
        ScanState::Idle | ScanState::Connecting | ScanState::Scanning { .. }
    ) {
        return Vec::new();
    }
    let Some(place) = places.iter().find(|place| shows(info.kind, place)) else {
        return Vec::new();
    };
    if let Some(failure) = &place.failure {
        return vec![Uncovered {
            window,
            reason: failure.message.clone(),
        }];
    }
    let mut found: Vec<_> = place
        .gaps
        .iter()
        .map(|gap| Uncovered {
            window: gap.window,
            reason: gap.reason.to_string(),
        })
        .collect();
    // The last moments are never settled yet; hatching them would only flicker.
    let settled_slack = window.len_micros() / 50 + 5_000_000;
    if let Some(covered) = place.window {
        if covered.from > window.from.plus(settled_slack) {
            found.push(Uncovered {
                window: Window {
                    from: window.from,
                    to: covered.from,
                },
                reason: format!("{} cannot be read before this", place.place.name),
            });
        }
        if covered.to.plus(settled_slack) < window.to {
            found.push(Uncovered {
                window: Window {
                    from: covered.to,
                    to: window.to,
                },
                reason: "not read yet".to_owned(),
            });
        }
    }
    found
}

fn shows(role: LaneRole, place: &PlaceStatus) -> bool {
    match (role, place.place.role) {
        (LaneRole::Stored, PlaceRole::Business) | (LaneRole::Outbox, PlaceRole::Outbox) => true,
        (LaneRole::Published { place: id }, PlaceRole::Destination) => id == place.place.id,
        (LaneRole::Consumer { consumer }, PlaceRole::Inbox(no)) => no == consumer,
        _ => false,
    }
}

/// The way of the event that is looked at.
fn thread(state: &State, lanes: &[LaneInfo]) -> Option<Thread> {
    let row = &state
        .detail
        .shown
        .as_ref()
        .filter(|shown| Some(shown.row.no) == state.detail.no)?
        .row;
    let published_lane = published_lane(state, lanes);
    let mut thread = Thread {
        seen: Vec::new(),
        missing: Vec::new(),
    };
    for (idx, lane) in lanes.iter().enumerate() {
        let at = match lane.kind {
            LaneRole::Missing => continue,
            LaneRole::Stored => row.stored,
            LaneRole::Outbox => row.outbox,
            LaneRole::Published { .. } if Some(idx) != published_lane => continue,
            LaneRole::Published { .. } => row.published,
            LaneRole::Consumer { consumer } => {
                let cell = row.consumers.get(usize::from(consumer.0));
                let class = cell.map(|cell| cell.verdict.class());
                if class.is_some_and(waybill_model::VerdictClass::needs_action) {
                    thread.missing.push(idx);
                }
                cell.and_then(|cell| cell.at)
            }
        };
        if let Some(at) = at {
            thread.seen.push((idx, at));
        }
    }
    if row.published.is_none() && row.class.needs_action() {
        thread.missing.extend(published_lane);
    }
    Some(thread).filter(|thread| !thread.seen.is_empty())
}

/// The destination an event went to, or would have: the one its copy lies at, else the first.
fn published_lane(state: &State, lanes: &[LaneInfo]) -> Option<usize> {
    let copy = state
        .detail
        .shown
        .as_ref()?
        .facts
        .iter()
        .find(|fact| fact.stage == Stage::Published);
    let name = copy
        .map(|fact| fact.coordinate.to_string())
        .unwrap_or_default();
    let published = |lane: &LaneInfo| matches!(lane.kind, LaneRole::Published { .. });
    lanes
        .iter()
        .position(|lane| published(lane) && name.starts_with(&lane.title))
        .or_else(|| lanes.iter().position(published))
}
