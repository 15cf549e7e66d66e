//! The verdicts of the latest judgement, one byte each, and their counts.

use waybill_model::{
    ConsumerVerdict, EventVerdict, Flags, LagReason, MatchBasis, Phase, PublishVerdict,
    StuckReason, UnknownReason, VerdictClass,
};

use crate::Counts;
use crate::counts::ConsumerCounts;
use crate::store::Column;

/// Not judged yet.
const NONE: u8 = 0;

/// A publish verdict in one byte; the text of `NotChecked` is told when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublishCode(u8);

/// A consumer verdict in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsumerCode(u8);

const UNKNOWN: u8 = 32;

const UNKNOWN_REASONS: [UnknownReason; 26] = [
    UnknownReason::RetentionPassed,
    UnknownReason::Compacted,
    UnknownReason::NotCovered,
    UnknownReason::NoObserver,
    UnknownReason::OutboxCleaned,
    UnknownReason::NoMatchableId,
    UnknownReason::Ambiguous,
    UnknownReason::NoCommittedOffset,
    UnknownReason::QueueMayDrop,
    UnknownReason::NoProbe,
    UnknownReason::OpenTransactions,
    UnknownReason::NotGathered,
    UnknownReason::SourceFailed,
    UnknownReason::InboxCleaned,
    UnknownReason::UntrueTimes,
    UnknownReason::ScanLimit,
    UnknownReason::CommittedBeyondEnd,
    UnknownReason::NoControl,
    UnknownReason::OneOfThese,
    UnknownReason::NoTime,
    UnknownReason::RowsHidden,
    UnknownReason::ReplicaBehind,
    UnknownReason::TransactionsHidden,
    UnknownReason::ZoneUnknown,
    UnknownReason::NotBound,
    UnknownReason::RowGone,
];

impl PublishCode {
    pub(crate) const NOT_CHECKED: Self = Self(1);
    pub(crate) const PHANTOM: Self = Self(2);
    pub(crate) const PUBLISHED: Self = Self(3);
    pub(crate) const UNROUTABLE: Self = Self(4);
    pub(crate) const IN_OPEN_TRANSACTION: Self = Self(5);
    pub(crate) const MISSING_OUTBOX_ROW: Self = Self(6);
    pub(crate) const PENDING: Self = Self(7);
    pub(crate) const LOST_IN_PUBLISH: Self = Self(8);
    const STUCK: u8 = 16;

    pub(crate) fn stuck(reason: StuckReason) -> Self {
        Self(Self::STUCK + reason as u8)
    }

    /// What all stuck ones are found to be.
    pub(crate) fn stuck_finding() -> u16 {
        u16::from(Self::STUCK)
    }

    pub(crate) fn unknown(reason: UnknownReason) -> Self {
        Self(UNKNOWN + reason as u8)
    }

    pub(crate) fn verdict(self) -> PublishVerdict {
        match self {
            Self::NOT_CHECKED => PublishVerdict::NotChecked(String::new()),
            Self::PHANTOM => PublishVerdict::Phantom,
            Self::PUBLISHED => PublishVerdict::Published,
            Self::UNROUTABLE => PublishVerdict::Unroutable,
            Self::IN_OPEN_TRANSACTION => PublishVerdict::InOpenTransaction,
            Self::MISSING_OUTBOX_ROW => PublishVerdict::MissingOutboxRow,
            Self::PENDING => PublishVerdict::Pending,
            Self::LOST_IN_PUBLISH => PublishVerdict::LostInPublish,
            Self(code) if code >= UNKNOWN => PublishVerdict::Unknown(unknown_reason(code)),
            Self(code) if code >= Self::STUCK => PublishVerdict::Stuck(match code - Self::STUCK {
                0 => StuckReason::RelayIdle,
                1 => StuckReason::HeadOfLine,
                2 => StuckReason::AttemptsExhausted,
                3 => StuckReason::PassedOver,
                _ => StuckReason::OpenTransaction,
            }),
            // Not judged yet: it came in after the latest judgement.
            Self(_) => PublishVerdict::Unknown(UnknownReason::NotCovered),
        }
    }

    /// The verdict without its reason.
    pub(crate) fn finding(self) -> u16 {
        u16::from(match self.0 {
            code if code >= UNKNOWN => UNKNOWN,
            code if code >= Self::STUCK => Self::STUCK,
            code => code,
        })
    }
}

