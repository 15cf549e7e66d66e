//! A whole scan of a window, and reading on from where it stopped.
//!
//! Every absence is asked of a place that was read *after* the place that says the event exists:
//! tables (t0), then the broker to its end (t1): what is in a table and not on the broker was not
//! there. Then how far consumers are, then their inboxes: who has passed an event before its inbox
//! was read should be in it. Then the tables again from where they stopped (t2): a copy without a
//! row is only then without one.

use std::sync::Arc;
use std::time::Duration;

use waybill_model::{Micros, VerdictClass};
use waybill_protocol::ScanState;
use waybill_reconcile::{Judgement, OwnResend};

use super::lookup::look_up_strays;
use super::reach::Reach;
use super::stage::{Stage, run};
use super::suspects::ask_for_suspects;
use crate::clock::{behind, now};
use crate::session::Session;

/// Clocks of hosts with time synchronisation; measured offsets widen it.
const SLACK_MICROS: i64 = Judgement::DEFAULT_SLACK_MICROS;

/// How far a settled horizon lies back on servers that are not busy.
const HORIZON: Duration = Duration::from_secs(4);

/// How often a scan waits for the horizon.
const MAX_SETTLING: u32 = 2;

/// Reads the window, then again as far as suspicions ask for it. Dropping the future ends it.
pub(super) async fn scan(session: &Arc<Session>, reach: &Reach) {
    let began = now();
    pass(session, reach, began).await;
    judge(session, reach, began);
    look_up_strays(session).await;
    judge_twice(session, reach, began).await;
    settle(session, reach, began).await;
    let suspected = session.book().tally.suspected;
    if suspected > 0 {
        // A confirmation is worth something only when the system had time to move on.
        let wait = u64::from(session.profile.grace.confirm_secs.max(1));
        pass_after(session, reach, Duration::from_secs(wait), began).await;
    }
}

/// Reads again while that turns events without a verdict into events with one.
///
/// A table is complete up to its settled horizon only, some seconds ago; a consumer that was seen
/// to have passed an event since then may still commit its inbox row.
async fn settle(session: &Arc<Session>, reach: &Reach, began: Micros) {
    for _ in 0..MAX_SETTLING {
        let unknown = session.book().tally.counts.of(VerdictClass::Unknown);
        if unknown == 0 {
            return;
        }
        pass_after(session, reach, HORIZON, began).await;
        if session.book().tally.counts.of(VerdictClass::Unknown) >= unknown {
            return;
        }
    }
}

async fn pass_after(session: &Arc<Session>, reach: &Reach, wait: Duration, began: Micros) {
    set_pass(session, began);
    tokio::time::sleep(wait).await;
    let again = now();
    pass(session, reach, again).await;
    judge_twice(session, reach, again).await;
}

/// Judges, after what was suspected before was asked for by its id; and again, when what is
/// suspected now turns out to be there.
pub(super) async fn judge_twice(session: &Arc<Session>, reach: &Reach, scan_at: Micros) {
    ask_for_suspects(session).await;
    judge(session, reach, scan_at);
    if ask_for_suspects(session).await {
        judge(session, reach, scan_at);
    }
}

/// Reads on from where the last read of each place stopped, and judges. For callers that need to
/// know how things are at this moment.
pub(crate) async fn refresh(session: &Arc<Session>, reach: &Reach) {
    let began = now();
    pass(session, reach, began).await;
    judge_twice(session, reach, began).await;
    session.announce();
}

async fn pass(session: &Arc<Session>, reach: &Reach, began: Micros) {
    session.book_mut().index.begin_scan(began);
    run(session, Stage::Tables, reach).await;
    run(session, Stage::Destinations, reach).await;
    // The bulk is read: show it, while consumers and their inboxes are still being asked. A moment
    // before the scan began is no whole scan, so nothing is confirmed by half of one.
    judge(session, reach, began.plus(-1));
    run(session, Stage::Progress, reach).await;
    run(session, Stage::Consumed, reach).await;
    run(session, Stage::Tables, reach).await;
}

/// Reaches verdicts on what is known now.
pub(crate) fn judge(session: &Session, reach: &Reach, scan_at: Micros) {
    let judgement = Judgement {
        now: now(),
        scan_at,
        slack_micros: slack(session),
    };
    let mut book = session.book_mut();
    if reach.open {
        book.window.to = judgement.now;
    }
    book.judge(&session.layout, &judgement);
    drop(book);
    session.announce();
}

/// Tells the index which copies are ours, as the journal knows it.
pub(super) async fn recall_resends(session: &Session, reach: &Reach) {
    let sent = match session
        .journal
        .sent_since(&session.profile.name, reach.window.from)
        .await
    {
        Ok(sent) => sent,
        Err(error) => {
            tracing::warn!(error = %crate::failure::chain(&error), "Could not recall earlier resends");
            return;
        }
    };
    let mut book = session.book_mut();
    for before in sent {
        let resend = OwnResend {
            at: before.at,
            consumer: session.consumer_of(&before.mode),
            coordinate: before.coordinate.and_then(|at| session.located(&at)),
        };
        book.index.resent(&before.event, resend);
    }
}

fn set_pass(session: &Session, since: Micros) {
    let mut book = session.book_mut();
    let before = match book.state {
        ScanState::Scanning { pass, .. } => pass,
        _ => 1,
    };
    book.state = ScanState::Scanning {
        pass: before + 1,
        share: 1.0,
        since,
    };
    book.touch();
    drop(book);
    session.announce();
}

fn slack(session: &Session) -> i64 {
    let measured = session.sources.clocks.iter().map(|clock| {
        clock
            .offset_micros
            .saturating_sub(behind())
            .saturating_abs()
            .saturating_add(clock.error_micros)
    });
    measured.max().unwrap_or(0).max(SLACK_MICROS)
}
