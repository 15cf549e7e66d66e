//! Verdicts: what the evidence amounts to. The names of the whole product.
//!
//! How they are reached is in `waybill-reconcile`; here is only what there is to say.

use bitflags::bitflags;
use serde::{Deserialize, Serialize};

use crate::ConsumerNo;

/// Whether and how an event got onto the broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "reason")]
pub enum PublishVerdict {
    /// A source that is needed to say anything failed or was not read; the text says which.
    NotChecked(String),
    /// There is a copy, but neither an outbox row nor a business row: published, never stored.
    Phantom,
    /// At least one copy was seen.
    Published,
    /// The broker took it, but no queue was bound for it.
    Unroutable,
    /// Written in a broker transaction that has not ended.
    InOpenTransaction,
    /// The business row says it must exist, but there is no outbox row and no copy.
    MissingOutboxRow,
    /// In the outbox, not sent, and not late yet.
    Pending,
    /// In the outbox, not sent, and late.
    Stuck(StuckReason),
    /// Marked as sent, yet the destination was read without a gap and holds no copy.
    LostInPublish,
    /// The evidence does not carry any of the above.
    Unknown(UnknownReason),
}

/// What one expected consumer made of a published event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "reason")]
pub enum ConsumerVerdict {
    /// Not published (as far as known), so nothing is expected of the consumer yet.
    NotDue,
    /// Its inbox row is there.
    Processed,
    /// A copy lies where this consumer's failures go.
    DeadLettered,
    /// Its inbox says that it received the event and failed to process it.
    Failed,
    /// No binding leads from the destination to this consumer.
    NotRouted,
    /// It failed and will be tried again.
    Retrying,
    /// On its way, and not late yet.
    InFlight,
    /// The consumer has not come this far, and is late.
    Lagging(LagReason),
    /// It moved past the event, and its inbox, read without a gap, does not hold it.
    LostByConsumer,
    /// It moved past the event; nothing would tell whether it processed it.
    Passed,
    /// The evidence does not carry any of the above.
    Unknown(UnknownReason),
}

/// Why an outbox row is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StuckReason {
    /// The relay has sent nothing since this row was written.
    RelayIdle,
    /// An older unsent row of the same aggregate stands before it.
    HeadOfLine,
    /// The relay tried and gave up.
    AttemptsExhausted,
    /// The relay passed over it: later rows were sent.
    PassedOver,
    /// Its copy lies in a broker transaction that has been open for longer than any may be.
    OpenTransaction,
}

/// Why a consumer is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LagReason {
    /// Nobody is attached to the queue or group.
    NoConsumers,
    /// It is working, but behind.
    Behind,
    /// It has stopped moving although there is work.
    Stalled,
    /// It has received the event, and its inbox says that it is not processed.
    Unprocessed,
    /// Nothing shows that it ever took anything from there: no committed offset, no inbox row.
    NeverConsumed,
}

