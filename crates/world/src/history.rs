//! A past, written all at once: what would have happened had the company worked for that long.

mod past;
pub(crate) use past::{OFF_MICROS, SKEW_MICROS};

mod entry;
pub(crate) use entry::SKEWED_MICROS;

mod order;

mod forget;

mod write;
pub(crate) use write::{CHOKED_BECAUSE, GAVE_UP_BECAUSE, MAX_ATTEMPTS};

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use waybill_model::Micros;

use crate::bus::Bus;
use crate::clock::now;
use crate::schedule::{Chance, Plan, schedule};
use crate::{
    BrokerKind, ConsumerName, Error, Fault, MessageIds, Planted, Result, Situation, World,
};

/// Events per round; one round is in memory at a time.
pub(crate) const ROUND: usize = 2000;

/// Who is registered late.
const LATE: ConsumerName = ConsumerName::Storefront;

/// The mock keeps 5 MiB per partition, and popular products make some partitions fuller.
const MOCK_MAX_EVENTS: usize = 60_000;

/// How long a past, and how full.
#[derive(Debug, Clone, Copy)]
pub struct HistorySpan {
    /// How many events.
    pub events: usize,
    /// Over how long.
    pub span: Duration,
    /// When it ends; now when left out. The last thirty seconds (or the last tenth) are quiet.
    pub end: Option<Micros>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryReport {
    /// Events.
    pub events: usize,
    /// Messages on the destination.
    pub copies: usize,
    /// How long it took.
    pub took: Duration,
}

impl World {
    /// Writes a past: everything stored, sent and processed, except what was planted.
    ///
    /// The faults are over afterwards: live consumers process what is resent. Only a relay that
    /// was killed ([`Fault::RelayDead`]) stays dead until [`World::heal`].
    pub async fn history(&self, span: HistorySpan, planted: &[Planted]) -> Result<HistoryReport> {
        let faults: Vec<Fault> = planted.iter().map(|it| it.fault).collect();
        self.write_history(span, &faults, &Plan::Planted(planted))
            .await
    }

    /// Writes a past in which every fault hits one event in `one_in`, each by its own dice, so that
    /// several may meet at the same event. A fault that is about all events takes part as a whole.
    pub async fn history_by_chance(
        &self,
        span: HistorySpan,
        faults: &[Fault],
        one_in: u32,
    ) -> Result<HistoryReport> {
        let plan = Plan::Chance(Chance { faults, one_in });
        self.write_history(span, faults, &plan).await
    }

    /// Writes a past in which one thing is so for all events, however few.
    pub async fn history_of(
        &self,
        span: HistorySpan,
        situation: Situation,
    ) -> Result<HistoryReport> {
        self.inner.be_in(situation).await?;
        let faults: Vec<Fault> = situation.fault().into_iter().collect();
        self.write_history(span, &faults, &Plan::Every(situation.fault()))
            .await
    }

    async fn write_history(
        &self,
        span: HistorySpan,
        faults: &[Fault],
        plan: &Plan<'_>,
    ) -> Result<HistoryReport> {
        let started = Instant::now();
        self.check_history(&span, faults)?;
        let end = span.end.unwrap_or_else(now);
        let span_micros = i64::try_from(span.span.as_micros()).unwrap_or(i64::MAX);
        let seed = self.inner.config.seed;
        let schedule = schedule(seed, span.events, span_micros, end, plan)?;
        let faults: BTreeSet<Fault> = faults.iter().copied().collect();
        if let (Bus::Kafka(bus), true) = (&self.inner.bus, faults.contains(&Fault::Compacted)) {
            bus.compact().await?;
        }
        let mut past = past::Past::new(seed, &schedule.times);
        if faults.contains(&Fault::ConsumerLate)
            && let Some(middle) = schedule.times.get(schedule.times.len() / 2)
        {
            // To the second: not every broker keeps finer times.
            let since = Micros(middle.0.div_euclid(1_000_000) * 1_000_000);
            self.inner.register_late(LATE, since);
            past = past.with_late(LATE, since);
        }
        if self.inner.message_ids() == MessageIds::Bigserial {
            past = past.counting();
        }
        if let Some(idle) = self.inner.idle() {
            past = past.without(idle);
        }
        let mut writer = write::Writer::new(&self.inner, faults.clone());
        let mut copies = 0;
        let mut catalogue = self.inner.catalogue.lock().await;
        for first in (0..schedule.times.len()).step_by(ROUND) {
            let numbers = first..schedule.times.len().min(first + ROUND);
            let round = past.round(&mut catalogue, &schedule, numbers);
            copies += writer.write(round).await?;
        }
        drop(catalogue);
        writer.finish().await?;
        if faults.contains(&Fault::RelayDead) {
            self.inner.switches.kill_relay();
        }
        Ok(HistoryReport {
            events: span.events,
            copies,
            took: started.elapsed(),
        })
    }

    fn check_history(&self, span: &HistorySpan, faults: &[Fault]) -> Result<()> {
        let config = &self.inner.config;
        for fault in faults {
            self.inner.refuse_unless_works(*fault)?;
            if !fault.works_in_history() {
                return Err(Error::FaultNotHere {
                    fault: *fault,
                    database: config.database.name(),
                    broker: config.broker.name(),
                    why: "it happens in live mode only",
                });
            }
        }
        if matches!(config.broker, BrokerKind::Mock) && span.events > MOCK_MAX_EVENTS {
            return Err(Error::Config(format!(
                "the mock cluster keeps 5 MiB per partition; at most {MOCK_MAX_EVENTS} events fit"
            )));
        }
        Ok(())
    }
}
