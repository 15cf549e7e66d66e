//! The live tail: the broker is followed, tables and consumers are asked again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill_model::{Gap, GapReason, Micros, PlaceId};
use waybill_source::Chunk;

use super::passes::judge_twice;
use super::readers::follow;
use super::stage::{Stage, apply, is_tap, next_read, run};
use super::{Event, Reach, delay, judge};
use crate::clock::now;
use crate::session::{Reading, Session};

/// Events of followed channels that may wait.
const QUEUE: usize = 64;

/// Time makes verdicts too (late, stuck), so everything is judged at least this often.
const JUDGE_ANYWAY: Duration = Duration::from_secs(1);

/// What was suspected waits so long for what is followed to be told about.
const TELL_LIMIT: Duration = Duration::from_secs(5);

/// Between two looks at how far what is followed has been told about.
const LOOK: Duration = Duration::from_millis(20);

/// Follows until dropped.
pub(super) async fn live(session: &Arc<Session>, reach: &Reach) {
    let asking = ask_again(session, reach);
    let following = Following::new(session, reach).run();
    tokio::join!(asking, following);
}

/// Asks tables, consumers and inboxes, round after round.
async fn ask_again(session: &Arc<Session>, reach: &Reach) {
    let mut failures = 0_u32;
    let followed: Vec<PlaceId> = followed(session).collect();
    let confirm = Duration::from_secs(session.profile.grace.confirm_secs.into());
    loop {
        let started = Instant::now();
        // A round is worth what all of it covers.
        let until = session.book().covered_until(&followed);
        let began = until.map_or_else(now, |until| until.min(now()));
        {
            let _reading = session.reading.lock().await;
            session.book_mut().begin_round(began, &followed);
            run(session, Stage::Tables, reach).await;
            run(session, Stage::Progress, reach).await;
            run(session, Stage::Inboxes, reach).await;
        }
        judge_twice(session, reach, began).await;
        failures = if session.book().first_failure().is_some() {
            failures + 1
        } else {
            0
        };
        let judged = now();
        let suspects = session.book().tally.suspected > 0;
        let wait = if failures > 0 {
            delay::after_failures(failures)
        } else {
            delay::after_round(started.elapsed(), suspects.then_some(confirm))
        };
        tokio::time::sleep(wait).await;
        if failures == 0 && suspects {
            // A round that is worth less than what it is to confirm would be in vain.
            told_beyond(judged, session, &followed).await;
        }
    }
}

/// Waits until all that is followed has been told about up to there.
async fn told_beyond(wanted: Micros, session: &Session, followed: &[PlaceId]) {
    let asked = Instant::now();
    let is_short = || {
        let until = session.book().covered_until(followed);
        until.is_some_and(|until| until <= wanted)
    };
    while is_short() && asked.elapsed() < TELL_LIMIT {
        tokio::time::sleep(LOOK).await;
    }
}

/// The followed channels.
struct Following<'a> {
    session: &'a Arc<Session>,
    reach: &'a Reach,
    readers: JoinSet<()>,
    tell: mpsc::Sender<Event>,
    told: mpsc::Receiver<Event>,
    /// Channels whose follower has ended, with the how-manieth failure and when to try again.
    down: BTreeMap<PlaceId, (u32, Instant)>,
    /// Something was seen that is not judged yet.
    unjudged: bool,
    /// What was seen since this instant counts for absence.
    scan_at: Micros,
}

impl<'a> Following<'a> {
    fn new(session: &'a Arc<Session>, reach: &'a Reach) -> Self {
        let (tell, told) = mpsc::channel(QUEUE);
        let mut following = Self {
            session,
            reach,
            readers: JoinSet::new(),
            tell,
            told,
            down: BTreeMap::new(),
            unjudged: false,
            scan_at: now(),
        };
        let places: Vec<PlaceId> = followed(session).collect();
        for place in places {
            following.start(place);
        }
        following
    }

    fn start(&mut self, place: PlaceId) {
        let Some(planned) = self.session.layout.place(place) else {
            return;
        };
        let mut next = next_read(self.session, planned, self.reach, now());
        if is_tap(planned) {
            next.after = None;
        }
        self.readers
            .spawn(follow(Arc::clone(self.session), next, self.tell.clone()));
    }

    async fn run(mut self) {
        let mut pause = Duration::ZERO;
        let mut judged = Instant::now();
        loop {
            // What has been seen waits for the pause after the last judgement, nothing else does.
            let wait = if self.unjudged { pause } else { JUDGE_ANYWAY };
            let due = wait.saturating_sub(judged.elapsed());
            tokio::select! {
                Some(event) = self.told.recv() => self.take(event),
                () = tokio::time::sleep(due) => {
                    let started = Instant::now();
                    judge(self.session, self.reach, self.scan_at);
                    pause = delay::after_judging(started.elapsed());
                    judged = Instant::now();
                    self.unjudged = false;
                    self.scan_at = now();
                    self.restart();
                }
            }
        }
    }

    fn take(&mut self, event: Event) {
        match &event {
            Event::Chunk(place, chunk) if works(chunk) => {
                self.unjudged |= matches!(chunk, Chunk::Evidence(_));
                self.down.remove(place);
                self.session.book_mut().recovered(*place);
            }
            Event::Failed(place, _) | Event::Ended(place) => {
                let failures = self.down.get(place).map_or(1, |(failures, _)| failures + 1);
                let next = Instant::now() + delay::after_failures(failures);
                self.down.insert(*place, (failures, next));
                self.unjudged = true;
            }
            Event::Chunk(..) | Event::Progress(_) => {}
        }
        apply(self.session, event);
    }

    /// Follows channels again whose time has come.
    fn restart(&mut self) {
        let due: Vec<PlaceId> = self
            .down
            .iter()
            .filter(|(_, (_, at))| *at <= Instant::now())
            .map(|(place, _)| *place)
            .collect();
        for place in due {
            if let Some((_, at)) = self.down.get_mut(&place) {
                // Whether it works again shows with its next event.
                *at = Instant::now() + Duration::from_secs(3600);
            }
            self.start(place);
        }
    }
}

/// Whether a channel that says this is being read again.
fn works(chunk: &Chunk) -> bool {
    match chunk {
        Chunk::Evidence(_) => true,
        Chunk::Covered(covered) => {
            let failed = |gap: &Gap| matches!(gap.reason, GapReason::Failed(_));
            !covered.gaps.iter().any(failed)
        }
        Chunk::Progress(_) | Chunk::Accounted(_) | Chunk::Resume(_) => false,
    }
}

/// The channels that are followed: all there are.
fn followed(session: &Session) -> impl Iterator<Item = PlaceId> {
    let channels = session.layout.places.iter();
    let channels = channels.filter(|planned| matches!(planned.reading, Reading::Copies { .. }));
    channels.map(|planned| planned.place.id)
}