/// Why no verdict is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownReason {
    /// Retention has removed what could have told.
    RetentionPassed,
    /// The topic is compacted.
    Compacted,
    /// The place was not read without a gap at that time.
    NotCovered,
    /// Nothing observes the destination at that time: no stream, no tap.
    NoObserver,
    /// The outbox deletes its rows after sending, or has been cleaned.
    OutboxCleaned,
    /// There is no usable id to match by.
    NoMatchableId,
    /// The id fits several events.
    Ambiguous,
    /// The group has no committed offset: never committed, or expired.
    NoCommittedOffset,
    /// The queue may have dropped it by time to live, length or purge.
    QueueMayDrop,
    /// Nothing is configured that could tell (no inbox, group or queue).
    NoProbe,
    /// Transactions are open that may still bring the row.
    OpenTransactions,
    /// This kind of evidence is not gathered for this source.
    NotGathered,
    /// The source failed.
    SourceFailed,
    /// The consumer's inbox held the event as not processed, and does not hold it any more.
    InboxCleaned,
    /// The messages there carry times that do not lead to when they were published.
    UntrueTimes,
    /// The scan's own limit was reached.
    ScanLimit,
    /// The group's committed offset lies beyond the partition's end: it belongs to another life of
    /// the topic.
    CommittedBeyondEnd,
    /// No neighbour of the same flow was ever found where it should be, so that nothing shows that
    /// it would be seen there.
    NoControl,
    /// Near it lies what cannot be told to be it or another: no id, or an id of another form.
    OneOfThese,
    /// The row carries no time that could be read, so nobody can say whether it is late.
    NoTime,
    /// The database shows our role only some of the rows.
    RowsHidden,
    /// What we read is a replica that has not applied that time yet.
    ReplicaBehind,
    /// Transactions that may still bring the row are hidden from our role.
    TransactionsHidden,
    /// The row carries a local time, and nobody said in which zone.
    ZoneUnknown,
    /// The audit stream does not get all that its exchange routes.
    NotBound,
    /// Its time lies further ahead of the clock than its grace: nobody can say since when it is
    /// there.
    ClockAhead,
    /// The message does not carry what says whose it is, and there is no row of it.
    WhoseUnknown,
    /// There is no row of the message, and it names another publisher than all those that have one.
    OtherPublisher,
    /// No business row of the aggregate is there: it was deleted since, or never stored.
    RowGone,
}

bitflags! {
    /// What else is odd about an event. Additive; never a verdict by itself.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Flags: u16 {
        /// Two or more copies of the same event that are not Waybill's own.
        const DUPLICATE = 1;
        /// A newer version of the aggregate stands before it in the same partition.
        const OUT_OF_ORDER = 1 << 1;
        /// Outbox row and copy differ in content.
        const PAYLOAD_MISMATCH = 1 << 2;
        /// Copies of one aggregate lie in different partitions.
        const KEY_MOVED = 1 << 3;
        /// The clocks contradict causality.
        const SKEW = 1 << 4;
        /// Waybill has resent it.
        const RESENT = 1 << 5;
        /// The id stands in several outbox rows.
        const DUPLICATE_ROW = 1 << 6;
        /// Something about the row or message could not be read as it should; see its evidence.
        const MALFORMED = 1 << 7;
        /// The body would have to be rebuilt from the business row.
        const RECONSTRUCTED = 1 << 8;
        /// A row or message carries no id where the profile says it should; nothing else need be
        /// wrong with it.
        const NO_ID = 1 << 9;
    }
}

/// How sure: seen once, or again by a second scan without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Seen once.
    Suspected,
    /// Seen again.
    Confirmed,
}

/// By what an event was recognised on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchBasis {
    /// The same explicit id.
    Id,
    /// Aggregate and version.
    AggregateVersion,
    /// Seen at one place only so far.
    Alone,
}

/// The groups a user thinks in; order is from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictClass {
    /// Someone should have it and does not.
    Missing,
    /// Published, never stored.
    Phantom,
    /// A consumer gave up on it.
    DeadLettered,
    /// Not there yet, and late.
    Late,
    /// No verdict possible.
    Unknown,
    /// On its way, and not late.
    Pending,
    /// Where it should be.
    Arrived,
}

impl VerdictClass {
    /// All classes, worst first.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Phantom,
        Self::DeadLettered,
        Self::Late,
        Self::Unknown,
        Self::Pending,
        Self::Arrived,
    ];

    /// The word used in filters and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Phantom => "phantom",
            Self::DeadLettered => "dead-lettered",
            Self::Late => "late",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Arrived => "arrived",
        }
    }

    /// Whether an exit code, a red number or a resend button should care.
    pub fn needs_action(self) -> bool {
        matches!(self, Self::Missing | Self::Phantom | Self::DeadLettered)
    }
}

impl PublishVerdict {
    /// The group it belongs to. A lone published event counts as arrived; its consumers decide.
    pub fn class(&self) -> VerdictClass {
        match self {
            Self::Phantom => VerdictClass::Phantom,
            Self::Published => VerdictClass::Arrived,
            Self::Pending | Self::InOpenTransaction => VerdictClass::Pending,
            Self::Unroutable | Self::MissingOutboxRow | Self::Stuck(_) | Self::LostInPublish => {
                VerdictClass::Missing
            }
            Self::NotChecked(_) | Self::Unknown(_) => VerdictClass::Unknown,
        }
    }
}

