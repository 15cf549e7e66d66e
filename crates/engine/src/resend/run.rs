//! A run: one event after the other, each looked at once more, written down, sent, written down.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use waybill_model::{Attempt, AttemptState, Receipt};
use waybill_protocol::RunStatus;
use waybill_reconcile::OwnResend;

use super::due::Still;
use super::letter::{Sender, parcel};
use super::ramp::{interval, steps};
use super::recheck::{LastLook, recheck};
use super::runs::{Item, StoredPlan};
use super::{operator, verify};
use crate::clock::now;
use crate::failure;
use crate::journal::{JournalError, RunOwner, StoredRun};
use crate::session::Session;

/// How long the broker may take for its word; after that nobody knows.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// A confirmed resend. Dropping it frees the session for the next one.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) session: Arc<Session>,
    pub(super) sender: Sender,
    pub(super) stop: CancellationToken,
    /// Held while there is something left to send.
    owner: Option<RunOwner>,
    pub(super) attempts: Vec<Attempt>,
    last: LastLook,
}

/// What one event came to.
enum Outcome {
    /// Go on with the next.
    Next(AttemptState),
    /// Stop here: this one failed, or nobody knows.
    Halt(AttemptState),
}

impl Run {
    pub(super) fn new(
        session: Arc<Session>,
        sender: Sender,
        stop: CancellationToken,
        owner: RunOwner,
    ) -> Self {
        Self {
            session,
            sender,
            stop,
            owner: Some(owner),
            attempts: Vec::new(),
            last: LastLook::default(),
        }
    }

    /// Takes over what an earlier process has done of this run.
    pub(super) fn remember(&mut self, stored: &StoredRun) {
        self.attempts = stored
            .attempts
            .iter()
            .map(|(attempt, _)| attempt.clone())
            .collect();
    }

    /// Sends, then watches until everything has arrived or time is up.
    #[tracing::instrument(skip_all, fields(run = %self.sender.resend, rows = plan.items.len()))]
    pub(super) async fn whole(mut self, plan: Arc<StoredPlan>) {
        self.list(&plan);
        tracing::info!(by = %self.sender.by, "Began a resend");
        let why = self.send_all(&plan).await;
        self.cancel_rest().await;
        if let Err(error) = self.session.journal.end(self.sender.resend).await {
            tracing::error!(error = %failure::chain(&error), "Could not write the run's end");
        }
        self.owner = None;
        verify::watch(&mut self, &plan).await;
        self.publish(false, &self.summary(why.as_deref()));
        if let Some(demo) = &self.session.demo
            && let Err(error) = demo.save().await
        {
            tracing::warn!(error = %error, "Could not save the demo");
        }
    }

    /// Says what it is doing.
    pub(super) fn say(&self, doing: &str) {
        self.publish(true, doing);
    }

    /// Ends without having sent anything (more).
    pub(super) fn give_up(self, why: &str) {
        self.publish(false, why);
    }

    /// Writes an attempt's state into journal and status.
    pub(super) async fn set(
        &mut self,
        item: &Item,
        state: AttemptState,
    ) -> Result<(), JournalError> {
        let at = now();
        let id = &item.planned.id;
        self.session
            .journal
            .record(self.sender.resend, id, &state, at)
            .await?;
        if let Some(attempt) = self
            .attempts
            .iter_mut()
            .find(|attempt| attempt.event == *id)
        {
            attempt.state = state;
            attempt.at = at;
        }
        Ok(())
    }

    /// What an event of the run came to so far.
    pub(super) fn state(&self, item: &Item) -> Option<&AttemptState> {
        let found = self
            .attempts
            .iter()
            .find(|attempt| attempt.event == item.planned.id);
        found.map(|attempt| &attempt.state)
    }

    fn list(&mut self, plan: &StoredPlan) {
        let at = now();
        for item in &plan.items {
            if self.state(item).is_none() {
                self.attempts.push(Attempt {
                    resend: self.sender.resend,
                    event: item.planned.id.clone(),
                    attempt: item.planned.attempt,
                    state: AttemptState::Planned,
                    at,
                });
            }
        }
    }

    /// Sends step by step; why it stopped early, if it did.
    async fn send_all(&mut self, plan: &StoredPlan) -> Option<String> {
        let apart = interval(plan.plan.pace);
        let mut next = Instant::now();
        let mut items = plan.items.iter().enumerate();
        for size in steps(plan.items.len(), plan.plan.pace) {
            for (nth, item) in items.by_ref().take(size) {
                self.say(&format!("Sending {} of {}", nth + 1, plan.items.len()));
                let stop = self.stop.clone();
                if stop.run_until_cancelled(sleep_until(next)).await.is_none() {
                    return Some("Stopped.".to_owned());
                }
                next = Instant::now() + apart;
                let outcome = match stop.run_until_cancelled(self.ready(plan, item)).await {
                    None => return Some("Stopped.".to_owned()),
                    Some(Err(outcome)) => outcome,
                    // From here on it is not cut off: a half-sent message would be an unknown one.
                    Some(Ok(parcel)) => self.send_one(item, &parcel).await,
                };
                if let Some(why) = self.note(item, outcome).await {
                    return Some(why);
                }
            }
        }
        None
    }

