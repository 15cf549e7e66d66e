//! The one word for each verdict: in filters, in `--json`, on the command line.

use crate::{ConsumerVerdict, Flags, LagReason, PublishVerdict, StuckReason, UnknownReason};

impl PublishVerdict {
    /// Every name a publish verdict can have.
    pub const NAMES: [&'static str; 10] = [
        "not-checked",
        "phantom",
        "published",
        "unroutable",
        "in-open-transaction",
        "missing-outbox-row",
        "pending",
        "stuck",
        "lost-in-publish",
        "unknown",
    ];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotChecked(_) => "not-checked",
            Self::Phantom => "phantom",
            Self::Published => "published",
            Self::Unroutable => "unroutable",
            Self::InOpenTransaction => "in-open-transaction",
            Self::MissingOutboxRow => "missing-outbox-row",
            Self::Pending => "pending",
            Self::Stuck(_) => "stuck",
            Self::LostInPublish => "lost-in-publish",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl ConsumerVerdict {
    /// Every name a consumer verdict can have.
    pub const NAMES: [&'static str; 11] = [
        "not-due",
        "processed",
        "dead-lettered",
        "failed",
        "not-routed",
        "retrying",
        "in-flight",
        "lagging",
        "lost-by-consumer",
        "passed",
        "unknown",
    ];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotDue => "not-due",
            Self::Processed => "processed",
            Self::DeadLettered => "dead-lettered",
            Self::Failed => "failed",
            Self::NotRouted => "not-routed",
            Self::Retrying => "retrying",
            Self::InFlight => "in-flight",
            Self::Lagging(_) => "lagging",
            Self::LostByConsumer => "lost-by-consumer",
            Self::Passed => "passed",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl StuckReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [
        Self::RelayIdle,
        Self::HeadOfLine,
        Self::AttemptsExhausted,
        Self::PassedOver,
        Self::OpenTransaction,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::RelayIdle => "relay-idle",
            Self::HeadOfLine => "head-of-line",
            Self::AttemptsExhausted => "attempts-exhausted",
            Self::PassedOver => "passed-over",
            Self::OpenTransaction => "open-transaction",
        }
    }
}

impl LagReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [
        Self::NoConsumers,
        Self::Behind,
        Self::Stalled,
        Self::Unprocessed,
        Self::NeverConsumed,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoConsumers => "no-consumers",
            Self::Behind => "behind",
            Self::Stalled => "stalled",
            Self::Unprocessed => "unprocessed",
            Self::NeverConsumed => "never-consumed",
        }
    }
}

