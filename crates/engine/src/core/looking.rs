//! Calls that look at the open session.

use std::sync::Arc;

use waybill_model::{EventDetail, Plan};
use waybill_protocol::{
    CheckedRoute, DryRun, EventFacts, Failure, GetFacts, GetRows, GetTile, MakePlan, Nearest,
    Preview, PreviewedParcel, Rows, Scan, ScanState, Select, Status, TimeSpec,
};

use super::Core;
use crate::session::Session;
use crate::{failure, resend, scan, view};

/// Events whose evidence is given at once.
const MAX_FACTS: usize = 1000;

impl Core {
    /// Begins to read a window; progress is in [`Core::status`].
    pub async fn scan(&self, asked: Scan) -> Result<(), Failure> {
        scan::start(&self.session()?, asked.window, asked.live).await
    }

    /// Reads a window to its end, second look included, and says how it went on the way.
    pub async fn scan_and_wait(
        &self,
        window: TimeSpec,
        mut on_status: impl FnMut(&Status),
    ) -> Result<Status, Failure> {
        let session = self.session()?;
        let mut changes = session.changes();
        scan::start(&session, window, false).await?;
        loop {
            changes.mark_unchanged();
            let status = view::status(&session);
            on_status(&status);
            if !matches!(
                status.scan,
                ScanState::Scanning { .. } | ScanState::Connecting
            ) {
                return Ok(status);
            }
            if changes.changed().await.is_err() {
                return Ok(view::status(&session));
            }
        }
    }

    /// Stops scan or live tail; what was read stays.
    pub fn stop(&self) -> Result<(), Failure> {
        scan::stop(&*self.session()?);
        Ok(())
    }

    /// Switches following on and off.
    pub fn live(&self, on: bool) -> Result<(), Failure> {
        let session = self.session()?;
        if on {
            return scan::start_live(&session);
        }
        scan::end_live(&session);
        Ok(())
    }

    /// How things stand.
    pub fn status(&self) -> Result<Status, Failure> {
        Ok(view::status(&*self.session()?))
    }

    /// A stretch of the event grid.
    pub async fn rows(&self, asked: GetRows) -> Result<Rows, Failure> {
        blocking(self.session()?, move |session| view::rows(session, &asked)).await
    }

    /// Numbers of all events a filter yields that may be resent in bulk.
    pub async fn select(&self, asked: Select) -> Result<Vec<u32>, Failure> {
        blocking(self.session()?, move |session| {
            view::select(session, &asked)
        })
        .await
    }

    /// The density of every lane, in a tile's binary form.
    pub async fn tile(&self, asked: GetTile) -> Result<Vec<u8>, Failure> {
        let tile = move |session: &Session| Ok(view::tile(session, asked.window, asked.cols));
        blocking(self.session()?, tile).await
    }

    /// The event of a lane nearest to a time.
    pub async fn nearest(&self, asked: Nearest) -> Result<Option<u32>, Failure> {
        blocking(self.session()?, move |session| {
            view::nearest(session, &asked)
        })
        .await
    }

    /// Everything about one event.
    pub async fn detail(&self, no: u32) -> Result<EventDetail, Failure> {
        view::detail(&*self.session()?, no).await
    }

    /// Sentences and evidence of several events, bodies left alone.
    pub async fn facts(&self, asked: GetFacts) -> Result<Vec<EventFacts>, Failure> {
        let facts = move |session: &Session| {
            let n = asked.events.len().min(MAX_FACTS);
            Ok(view::facts(session, &asked.events[..n]))
        };
        blocking(self.session()?, facts).await
    }

    /// Makes a plan for a resend. Nothing is sent.
    pub async fn plan(&self, asked: MakePlan) -> Result<Plan, Failure> {
        resend::make_plan(&self.session()?, &asked).await
    }

    /// The exact message that would be sent for one event of a plan.
    pub async fn preview(&self, asked: Preview) -> Result<PreviewedParcel, Failure> {
        resend::preview(&*self.session()?, &asked).await
    }

    /// Asks the broker whether the messages of a plan would arrive. Sends nothing.
    pub async fn dry_run(&self, asked: DryRun) -> Result<Vec<CheckedRoute>, Failure> {
        resend::dry_run(&*self.session()?, &asked).await
    }
}

/// Walks over millions of events where it does not hold up what others wait for.
async fn blocking<T: Send + 'static>(
    session: Arc<Session>,
    work: impl FnOnce(&Session) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(move || work(&session)).await {
        Ok(result) => result,
        Err(error) => Err(failure::internal(
            "Looking something up ended in a bug.",
            &error,
        )),
    }
}