impl ConsumerVerdict {
    /// The group it belongs to.
    pub fn class(&self) -> VerdictClass {
        match self {
            Self::LostByConsumer | Self::NotRouted => VerdictClass::Missing,
            Self::DeadLettered | Self::Failed => VerdictClass::DeadLettered,
            Self::Lagging(_) | Self::Retrying => VerdictClass::Late,
            Self::Unknown(_) => VerdictClass::Unknown,
            Self::InFlight => VerdictClass::Pending,
            Self::NotDue | Self::Processed | Self::Passed => VerdictClass::Arrived,
        }
    }
}

/// The verdict on one event: of its publication and of every expected consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventVerdict {
    /// Whether it got onto the broker.
    pub publish: PublishVerdict,
    /// What each expected consumer made of it, in the order of the profile.
    pub consumers: Vec<ConsumerVerdict>,
    /// What else is odd.
    pub flags: Flags,
    /// How sure.
    pub phase: Phase,
    /// By what it was recognised.
    pub basis: MatchBasis,
}

impl EventVerdict {
    /// The worst of its parts.
    pub fn class(&self) -> VerdictClass {
        let consumers = self.consumers.iter().map(ConsumerVerdict::class);
        consumers.fold(self.publish.class(), Ord::min)
    }

    /// The part that decides the class: what the grid's pill says.
    pub fn finding(&self) -> Finding {
        let class = self.class();
        if self.publish.class() == class && class != VerdictClass::Arrived {
            return Finding::Publish(self.publish.clone());
        }
        let worst = self
            .consumers
            .iter()
            .position(|verdict| verdict.class() == class);
        match worst.and_then(|idx| u8::try_from(idx).ok().map(|no| (idx, no))) {
            Some((idx, no)) if class != VerdictClass::Arrived => {
                Finding::Consumer(ConsumerNo(no), self.consumers[idx].clone())
            }
            _ => Finding::Arrived,
        }
    }
}

/// The deciding part of an [`EventVerdict`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Nothing to complain about.
    Arrived,
    /// The publication.
    Publish(PublishVerdict),
    /// One consumer.
    Consumer(ConsumerNo, ConsumerVerdict),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(publish: PublishVerdict, consumers: Vec<ConsumerVerdict>) -> EventVerdict {
        EventVerdict {
            publish,
            consumers,
            flags: Flags::default(),
            phase: Phase::Suspected,
            basis: MatchBasis::Id,
        }
    }

    #[test]
    fn the_worst_part_decides_class_and_finding() {
        let lost = event(
            PublishVerdict::Published,
            vec![
                ConsumerVerdict::Processed,
                ConsumerVerdict::DeadLettered,
                ConsumerVerdict::LostByConsumer,
            ],
        );
        assert_eq!(lost.class(), VerdictClass::Missing);
        assert_eq!(
            lost.finding(),
            Finding::Consumer(ConsumerNo(2), ConsumerVerdict::LostByConsumer)
        );

        let stuck = event(
            PublishVerdict::Stuck(StuckReason::RelayIdle),
            vec![ConsumerVerdict::NotDue],
        );
        assert_eq!(
            stuck.finding(),
            Finding::Publish(PublishVerdict::Stuck(StuckReason::RelayIdle))
        );

        let fine = event(PublishVerdict::Published, vec![ConsumerVerdict::Processed]);
        assert_eq!(
            (fine.class(), fine.finding()),
            (VerdictClass::Arrived, Finding::Arrived)
        );
    }

    #[test]
    fn not_knowing_is_never_fine() {
        let unknown = event(
            PublishVerdict::Published,
            vec![
                ConsumerVerdict::Processed,
                ConsumerVerdict::Unknown(UnknownReason::NoProbe),
            ],
        );
        assert_eq!(unknown.class(), VerdictClass::Unknown);
    }
}