impl UnknownReason {
    /// All reasons, in the order of their declaration.
    pub const ALL: [Self; 29] = [
        Self::RetentionPassed,
        Self::Compacted,
        Self::NotCovered,
        Self::NoObserver,
        Self::OutboxCleaned,
        Self::NoMatchableId,
        Self::Ambiguous,
        Self::NoCommittedOffset,
        Self::QueueMayDrop,
        Self::NoProbe,
        Self::OpenTransactions,
        Self::NotGathered,
        Self::SourceFailed,
        Self::InboxCleaned,
        Self::UntrueTimes,
        Self::ScanLimit,
        Self::CommittedBeyondEnd,
        Self::NoControl,
        Self::OneOfThese,
        Self::NoTime,
        Self::RowsHidden,
        Self::ReplicaBehind,
        Self::TransactionsHidden,
        Self::ZoneUnknown,
        Self::NotBound,
        Self::ClockAhead,
        Self::WhoseUnknown,
        Self::OtherPublisher,
        Self::RowGone,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::RetentionPassed => "retention-passed",
            Self::Compacted => "compacted",
            Self::NotCovered => "not-covered",
            Self::NoObserver => "no-observer",
            Self::OutboxCleaned => "outbox-cleaned",
            Self::NoMatchableId => "no-matchable-id",
            Self::Ambiguous => "ambiguous",
            Self::NoCommittedOffset => "no-committed-offset",
            Self::QueueMayDrop => "queue-may-drop",
            Self::NoProbe => "no-probe",
            Self::OpenTransactions => "open-transactions",
            Self::NotGathered => "not-gathered",
            Self::SourceFailed => "source-failed",
            Self::InboxCleaned => "inbox-cleaned",
            Self::UntrueTimes => "untrue-times",
            Self::ScanLimit => "scan-limit",
            Self::CommittedBeyondEnd => "committed-beyond-end",
            Self::NoControl => "no-control",
            Self::OneOfThese => "one-of-these",
            Self::NoTime => "no-time",
            Self::RowsHidden => "rows-hidden",
            Self::ReplicaBehind => "replica-behind",
            Self::TransactionsHidden => "transactions-hidden",
            Self::ZoneUnknown => "zone-unknown",
            Self::NotBound => "not-bound",
            Self::ClockAhead => "clock-ahead",
            Self::WhoseUnknown => "whose-unknown",
            Self::OtherPublisher => "other-publisher",
            Self::RowGone => "row-gone",
        }
    }

    /// Why no verdict is possible, as a clause: `retention has removed what could have told`.
    pub fn clause(self) -> &'static str {
        match self {
            Self::RetentionPassed => "retention has removed what could have told",
            Self::Compacted => "the topic is compacted, so older copies may be gone",
            Self::NotCovered => "that time was not read without a gap",
            Self::NoObserver => "nothing kept a record of the destination at that time",
            Self::OutboxCleaned => "the outbox does not keep its rows",
            Self::NoMatchableId => "it carries no id to match by",
            Self::Ambiguous => "its id fits several events",
            Self::NoCommittedOffset => "the group has no committed offset",
            Self::QueueMayDrop => "the queue may have dropped it unread",
            Self::NoProbe => "nothing is configured that could tell",
            Self::OpenTransactions => "transactions are open that may still bring it",
            Self::NotGathered => "this kind of evidence is not gathered here",
            Self::SourceFailed => "a source could not be read",
            Self::InboxCleaned => "its inbox held it unprocessed and does not hold it any more",
            Self::UntrueTimes => {
                "the messages there carry times that do not say when they were published, and more \
                 lie before than were read: raise max-messages in [scan]"
            }
            Self::NotBound => {
                "the audit stream is not bound for everything that the exchange routes: bind it with #"
            }
            Self::OtherPublisher => {
                "it names another publisher than every message that has a row: say whose messages \
                 count with where in its flow"
            }
            Self::WhoseUnknown => {
                "it does not carry what tells whose messages count (where of its flow), so it may be \
                 another service's"
            }
            Self::RowGone => {
                "no business row of it is there: it was deleted since, or never stored; a table that \
                 keeps every version would tell"
            }
            Self::ScanLimit => "the profile's [scan] limits ended the reading before that time",
            Self::CommittedBeyondEnd => {
                "its committed offset lies beyond the end of the topic, which was made anew since; \
                 once the group has committed again this can be told"
            }
            Self::NoControl => "none of its neighbours was ever found where it should be",
            Self::OneOfThese => "near it lies what cannot be told to be it or another",
            Self::NoTime => {
                "its row carries no time that can be read, so nobody can say whether it is late"
            }
            Self::RowsHidden => "the database shows us only some of the rows",
            Self::ReplicaBehind => "the replica we read has not applied that time yet",
            Self::TransactionsHidden => "transactions that may still bring it are hidden from us",
            Self::ZoneUnknown => "its time is local, and nobody said in which zone",
            Self::ClockAhead => {
                "its time lies ahead of the clock, so nobody can say since when it is there: set \
                 right the clock of who wrote it, and look again after that time"
            }
        }
    }
}

impl Flags {
    /// Every flag and its name.
    pub const NAMED: [(Self, &'static str); 10] = [
        (Self::DUPLICATE, "duplicate"),
        (Self::OUT_OF_ORDER, "out-of-order"),
        (Self::PAYLOAD_MISMATCH, "payload-mismatch"),
        (Self::KEY_MOVED, "key-moved"),
        (Self::SKEW, "skew"),
        (Self::RESENT, "resent"),
        (Self::DUPLICATE_ROW, "duplicate-row"),
        (Self::MALFORMED, "malformed"),
        (Self::RECONSTRUCTED, "reconstructed"),
        (Self::NO_ID, "no-id"),
    ];

    /// Names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMED
            .into_iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| name)
    }
}
