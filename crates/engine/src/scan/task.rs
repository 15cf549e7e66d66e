//! The one scan or live tail of a session: started, stopped, replaced.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waybill_protocol::{Code, Failure, ScanState, TimeSpec};

use super::live::live;
use super::passes::{recall_resends, scan};
use super::{Reach, judge};
use crate::clock::now;
use crate::session::Session;

/// A running scan or live tail.
#[derive(Debug)]
pub(crate) struct ScanTask {
    /// Ends everything.
    stop: CancellationToken,
    /// Whether to go on with what arrives.
    follow: watch::Sender<bool>,
    handle: JoinHandle<()>,
}

impl ScanTask {
    /// Stops it and waits until it is gone.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.handle.await
            && error.is_panic()
        {
            tracing::error!(error = %error, "A scan ended in a bug");
        }
    }
}

/// Begins to read a window; a scan that is running is stopped first.
pub(crate) async fn start(
    session: &Arc<Session>,
    spec: TimeSpec,
    follow: bool,
) -> Result<(), Failure> {
    if session.resends.is_running() {
        return Err(
            Failure::new(Code::Stale, "A resend is running; it watches this window.")
                .hint("Wait for it to end, or stop it."),
        );
    }
    replace(session, spec, follow).await;
    Ok(())
}

/// Begins to read the window that a run asks for.
pub(crate) async fn start_for_run(session: &Arc<Session>, spec: TimeSpec) {
    replace(session, spec, false).await;
}

/// Waits until the scan has come to its end or to its live tail.
pub(crate) async fn wait(session: &Session) {
    let mut changes = session.changes();
    loop {
        let scanning = matches!(
            session.book().state,
            ScanState::Scanning { .. } | ScanState::Connecting
        );
        if !scanning || changes.changed().await.is_err() {
            return;
        }
    }
}

async fn replace(session: &Arc<Session>, spec: TimeSpec, follow: bool) {
    let before = session.task().take();
    if let Some(task) = before {
        task.end().await;
    }
    let reach = Reach::of(spec, &session.profile.grace, now());
    {
        let mut book = session.book_mut();
        book.begin_window(&session.layout, reach.window);
        book.reach = Some(reach);
        book.state = ScanState::Scanning {
            pass: 1,
            share: 0.0,
            since: now(),
        };
    }
    session.announce();
    let stop = CancellationToken::new();
    let follow = watch::Sender::new(follow);
    let whole = run(Arc::clone(session), reach, stop.clone(), follow.subscribe());
    *session.task() = Some(ScanTask {
        stop,
        follow,
        handle: tokio::spawn(whole),
    });
}

/// Stops whatever is running; what was read stays.
pub(crate) fn stop(session: &Session) {
    if let Some(task) = session.task().as_ref() {
        task.stop.cancel();
    }
}

/// Follows what arrives in the window that was read.
pub(crate) fn start_live(session: &Arc<Session>) -> Result<(), Failure> {
    let mut task = session.task();
    // A task that has decided not to follow does not listen any more.
    let listens = |task: &ScanTask| task.follow.send(true).is_ok();
    if task.as_ref().is_some_and(listens) {
        return Ok(());
    }
    let Some(reach) = session.book().reach else {
        return Err(Failure::new(
            Code::Stale,
            "Nothing has been read yet; scan a window first.",
        ));
    };
    let reach = reach.opened();
    session.book_mut().reach = Some(reach);
    let stop = CancellationToken::new();
    let follow = watch::Sender::new(true);
    let tail = tail(Arc::clone(session), reach, stop.clone(), follow.subscribe());
    *task = Some(ScanTask {
        stop,
        follow,
        handle: tokio::spawn(tail),
    });
    Ok(())
}

/// Ends the live tail; a scan goes on.
pub(crate) fn end_live(session: &Session) {
    if let Some(task) = session.task().as_ref() {
        task.follow.send_replace(false);
    }
}

#[tracing::instrument(skip_all, fields(profile = %session.profile.name))]
async fn run(
    session: Arc<Session>,
    reach: Reach,
    stop: CancellationToken,
    follow: watch::Receiver<bool>,
) {
    let began = now();
    recall_resends(&session, &reach).await;
    let ended = {
        let reading = session.reading.lock().await;
        let ended = stop.run_until_cancelled(scan(&session, &reach)).await;
        drop(reading);
        ended
    };
    if ended.is_none() {
        drop(follow);
        stopped(&session, &reach);
        return;
    }
    let took = now().since(began).max(0);
    tracing::info!(
        elapsed = took,
        rows = session.book().index.len(),
        "Scanned a window"
    );
    let failed = session.book().first_failure().cloned();
    let ended = match failed {
        Some(failure) => ScanState::Failed { failure },
        None => ScanState::Done {
            took_micros: u64::try_from(took).unwrap_or(0),
        },
    };
    if let Some(follow) = end_unless_followed(&session, follow, ended) {
        tail(session, reach.opened(), stop, follow).await;
    }
}

/// Ends with a state, unless somebody wants to follow. Nobody can ask for that in between: whoever
/// asks holds the same lock.
fn end_unless_followed(
    session: &Session,
    follow: watch::Receiver<bool>,
    ended: ScanState,
) -> Option<watch::Receiver<bool>> {
    let _deciding = session.task();
    if *follow.borrow() {
        return Some(follow);
    }
    drop(follow);
    set_state(session, ended);
    None
}

async fn tail(
    session: Arc<Session>,
    reach: Reach,
    stop: CancellationToken,
    mut follow: watch::Receiver<bool>,
) {
    let began = now();
    loop {
        set_state(&session, ScanState::Live);
        tokio::select! {
            () = stop.cancelled() => {}
            _ended = follow.wait_for(|on| !on) => {}
            () = live(&session, &reach) => {}
        }
        if stop.is_cancelled() {
            drop(follow);
            set_state(&session, ScanState::Stopped);
            return;
        }
        let took_micros = u64::try_from(now().since(began)).unwrap_or(0);
        match end_unless_followed(&session, follow, ScanState::Done { took_micros }) {
            Some(still_wanted) => follow = still_wanted,
            None => return,
        }
    }
}

/// What was read stays, is judged, and says that it is not all.
fn stopped(session: &Session, reach: &Reach) {
    set_state(session, ScanState::Stopped);
    judge(session, reach, reach.window.from);
}

fn set_state(session: &Session, state: ScanState) {
    let mut book = session.book_mut();
    book.state = state;
    book.touch();
    drop(book);
    session.announce();
}
