//! Confirmation: the guards before a run, its entry in the journal, and runs that go on.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use waybill_model::{AttemptState, EventId, Micros, ResendId, Window};
use waybill_protocol::{Code, Failure, MakePlan, Send, TimeSpec};

use super::plan::make;
use super::run::Run;
use super::runs::StoredPlan;
use super::{letter::Sender, operator};
use crate::clock::now;
use crate::journal::{NewRun, PlannedAttempt, RunOwner, StoredRun};
use crate::scan;
use crate::session::Session;

/// A plan older than this is made anew: what it says about recipients may be wrong by now.
const FRESH_MICROS: i64 = 15 * 60 * 1_000_000;

/// A user's reason is kept to this many characters; it travels in a header.
const MAX_REASON: usize = 200;

/// Sends a confirmed plan; returns when its run has begun.
pub(crate) async fn send(session: &Arc<Session>, order: &Send) -> Result<(), Failure> {
    operator(session)?;
    let plan = session.resends.plan(order.plan)?;
    check_confirmed(&plan, order)?;
    check_fresh(session, &plan)?;
    let stop = session.resends.begin(order.plan)?;
    let begun = begin(session, order).await;
    match begun {
        Ok((plan, owner, sender)) => {
            let run = Run::new(Arc::clone(session), sender, stop, owner);
            tokio::spawn(run.whole(plan));
            Ok(())
        }
        Err(failure) => {
            session.resends.finish(order.plan);
            Err(failure)
        }
    }
}

/// Goes on with a run that was cut off: only what is certainly not sent, after looking again.
pub(crate) async fn continue_run(session: &Arc<Session>, id: ResendId) -> Result<(), Failure> {
    operator(session)?;
    let stored = session.journal.run(id).await?;
    if stored.profile != session.profile.name {
        return Err(Failure::new(
            Code::Stale,
            format!("This run belongs to profile '{}'.", stored.profile),
        ));
    }
    let planned: Vec<(EventId, Micros)> = stored
        .attempts
        .iter()
        .filter(|(attempt, _)| attempt.state == AttemptState::Planned)
        .map(|(attempt, at)| (attempt.event.clone(), *at))
        .collect();
    if stored.ended || planned.is_empty() {
        return Err(Failure::new(
            Code::Stale,
            "This run has nothing left that is certainly not sent.",
        ));
    }
    let stop = session.resends.begin(id)?;
    let owner = match session.journal.own(id) {
        Ok(owner) => owner,
        Err(error) => {
            session.resends.finish(id);
            return Err(error.into());
        }
    };
    tokio::spawn(go_on(Arc::clone(session), stored, planned, stop, owner));
    Ok(())
}

/// Looks again at what is left of a run, and sends what is still due.
async fn go_on(
    session: Arc<Session>,
    stored: StoredRun,
    planned: Vec<(EventId, Micros)>,
    stop: CancellationToken,
    owner: RunOwner,
) {
    let sender = Sender {
        resend: stored.id,
        at: now(),
        by: stored.by.clone(),
        reason: stored.reason.clone(),
    };
    let mut run = Run::new(Arc::clone(&session), sender, stop.clone(), owner);
    run.remember(&stored);
    run.say("Looking again at what is left of this resend");
    match stop
        .run_until_cancelled(replan(&session, &stored, &planned))
        .await
    {
        Some(Ok(plan)) => run.whole(plan).await,
        Some(Err(failure)) => run.give_up(&failure.message),
        None => run.give_up("Stopped before anything else was sent."),
    }
}

