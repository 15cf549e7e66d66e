//! Trying a profile before it is saved: its youngest events, with the verdicts of a real scan.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use waybill_model::{PlaceRole, VerdictClass};
use waybill_protocol::{
    Code, Failure, GetRows, GetTrying, ScanState, Status, TimeSpec, TriedEvent, TryProfile, Trying,
};

use super::Core;
use super::background::{SoFar, locked};
use crate::journal::Journal;
use crate::profiles;
use crate::session::{Opening, Session};
use crate::{scan, view};

/// Events that are shown.
const SHOWN: u32 = 20;

/// Of these at most so many that are to be looked at: the rest tells what a good one looks like.
const NOTABLE: usize = 12;

/// Events among which they are looked for.
const MAX_SEARCHED: u32 = 1_000;

/// How far is looked back: as little as shows enough, in seconds.
const BACK: [u64; 5] = [60, 15 * 60, 3 * 3_600, 24 * 3_600, 30 * 24 * 3_600];

/// How long is read at most, so that a large system is not read as a whole.
const AT_MOST: Duration = Duration::from_secs(30);

impl Core {
    /// Starts to read the youngest events of a profile that need not be saved; its number.
    pub async fn try_profile(&self, order: TryProfile) -> Result<u64, Failure> {
        let profile = profiles::checked(&order.toml, &self.inner.drivers).map_err(|problems| {
            let first = problems.into_iter().next();
            Failure::new(
                Code::BadProfile,
                first.map(|problem| problem.message).unwrap_or_default(),
            )
        })?;
        let opening = self.opening_with(order.secrets.0);
        let journal = self.journal().await?.clone();
        Ok(self.inner.trials.start(|so_far| async move {
            if let Err(failure) = work(profile, &opening, journal, &so_far).await {
                locked(&so_far).failure = Some(failure);
            }
            let mut so_far = locked(&so_far);
            so_far.doing.clear();
            so_far.done = true;
        }))
    }

    /// What it shows so far.
    pub fn trying(&self, asked: &GetTrying) -> Result<Trying, Failure> {
        self.inner.trials.so_far(asked.no)
    }
}

async fn work(
    mut profile: waybill_model::Profile,
    opening: &Opening,
    journal: Journal,
    so_far: &SoFar<Trying>,
) -> Result<(), Failure> {
    // Whatever it will allow: nothing is sent from here.
    profile.access = waybill_model::Access::ReadOnly;
    "Connecting".clone_into(&mut locked(so_far).doing);
    let session = Session::open(profile, None, opening, journal).await?;
    let open = OpenSession(session);
    let until = Instant::now() + AT_MOST;
    for (nth, secs) in BACK.into_iter().enumerate() {
        let is_last = nth + 1 == BACK.len();
        let ended = tokio::time::timeout_at(until, read(&open.0, secs, is_last, so_far)).await;
        match ended {
            Ok(true) => break,
            Ok(false) => {}
            Err(_too_long) => {
                scan::stop(&open.0);
                note(&open.0, so_far);
                break;
            }
        }
    }
    Ok(())
}

/// Reads a window and notes what it shows; whether that is enough.
async fn read(session: &Arc<Session>, secs: u64, is_last: bool, so_far: &SoFar<Trying>) -> bool {
    let mut changes = session.changes();
    let spec = TimeSpec::Last { secs };
    if scan::start(session, spec, false).await.is_err() {
        return true;
    }
    loop {
        changes.mark_unchanged();
        let status = view::status(session);
        let (over, first_look) = match status.scan {
            ScanState::Scanning { pass, .. } => (false, pass <= 1),
            ScanState::Connecting => (false, true),
            _ => (true, false),
        };
        locked(so_far).doing = doing(secs, first_look);
        note(session, so_far);
        let enough = is_last || status.counts.total >= u64::from(SHOWN);
        // Where there is too little, nobody waits for a second look.
        if over || !first_look && !enough {
            return enough || matches!(status.scan, ScanState::Failed { .. });
        }
        if changes.changed().await.is_err() {
            return true;
        }
    }
}

fn doing(secs: u64, first_look: bool) -> String {
    let span = match secs {
        secs if secs < 3_600 => format!("{} min", secs / 60),
        secs if secs <= 24 * 3_600 => format!("{} h", secs / 3_600),
        secs => format!("{} days", secs / 86_400),
    };
    if first_look {
        format!("Reading the last {span}")
    } else {
        "Looking a second time at what seems to be missing".to_owned()
    }
}

fn note(session: &Session, so_far: &SoFar<Trying>) {
    let status = view::status(session);
    let events = events(session);
    let mut so_far = locked(so_far);
    so_far.window = Some(status.window);
    so_far.total = status.counts.total;
    so_far.consumers = session
        .layout
        .consumers
        .iter()
        .map(|consumer| consumer.name.clone())
        .collect();
    so_far.events = events;
    so_far.groups.clone_from(&status.groups);
    so_far.matched = matched(&status);
    so_far.troubles = status
        .places
        .into_iter()
        .filter_map(|p| p.failure)
        .collect();
}

fn matched(status: &Status) -> Vec<String> {
    let destinations = status.places.iter().filter(|status| {
        !status.matched.is_empty() && matches!(status.place.role, PlaceRole::Destination)
    });
    destinations
        .map(|status| format!("{}: {}", status.place.name, status.matched))
        .collect()
}

/// What needs action first, then what cannot be known, then the youngest.
fn events(session: &Session) -> Vec<TriedEvent> {
    let youngest = |limit| {
        let asked = GetRows {
            filter: String::new(),
            within: None,
            descending: true,
            offset: 0,
            limit,
        };
        view::rows(session, &asked).map_or_else(|_| Vec::new(), |rows| rows.rows)
    };
    let mut rows = youngest(MAX_SEARCHED);
    rows.retain(|row| row.class.needs_action() || row.class == VerdictClass::Unknown);
    rows.sort_by_key(|row| !row.class.needs_action());
    rows.truncate(NOTABLE);
    for row in youngest(SHOWN) {
        if rows.len() < SHOWN as usize && rows.iter().all(|known| known.no != row.no) {
            rows.push(row);
        }
    }
    let nos: Vec<u32> = rows.iter().map(|row| row.no).collect();
    let facts = view::facts(session, &nos);
    rows.into_iter()
        .map(|row| {
            let known = facts.iter().find(|facts| facts.no == row.no);
            TriedEvent {
                sentence: known.map(|f| f.sentence.clone()).unwrap_or_default(),
                row,
            }
        })
        .collect()
}

/// Closes the session when the trial is over or given up.
struct OpenSession(Arc<Session>);

impl Drop for OpenSession {
    fn drop(&mut self) {
        let session = Arc::clone(&self.0);
        // A runtime that is going down takes the connections with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { session.close().await });
        }
    }
}
