//! The two doors: bytes in, bytes out. A call that came to the wrong door is refused.

use serde_json::Value;
use waybill_protocol::wire::{decode_body, decode_request, encode_failure, encode_outcome};
use waybill_protocol::{
    BreakIt, Call, CheckProfile, Close, Code, ContinueRun, DeleteProfile, Door, DropProposal,
    DropTry, DryRun, Failure, GetDetail, GetFacts, GetFaults, GetJournal, GetProfile, GetProposing,
    GetRows, GetStatus, GetTile, GetTrying, Heal, Hello, Live, MakePlan, Nearest, Open, Preview,
    Probe, ProbeSteps, Propose, ReadMapping, ResetDemo, SaveProfile, Scan, Select, Send, Stop,
    StopSend, TryProfile, WriteProfile,
};

use super::Core;

impl Core {
    /// Answers a question. Whatever changes something is refused here.
    pub async fn ask(&self, request: &[u8]) -> Vec<u8> {
        let request = match decode_request(request) {
            Ok(request) => request,
            Err(failure) => return encode_failure(&failure),
        };
        let body = request.body;
        match request.call.as_str() {
            Hello::NAME => reply(body, async |hello: Hello| self.hello(hello).await).await,
            Open::NAME => reply(body, async |open: Open| self.open(&open.target).await).await,
            Close::NAME => {
                reply(body, async |_: Close| {
                    self.close().await;
                    Ok(())
                })
                .await
            }
            Scan::NAME => reply(body, async |scan: Scan| self.scan(scan).await).await,
            Stop::NAME => reply(body, async |_: Stop| self.stop()).await,
            Live::NAME => reply(body, async |live: Live| self.live(live.on)).await,
            GetStatus::NAME => reply(body, async |_: GetStatus| self.status()).await,
            GetRows::NAME => reply(body, async |asked: GetRows| self.rows(asked).await).await,
            Select::NAME => reply(body, async |asked: Select| self.select(asked).await).await,
            GetTile::NAME => reply(body, async |asked: GetTile| self.tile(asked).await).await,
            GetDetail::NAME => {
                reply(body, async |asked: GetDetail| self.detail(asked.no).await).await
            }
            GetFacts::NAME => reply(body, async |asked: GetFacts| self.facts(asked).await).await,
            Nearest::NAME => reply(body, async |asked: Nearest| self.nearest(asked).await).await,
            MakePlan::NAME => reply(body, async |asked: MakePlan| self.plan(asked).await).await,
            Preview::NAME => reply(body, async |asked: Preview| self.preview(asked).await).await,
            DryRun::NAME => reply(body, async |asked: DryRun| self.dry_run(asked).await).await,
            GetJournal::NAME => {
                reply(body, async |asked: GetJournal| {
                    self.journal_runs(asked).await
                })
                .await
            }
            GetProfile::NAME => {
                reply(body, async |asked: GetProfile| {
                    self.profile_text(asked).await
                })
                .await
            }
            CheckProfile::NAME => {
                reply(body, async |asked: CheckProfile| {
                    Ok(self.check_profile(&asked.toml))
                })
                .await
            }
            Probe::NAME => reply(body, async |asked: Probe| self.probe(asked).await).await,
            ProbeSteps::NAME => {
                reply(body, async |asked: ProbeSteps| {
                    self.probe_steps(asked.probe)
                })
                .await
            }
            GetFaults::NAME => reply(body, async |_: GetFaults| self.faults().await).await,
            other => self.ask_wizard(other, body).await,
        }
    }

    /// What is asked while a profile is made.
    async fn ask_wizard(&self, call: &str, body: Value) -> Vec<u8> {
        match call {
            Propose::NAME => reply(body, async |asked: Propose| self.propose(asked).await).await,
            GetProposing::NAME => {
                reply(body, async |asked: GetProposing| self.proposing(&asked)).await
            }
            DropProposal::NAME => {
                reply(body, async |asked: DropProposal| {
                    self.inner.proposals.give_up(asked.no);
                    Ok(())
                })
                .await
            }
            ReadMapping::NAME => {
                reply(body, async |asked: ReadMapping| {
                    self.read_mapping(asked).await
                })
                .await
            }
            WriteProfile::NAME => {
                reply(body, async |asked: WriteProfile| {
                    Ok(self.write_profile(&asked))
                })
                .await
            }
            TryProfile::NAME => {
                reply(body, async |asked: TryProfile| {
                    self.try_profile(asked).await
                })
                .await
            }
            GetTrying::NAME => reply(body, async |asked: GetTrying| self.trying(&asked)).await,
            DropTry::NAME => {
                reply(body, async |asked: DropTry| {
                    self.inner.trials.give_up(asked.no);
                    Ok(())
                })
                .await
            }
            other => refused(other, Door::Ask),
        }
    }

    /// Does what changes something: sends, saves, breaks the demo. Questions are refused here.
    pub async fn act(&self, request: &[u8]) -> Vec<u8> {
        let request = match decode_request(request) {
            Ok(request) => request,
            Err(failure) => return encode_failure(&failure),
        };
        let body = request.body;
        match request.call.as_str() {
            Send::NAME => reply(body, async |order: Send| self.send(order).await).await,
            StopSend::NAME => reply(body, async |_: StopSend| self.stop_send()).await,
            ContinueRun::NAME => {
                reply(body, async |order: ContinueRun| {
                    self.continue_run(order.run).await
                })
                .await
            }
            SaveProfile::NAME => {
                reply(body, async |order: SaveProfile| {
                    self.save_profile(order).await
                })
                .await
            }
            DeleteProfile::NAME => {
                reply(body, async |order: DeleteProfile| {
                    self.delete_profile(&order.name)
                })
                .await
            }
            BreakIt::NAME => {
                reply(body, async |order: BreakIt| {
                    self.break_it(&order.fault).await
                })
                .await
            }
            Heal::NAME => reply(body, async |_: Heal| self.heal().await).await,
            ResetDemo::NAME => reply(body, async |_: ResetDemo| self.reset_demo().await).await,
            other => refused(other, Door::Act),
        }
    }
}

async fn reply<C: Call>(
    body: Value,
    answer: impl AsyncFnOnce(C) -> Result<C::Reply, Failure>,
) -> Vec<u8> {
    let outcome = match decode_body::<C>(body) {
        Ok(call) => answer(call).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = &outcome {
        tracing::debug!(op = C::NAME, error = %failure.message, "A call failed");
    }
    encode_outcome::<C>(&outcome)
}

fn refused(call: &str, door: Door) -> Vec<u8> {
    let message = match door {
        Door::Ask => format!("'{call}' is nothing that can be asked."),
        Door::Act => format!("'{call}' is nothing that can be ordered."),
    };
    encode_failure(&Failure::new(Code::Internal, message))
}
