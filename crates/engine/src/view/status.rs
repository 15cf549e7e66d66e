//! The state of a session as it is polled.

use waybill_model::{Accounts, ConsumerNo, Coverage, Gap, PlaceRole, Window, Zone};
use waybill_protocol::{ConsumerCounts, EdgeGrace, PlaceStatus, ScanState, Status};
use waybill_reconcile::sentence;

use crate::clock::now;
use crate::session::{Book, PlaceState, PlannedPlace, Session};
use crate::zones::{Noted, Told};

/// Gaps listed per place; the rest is in the share.
const MAX_GAPS: usize = 20;

/// How things stand.
pub(crate) fn status(session: &Session) -> Status {
    let book = session.book();
    let coverage = book.index.coverage();
    let asked = book.window;
    let places = session.layout.places.iter().zip(&book.places);
    Status {
        generation: book.generation,
        scan: scan_state(&book),
        window: asked,
        places: places
            .map(|(planned, state)| place(session, &book, planned, state, &coverage))
            .collect(),
        counts: book.tally.counts.clone(),
        consumers: consumers(session, &book),
        silent: book.tally.silent.clone(),
        groups: book.tally.groups.clone(),
        oldest_unsent: book.tally.oldest_unsent,
        relay_p99_micros: book.tally.relay_p99_micros,
        graces: graces(session, &book),
        clocks: session.sources.clocks.clone(),
        run: book.run.clone(),
        copies: book.index.copies(),
        oddities: book.index.oddities().count,
        seen_until: book.seen_until,
        now: now(),
    }
}

fn place(
    session: &Session,
    book: &Book,
    planned: &PlannedPlace,
    state: &PlaceState,
    coverage: &[Coverage],
) -> PlaceStatus {
    let basis = book.index.basis(planned.place.id);
    let here: Vec<&Coverage> = coverage
        .iter()
        .filter(|c| c.place == planned.place.id)
        .collect();
    // Without any coverage the sum of nothing would be minus zero.
    let shares = here
        .iter()
        .map(|c| c.share_of(book.window))
        .fold(0.0, |a, b| a + b);
    let timed = state.accounts.as_ref().map_or(1.0, timed_share);
    let gaps: Vec<Gap> = here
        .iter()
        .flat_map(|c| c.gaps.iter().cloned())
        .take(MAX_GAPS)
        .collect();
    // Asked as a whole each time, so there is nothing to have missed.
    let whole = matches!(planned.place.role, PlaceRole::Progress(_)) && state.complete;
    PlaceStatus {
        place: planned.place.clone(),
        progress: state.progress,
        complete: state.complete,
        covered: if whole {
            1.0
        } else {
            (shares / here.len().max(1) as f64 * timed) as f32
        },
        gaps,
        window: spanned(&here),
        failure: state.failure.clone(),
        matched: basis
            .map(|found| sentence::basis(&found, book.index.shape()))
            .unwrap_or_default(),
        basis,
        accounts: accounts(session, planned, state),
    }
}

/// The accounts of a table, with the zone its times are read in where that is not UTC.
fn accounts(session: &Session, planned: &PlannedPlace, state: &PlaceState) -> Option<Accounts> {
    let accounts = state.accounts.clone()?;
    let place = &planned.place;
    let of_place = |noted: &&Noted| noted.role == place.role && noted.table == place.name;
    let noted = session.zones.iter().find(of_place);
    let zone = noted.and_then(|noted| match &noted.told {
        Told::Known(known) if known.zone != Zone::UTC => noted.words(),
        Told::Known(_) | Told::Needless | Told::Unknown { .. } => None,
    });
    Some(Accounts { zone, ..accounts })
}

/// How many of a table's rows could be placed in time: a window is not covered by the rest.
fn timed_share(accounts: &Accounts) -> f64 {
    let taken = accounts.in_window + accounts.untimed();
    if accounts.unreadable == 0 || taken == 0 {
        return 1.0;
    }
    1.0 - accounts.unreadable as f64 / taken as f64
}

/// From the latest beginning to the earliest end: what is covered in every partition.
fn spanned(coverage: &[&Coverage]) -> Option<Window> {
    let from = coverage.iter().map(|c| c.window.from).max()?;
    let to = coverage.iter().map(|c| c.window.to).min()?;
    (from < to).then_some(Window { from, to })
}

fn consumers(session: &Session, book: &Book) -> Vec<ConsumerCounts> {
    let named = (0_u8..).zip(&session.layout.consumers);
    let counted = named.zip(book.tally.consumers.iter().zip(&book.lags));
    let of = |((no, consumer), (tally, lag)): (
        (u8, &crate::session::PlannedConsumer),
        (&waybill_reconcile::ConsumerCounts, &Option<u64>),
    )| ConsumerCounts {
        consumer: ConsumerNo(no),
        name: consumer.name.clone(),
        processed: tally.processed,
        passed: tally.passed,
        lost: tally.lost + tally.not_routed,
        dead_lettered: tally.dead_lettered + tally.failed,
        late: tally.lagging + tally.retrying + tally.standing(),
        standing: tally.standing(),
        in_flight: tally.in_flight,
        unknown: tally.unknown,
        lag: *lag,
    };
    counted.map(of).collect()
}

/// When an event is late: to be published first, then for each consumer.
fn graces(session: &Session, book: &Book) -> Vec<EdgeGrace> {
    let publish = book
        .index
        .publish_grace()
        .into_iter()
        .map(|grace| EdgeGrace {
            consumer: None,
            sentence: sentence::grace(&grace, None),
            grace,
        });
    let named = (0_u8..).map(ConsumerNo).zip(&session.layout.consumers);
    let consume = named
        .zip(book.index.consume_graces())
        .map(|((no, consumer), grace)| EdgeGrace {
            consumer: Some(no),
            sentence: sentence::grace(grace, Some(&consumer.name)),
            grace: *grace,
        });
    publish.chain(consume).collect()
}

/// The state with the share of places that are read.
fn scan_state(book: &Book) -> ScanState {
    let mut state = book.state.clone();
    if let ScanState::Scanning { share, .. } = &mut state {
        let read: f32 = book.places.iter().map(PlaceState::share).sum();
        *share = read / book.places.len().max(1) as f32;
    }
    state
}