impl ConsumerCode {
    pub(crate) const NOT_DUE: Self = Self(1);
    pub(crate) const PROCESSED: Self = Self(2);
    pub(crate) const DEAD_LETTERED: Self = Self(3);
    pub(crate) const NOT_ROUTED: Self = Self(4);
    pub(crate) const RETRYING: Self = Self(5);
    pub(crate) const IN_FLIGHT: Self = Self(6);
    pub(crate) const LOST: Self = Self(7);
    pub(crate) const PASSED: Self = Self(8);
    pub(crate) const FAILED: Self = Self(9);
    const LAGGING: u8 = 16;

    pub(crate) fn lagging(reason: LagReason) -> Self {
        Self(Self::LAGGING + reason as u8)
    }

    pub(crate) fn unknown(reason: UnknownReason) -> Self {
        Self(UNKNOWN + reason as u8)
    }

    pub(crate) fn verdict(self) -> ConsumerVerdict {
        match self {
            Self::NOT_DUE | Self(NONE) => ConsumerVerdict::NotDue,
            Self::PROCESSED => ConsumerVerdict::Processed,
            Self::DEAD_LETTERED => ConsumerVerdict::DeadLettered,
            Self::NOT_ROUTED => ConsumerVerdict::NotRouted,
            Self::RETRYING => ConsumerVerdict::Retrying,
            Self::IN_FLIGHT => ConsumerVerdict::InFlight,
            Self::LOST => ConsumerVerdict::LostByConsumer,
            Self::PASSED => ConsumerVerdict::Passed,
            Self::FAILED => ConsumerVerdict::Failed,
            Self(code) if code >= UNKNOWN => ConsumerVerdict::Unknown(unknown_reason(code)),
            Self(code) => ConsumerVerdict::Lagging(match code - Self::LAGGING {
                0 => LagReason::NoConsumers,
                1 => LagReason::Behind,
                2 => LagReason::Stalled,
                3 => LagReason::Unprocessed,
                _ => LagReason::NeverConsumed,
            }),
        }
    }

    /// The verdict without its reason, apart from all publish verdicts.
    pub(crate) fn finding(self, consumer: usize) -> u16 {
        let code = match self.0 {
            code if code >= UNKNOWN => UNKNOWN,
            code if code >= Self::LAGGING => Self::LAGGING,
            code => code,
        };
        (consumer as u16 + 1) << 8 | u16::from(code)
    }
}

/// The consumer that a finding is about; `None` for the publication.
pub(crate) fn consumer_of(finding: u16) -> Option<usize> {
    usize::from(finding >> 8).checked_sub(1)
}

fn unknown_reason(code: u8) -> UnknownReason {
    let idx = usize::from(code - UNKNOWN).min(UNKNOWN_REASONS.len() - 1);
    UNKNOWN_REASONS[idx]
}

/// All verdicts by event number, with counts that are kept up to date.
#[derive(Debug, Clone)]
pub(crate) struct Verdicts {
    publish: Column<u8>,
    consumers: Vec<Column<u8>>,
    flags: Column<u16>,
    counts: Counts,
}

impl Verdicts {
    pub(crate) fn new(consumers: usize) -> Self {
        let mut verdicts = Self {
            publish: Column::new(NONE),
            consumers: vec![Column::new(NONE); consumers],
            flags: Column::new(0),
            counts: Counts::default(),
        };
        verdicts.counts = verdicts.none();
        verdicts
    }