    /// Looks at an event once more and writes its message.
    async fn ready(
        &mut self,
        plan: &StoredPlan,
        item: &Item,
    ) -> Result<waybill_model::Parcel, Outcome> {
        match recheck(&self.session, item, &mut self.last).await {
            Still::Due => {}
            Still::Arrived(why) => return Err(Outcome::Next(AttemptState::Skipped { why })),
            Still::Unclear(why) => {
                let why = format!("could not be looked at before sending: {why}");
                return Err(Outcome::Halt(AttemptState::Skipped { why }));
            }
        }
        self.sender.at = now();
        let written = parcel(&self.session, item, &plan.plan.mode, &self.sender).await;
        written.map_err(|why| Outcome::Halt(AttemptState::Skipped { why }))
    }

    /// Writes *sending*, sends, and says what the broker said.
    async fn send_one(&mut self, item: &Item, parcel: &waybill_model::Parcel) -> Outcome {
        let session = Arc::clone(&self.session);
        let operator = match operator(&session) {
            Ok(operator) => operator,
            Err(failure) => {
                return Outcome::Halt(AttemptState::Skipped {
                    why: failure.message,
                });
            }
        };
        // What is not in the journal is not sent.
        if let Err(error) = self.set(item, AttemptState::Sending).await {
            let why = format!(
                "not sent, because the journal could not be written: {}",
                failure::chain(&error)
            );
            return Outcome::Halt(AttemptState::Skipped { why });
        }
        match operator.send(parcel, SEND_WITHIN).await {
            Receipt::Sent { coordinate } => {
                let resend = OwnResend {
                    at: now(),
                    consumer: parcel_consumer(item),
                    coordinate: coordinate.as_ref().and_then(|at| session.located(at)),
                };
                session.book_mut().index.resent(&item.planned.id, resend);
                Outcome::Next(AttemptState::Sent { coordinate })
            }
            Receipt::Refused { why } => Outcome::Halt(AttemptState::Refused { why }),
            Receipt::Unknown { why } => Outcome::Halt(AttemptState::Unknown { why }),
        }
    }

    /// Writes an outcome down; why to stop, if so.
    async fn note(&mut self, item: &Item, outcome: Outcome) -> Option<String> {
        let (state, halt) = match outcome {
            Outcome::Next(state) => (state, None),
            Outcome::Halt(state) => {
                let why = format!("Stopped at {}: {}", item.planned.id, reason(&state));
                (state, Some(why))
            }
        };
        tracing::debug!(event = %item.planned.id, state = ?state, "Resent an event");
        let written = self.set(item, state).await;
        self.publish(true, "Sending");
        match written {
            Ok(()) => halt,
            Err(error) => {
                tracing::error!(error = %failure::chain(&error), "Could not write an outcome");
                Some(format!("Stopped: {}.", failure::chain(&error)))
            }
        }
    }

    async fn cancel_rest(&mut self) {
        let planned: Vec<usize> = (0..self.attempts.len())
            .filter(|&nth| self.attempts[nth].state == AttemptState::Planned)
            .collect();
        for nth in planned {
            let at = now();
            let attempt = &mut self.attempts[nth];
            attempt.state = AttemptState::Cancelled;
            attempt.at = at;
            let written = self.session.journal.record(
                self.sender.resend,
                &self.attempts[nth].event,
                &AttemptState::Cancelled,
                at,
            );
            if let Err(error) = written.await {
                tracing::error!(error = %failure::chain(&error), "Could not write an outcome");
            }
        }
    }

    fn publish(&self, running: bool, doing: &str) {
        if !running {
            // Whoever learns that it is over may begin the next one at once.
            self.session.resends.finish(self.sender.resend);
        }
        let mut book = self.session.book_mut();
        book.run = Some(RunStatus {
            id: self.sender.resend,
            running,
            doing: doing.to_owned(),
            attempts: self.attempts.clone(),
        });
        book.touch();
        drop(book);
        self.session.announce();
    }

    /// What became of the run, a sentence.
    fn summary(&self, why: Option<&str>) -> String {
        let count = |wanted: fn(&AttemptState) -> bool| {
            self.attempts
                .iter()
                .filter(|attempt| wanted(&attempt.state))
                .count()
        };
        let parts = [
            (count(|s| matches!(s, AttemptState::Effective)), "arrived"),
            (count(|s| matches!(s, AttemptState::Sent { .. })), "sent"),
            (
                count(|s| matches!(s, AttemptState::NotEffective { .. })),
                "sent without effect",
            ),
            (
                count(|s| matches!(s, AttemptState::Skipped { .. })),
                "skipped",
            ),
            (
                count(|s| matches!(s, AttemptState::Refused { .. })),
                "refused",
            ),
            (
                count(|s| matches!(s, AttemptState::Unknown { .. })),
                "unknown",
            ),
            (count(|s| matches!(s, AttemptState::Cancelled)), "not sent"),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        let told = format!("Of {}: {}.", self.attempts.len(), said.join(", "));
        why.map_or_else(|| told.clone(), |why| format!("{why} {told}"))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.session.resends.finish(self.sender.resend);
    }
}

fn parcel_consumer(item: &Item) -> Option<waybill_model::ConsumerNo> {
    match item.due {
        super::due::Due::Consumer(no) => Some(no),
        super::due::Due::Publication | super::due::Due::Consumers => None,
    }
}

fn reason(state: &AttemptState) -> &str {
    match state {
        AttemptState::Skipped { why }
        | AttemptState::Refused { why }
        | AttemptState::Unknown { why }
        | AttemptState::NotEffective { why } => why,
        AttemptState::Planned
        | AttemptState::Sending
        | AttemptState::Sent { .. }
        | AttemptState::Effective
        | AttemptState::Cancelled => "",
    }
}
