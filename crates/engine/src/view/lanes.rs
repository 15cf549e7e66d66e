//! The timeline: density of every lane, single marks where they fit, and what lies nearest.

use waybill_model::{EventRow, Micros, PlaceRole, VerdictClass, Window};
use waybill_protocol::{Code, Failure, LaneKind, Nearest};
use waybill_reconcile::Lane;
use waybill_timeline::{Grid, Mark, Tile};

use crate::session::{Book, Layout, Session};

/// Above this many events in sight single marks are not looked up: bars say more.
const MAX_MARKED_EVENTS: usize = 3_000;

/// A mark may lie this much after its event began: a relay or consumer took that long.
const MARK_SLACK_MICROS: i64 = 300_000_000;

/// Events looked at to find the nearest one.
const MAX_NEAR: usize = 50_000;

/// The density of every lane over a window, in the binary form of a tile.
pub(crate) fn tile(session: &Session, window: Window, cols: u32) -> Vec<u8> {
    let book = session.book();
    let mut tile = Tile::new(Grid::over(window, cols));
    for lane in &session.layout.lanes {
        let times = book.index.lane(of_index(lane.kind));
        tile.push_lane(|at, near| times.rank(at, near));
    }
    let seen = book.index.in_window(Window {
        from: window.from.plus(-MARK_SLACK_MICROS),
        to: window.to,
    });
    if seen.len() <= MAX_MARKED_EVENTS {
        let rows = seen.iter().filter_map(|no| book.index.row(*no));
        tile.set_marks(
            rows.flat_map(|row| marks(&book, &session.layout, &row, window))
                .collect(),
        );
        let counted: u64 = tile
            .lanes
            .iter()
            .flat_map(|lane| &lane.counts)
            .map(|n| u64::from(*n))
            .sum();
        // Copies have several times per event, and a late mark may belong to an event out of sight.
        tile.all_marked &= tile.marks.len() as u64 >= counted;
    }
    tile.encode()
}

/// The event of a lane nearest to a time.
pub(crate) fn nearest(session: &Session, asked: &Nearest) -> Result<Option<u32>, Failure> {
    let Some(lane) = session.layout.lanes.get(asked.lane as usize) else {
        return Err(Failure::new(Code::Internal, "There is no such lane."));
    };
    let book = session.book();
    let at = Micros(asked.at);
    let mut reach = 1_000_000_i64;
    loop {
        let window = Window {
            from: at.plus(-reach),
            to: at.plus(reach),
        };
        let found = nearest_within(&book, &session.layout, lane.kind, at, window);
        let enough = book.index.in_window(window).len();
        if found.is_some() || enough > MAX_NEAR || enough == book.index.len() || reach == i64::MAX {
            return Ok(found);
        }
        reach = reach.saturating_mul(8);
    }
}

fn nearest_within(
    book: &Book,
    layout: &Layout,
    lane: LaneKind,
    at: Micros,
    window: Window,
) -> Option<u32> {
    let near = book.index.in_window(window).iter().take(MAX_NEAR);
    near.filter_map(|no| {
        let row = book.index.row(*no)?;
        let mark = time_in(book, layout, &row, lane)?;
        Some((mark.since(at).saturating_abs(), *no))
    })
    .min()
    .map(|(_, no)| no)
}

fn marks(book: &Book, layout: &Layout, row: &EventRow, window: Window) -> Vec<Mark> {
    let lanes = (0_u16..).zip(&layout.lanes);
    let of = |(lane, shown): (u16, &waybill_protocol::Lane)| {
        let at = time_in(book, layout, row, shown.kind)?;
        window.contains(at).then_some(Mark {
            at,
            no: row.no,
            lane,
            interest: interest(row.class),
        })
    };
    lanes.filter_map(of).collect()
}

fn interest(class: VerdictClass) -> u8 {
    match class {
        VerdictClass::Missing | VerdictClass::Phantom | VerdictClass::DeadLettered => 3,
        VerdictClass::Late => 2,
        VerdictClass::Unknown | VerdictClass::Pending => 1,
        VerdictClass::Arrived => 0,
    }
}

/// When an event shows up in a lane, if it does.
fn time_in(book: &Book, layout: &Layout, row: &EventRow, lane: LaneKind) -> Option<Micros> {
    match lane {
        LaneKind::Missing => row.class.needs_action().then_some(row.at),
        LaneKind::Stored => row.stored,
        LaneKind::Outbox => row.outbox,
        LaneKind::Published { place } => {
            // A row knows its first copy, not where; with one destination that is the same.
            let all = layout.with_role(|role| role == PlaceRole::Destination);
            if all.count() == 1 {
                return row.published;
            }
            let seen = book
                .index
                .facts(row.no)
                .into_iter()
                .find(|seen| seen.place == place)?;
            Some(seen.stamp.at)
        }
        LaneKind::Consumer { consumer } => row.consumers.get(usize::from(consumer.0))?.at,
    }
}

/// A lane of the page as the index knows it.
pub(crate) fn of_index(lane: LaneKind) -> Lane {
    match lane {
        LaneKind::Missing => Lane::Missing,
        LaneKind::Stored => Lane::Stored,
        LaneKind::Outbox => Lane::Outbox,
        LaneKind::Published { place } => Lane::Published(place),
        LaneKind::Consumer { consumer } => Lane::Consumer(consumer),
    }
}
