//! Calls that send, and calls that break the demo.

use waybill_model::ResendId;
use waybill_protocol::{Code, Failure, FaultInfo, RunStatus, Send};
use waybill_source::BoxError;

use super::Core;
use crate::{failure, resend};

impl Core {
    /// Sends a confirmed plan; returns when its run has begun. Progress is in the status.
    pub async fn send(&self, order: Send) -> Result<(), Failure> {
        resend::send(&self.session()?, &order).await
    }

    /// Sends a confirmed plan and waits until it has taken effect or has not.
    pub async fn send_and_watch(
        &self,
        order: Send,
        on_run: impl FnMut(&RunStatus),
    ) -> Result<RunStatus, Failure> {
        let run = order.plan;
        self.send(order).await?;
        self.watch_run(run, on_run).await
    }

    /// Waits until a run that has begun is over.
    pub async fn watch_run(
        &self,
        run: ResendId,
        mut on_run: impl FnMut(&RunStatus),
    ) -> Result<RunStatus, Failure> {
        let session = self.session()?;
        let mut changes = session.changes();
        loop {
            changes.mark_unchanged();
            let status = session.book().run.clone().filter(|status| status.id == run);
            if let Some(status) = status {
                on_run(&status);
                if !status.running {
                    return Ok(status);
                }
            } else if !session.resends.is_running() {
                return Err(Failure::new(
                    Code::Internal,
                    "The resend ended without a word.",
                ));
            }
            if changes.changed().await.is_err() {
                return Err(Failure::new(Code::NotOpen, "The session was closed."));
            }
        }
    }

    /// Stops the running resend before its next event.
    pub fn stop_send(&self) -> Result<(), Failure> {
        self.session()?.resends.stop();
        Ok(())
    }

    /// Goes on with a run that was cut off: sends only what is certainly not sent.
    pub async fn continue_run(&self, run: ResendId) -> Result<(), Failure> {
        resend::continue_run(&self.session()?, run).await
    }

    /// What the demo can break.
    pub async fn faults(&self) -> Result<Vec<FaultInfo>, Failure> {
        self.demo()?.faults().await.map_err(of_demo)
    }

    /// Breaks something in the demo; the sentence to show.
    pub async fn break_it(&self, fault: &str) -> Result<String, Failure> {
        self.demo()?.break_it(fault).await.map_err(of_demo)
    }

    /// Switches all the demo's faults off.
    pub async fn heal(&self) -> Result<(), Failure> {
        self.demo()?.heal().await.map_err(of_demo)
    }

    /// Starts the demo anew. A session on it is closed; open the demo again.
    pub async fn reset_demo(&self) -> Result<(), Failure> {
        let _turn = self.inner.turn.lock().await;
        if self.session().is_ok_and(|session| session.demo.is_some()) {
            self.end_session().await;
        }
        self.demo()?.reset().await.map_err(of_demo)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn of_demo(error: BoxError) -> Failure {
    failure::internal("The demo could not do that.", &*error)
}