/// Who is sitting here.
pub(super) fn user_name() -> String {
    let name = ["USER", "USERNAME", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

fn check_confirmed(plan: &StoredPlan, order: &Send) -> Result<(), Failure> {
    if let Some(why) = &plan.plan.refused {
        return Err(Failure::new(Code::ReadOnly, why.clone()));
    }
    if plan.items.is_empty() {
        return Err(Failure::new(
            Code::Stale,
            "This plan holds no event that can be sent.",
        ));
    }
    let Some(asked) = &plan.plan.typed_confirmation else {
        return Ok(());
    };
    if order.typed.trim() != asked {
        return Err(Failure::new(
            Code::NotConfirmed,
            format!("Type '{asked}' to confirm."),
        ));
    }
    if order.reason.trim().is_empty() && plan.overridden().is_none() {
        return Err(Failure::new(
            Code::NotConfirmed,
            "Say why: production profiles keep a reason in the journal.",
        ));
    }
    Ok(())
}

fn check_fresh(session: &Session, plan: &StoredPlan) -> Result<(), Failure> {
    let another_window = session.book().epoch != plan.epoch;
    if another_window || now().since(plan.made) > FRESH_MICROS {
        return Err(Failure::new(
            Code::Stale,
            "What was read has changed since this plan was made.",
        )
        .hint("Make a new plan."));
    }
    Ok(())
}

/// Takes the plan and writes it down: from here on a crash loses nothing.
async fn begin(
    session: &Session,
    order: &Send,
) -> Result<(Arc<StoredPlan>, RunOwner, Sender), Failure> {
    let plan = session.resends.take(order.plan)?;
    let sender = Sender {
        resend: order.plan,
        at: now(),
        by: user_name(),
        reason: one_line(&order.reason),
    };
    let owner = session.journal.own(order.plan)?;
    let attempts = plan.items.iter().map(|item| PlannedAttempt {
        event: item.planned.id.clone(),
        event_at: item.at,
        attempt: item.planned.attempt,
    });
    let run = NewRun {
        id: order.plan,
        profile: session.profile.name.clone(),
        mode: plan.plan.mode.clone(),
        pace: plan.plan.pace,
        by: sender.by.clone(),
        reason: sender.reason.clone(),
        unproven_form: plan.overridden(),
        at: sender.at,
        attempts: attempts.collect(),
    };
    session.journal.begin(&run).await?;
    Ok((plan, owner, sender))
}

/// The plan for what is left of a run, from a fresh look at the time of its events.
async fn replan(
    session: &Arc<Session>,
    stored: &StoredRun,
    planned: &[(EventId, Micros)],
) -> Result<Arc<StoredPlan>, Failure> {
    look_at(session, planned).await?;
    let events: Vec<u32> = {
        let book = session.book();
        planned
            .iter()
            .filter_map(|(id, _)| book.index.no_of(id))
            .collect()
    };
    let asked = MakePlan {
        events,
        mode: stored.mode.clone(),
        pace: stored.pace,
        unproven_form: stored.unproven_form.clone(),
        samples: Vec::new(),
    };
    let plan = make(session, &asked, stored.id).await?;
    for (event, _) in planned {
        if plan.events.iter().any(|e| e.id == *event) {
            continue;
        }
        let why = plan
            .left_out
            .iter()
            .find(|(id, _)| id == event)
            .map(|(_, why)| why.clone());
        let skipped = AttemptState::Skipped {
            why: why.unwrap_or_else(|| {
                "it was not found again, so it cannot be looked at before sending".to_owned()
            }),
        };
        session
            .journal
            .record(stored.id, event, &skipped, now())
            .await?;
    }
    session.resends.take(stored.id)
}

/// So much before and after the events of a run is read with them: their neighbours show that what
/// is not found was never there.
const AROUND_MICROS: i64 = 15 * 60 * 1_000_000;

/// Reads the time of these events, unless the window that is open holds it.
async fn look_at(session: &Arc<Session>, planned: &[(EventId, Micros)]) -> Result<(), Failure> {
    let first = planned.iter().map(|(_, at)| *at).min().unwrap_or(Micros(0));
    let last = planned.iter().map(|(_, at)| *at).max().unwrap_or(Micros(0));
    let known = {
        let book = session.book();
        let found = planned.iter().all(|(id, _)| book.index.no_of(id).is_some());
        found && book.window.contains(first) && book.window.contains(last)
    };
    if known {
        return Ok(());
    }
    let window = Window {
        from: first.plus(-AROUND_MICROS),
        to: last.plus(AROUND_MICROS),
    };
    scan::start_for_run(session, TimeSpec::Fixed(window)).await;
    scan::wait(session).await;
    Ok(())
}

fn one_line(reason: &str) -> String {
    let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MAX_REASON).collect()
}