    /// Counts of no events.
    pub(crate) fn none(&self) -> Counts {
        Counts {
            consumers: vec![ConsumerCounts::default(); self.consumers.len()],
            ..Counts::default()
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn publish(&self, no: u32) -> PublishCode {
        PublishCode(self.publish.get(no))
    }

    pub(crate) fn consumer(&self, no: u32, consumer: usize) -> ConsumerCode {
        ConsumerCode(
            self.consumers
                .get(consumer)
                .map_or(NONE, |codes| codes.get(no)),
        )
    }

    pub(crate) fn set_publish(&mut self, no: u32, code: PublishCode) {
        self.publish.set(no, code.0);
    }

    pub(crate) fn set_consumer(&mut self, no: u32, consumer: usize, code: ConsumerCode) {
        self.consumers[consumer].set(no, code.0);
    }

    pub(crate) fn flags(&self, no: u32) -> Flags {
        Flags::from_bits_retain(self.flags.get(no))
    }

    pub(crate) fn set_flags(&mut self, no: u32, flags: Flags) {
        self.flags.set(no, flags.bits());
    }

    pub(crate) fn judged(&self, no: u32) -> bool {
        self.publish.get(no) != NONE
    }

    /// Forgets an event that turned out to be another one.
    pub(crate) fn forget(&mut self, no: u32) {
        self.publish.set(no, NONE);
    }

    /// The worst group of the event's verdicts.
    pub(crate) fn class(&self, no: u32) -> VerdictClass {
        let publish = self.publish(no).verdict().class();
        let consumers = (0..self.consumers.len()).map(|c| self.consumer(no, c).verdict().class());
        consumers.fold(publish, Ord::min)
    }

    /// What the class rests on, without reasons.
    pub(crate) fn finding(&self, no: u32, class: VerdictClass) -> u16 {
        let publish = self.publish(no);
        if publish.verdict().class() == class {
            return publish.finding();
        }
        let worst = (0..self.consumers.len())
            .find(|&consumer| self.consumer(no, consumer).verdict().class() == class);
        worst.map_or(0, |consumer| self.consumer(no, consumer).finding(consumer))
    }

    /// The verdict as a whole.
    pub(crate) fn verdict(&self, no: u32, confirmed: bool, basis: MatchBasis) -> EventVerdict {
        let consumers = (0..self.consumers.len()).map(|c| self.consumer(no, c).verdict());
        EventVerdict {
            publish: self.publish(no).verdict(),
            consumers: consumers.collect(),
            flags: self.flags(no),
            phase: if sure(self.class(no), confirmed) {
                Phase::Confirmed
            } else {
                Phase::Suspected
            },
            basis,
        }
    }

    /// Counts one event into `counts`.
    pub(crate) fn count_into(&self, counts: &mut Counts, no: u32, confirmed: bool) {
        self.tally(counts, no, confirmed, 1);
    }

    /// Counts one event.
    pub(crate) fn count(&mut self, no: u32, confirmed: bool) {
        let mut counts = std::mem::take(&mut self.counts);
        self.tally(&mut counts, no, confirmed, 1);
        self.counts = counts;
    }

    /// Takes one event out of the counts, before its verdict changes.
    pub(crate) fn uncount(&mut self, no: u32, confirmed: bool) {
        if self.judged(no) {
            let mut counts = std::mem::take(&mut self.counts);
            // Adding this is subtracting one.
            self.tally(&mut counts, no, confirmed, u64::MAX);
            self.counts = counts;
        }
    }

    fn tally(&self, counts: &mut Counts, no: u32, confirmed: bool, by: u64) {
        let add = |slot: &mut u64| *slot = slot.wrapping_add(by);
        let class = self.class(no);
        add(&mut counts.total);
        let of_class = &mut counts.classes[class as usize];
        add(&mut of_class.total);
        if sure(class, confirmed) {
            add(&mut of_class.confirmed);
        }
        add(counts.publish.slot(&self.publish(no).verdict()));
        for (consumer, counts) in counts.consumers.iter_mut().enumerate() {
            add(counts.slot(&self.consumer(no, consumer).verdict()));
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let consumers: usize = self.consumers.iter().map(Column::heap_bytes).sum();
        self.publish.heap_bytes() + consumers + self.flags.heap_bytes()
    }
}

/// Whether a verdict of this class needs no second scan, or has had it. Presence proves at once;
/// absence, and being late, want to be seen twice.
fn sure(class: VerdictClass, confirmed: bool) -> bool {
    match class {
        VerdictClass::DeadLettered | VerdictClass::Pending | VerdictClass::Arrived => true,
        VerdictClass::Missing | VerdictClass::Phantom | VerdictClass::Late => confirmed,
        VerdictClass::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_survives_its_byte() {
        for reason in UNKNOWN_REASONS {
            assert_eq!(
                PublishCode::unknown(reason).verdict(),
                PublishVerdict::Unknown(reason)
            );
            assert_eq!(
                ConsumerCode::unknown(reason).verdict(),
                ConsumerVerdict::Unknown(reason)
            );
        }
        for reason in StuckReason::ALL {
            assert_eq!(
                PublishCode::stuck(reason).verdict(),
                PublishVerdict::Stuck(reason)
            );
        }
        for reason in LagReason::ALL {
            assert_eq!(
                ConsumerCode::lagging(reason).verdict(),
                ConsumerVerdict::Lagging(reason)
            );
        }
    }

    #[test]
    fn findings_of_different_parts_are_different() {
        let stuck = PublishCode::stuck(StuckReason::RelayIdle);
        assert_eq!(
            stuck.finding(),
            PublishCode::stuck(StuckReason::PassedOver).finding()
        );
        let findings = [
            stuck.finding(),
            PublishCode::LOST_IN_PUBLISH.finding(),
            ConsumerCode::LOST.finding(0),
            ConsumerCode::LOST.finding(1),
            ConsumerCode::NOT_ROUTED.finding(0),
        ];
        for (idx, finding) in findings.iter().enumerate() {
            assert!(!findings[idx + 1..].contains(finding), "{findings:?}");
        }
    }
}
