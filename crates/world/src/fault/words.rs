//! What faults are called, and what happens then.

use super::Fault;

impl Fault {
    /// The name used on command lines: `publish-fails-after-commit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublishFailsAfterCommit => "publish-fails-after-commit",
            Self::RelayDead => "relay-dead",
            Self::SentButLost => "sent-but-lost",
            Self::DualWriteWithoutOutbox => "dual-write-without-outbox",
            Self::RolledBackAfterPublish => "rolled-back-after-publish",
            Self::ConsumerSkips => "consumer-skips",
            Self::ConsumerPoison => "consumer-poison",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Unroutable => "unroutable",
            Self::LateCommit => "late-commit",
            Self::ClockSkew => "clock-skew",
            Self::RetentionPassed => "retention-passed",
            Self::OutboxDeleted => "outbox-deleted",
            Self::Compacted => "compacted",
            Self::TransactionAborted => "transaction-aborted",
            Self::TransactionOpen => "transaction-open",
            Self::GroupReset => "group-reset",
            Self::CommitBeforeProcessing => "commit-before-processing",
            Self::QueueTtl => "queue-ttl",
            Self::QueueOverflow => "queue-overflow",
            Self::EqualPayload => "equal-payload",
            Self::OddSpelling => "odd-spelling",
            Self::NewSchema => "new-schema",
            Self::ConsumerClockOff => "consumer-clock-off",
            Self::RelayClockOff => "relay-clock-off",
            Self::TwoRelays => "two-relays",
            Self::ConsumerLate => "consumer-late",
            Self::PayloadChanged => "payload-changed",
            Self::DiedBeforeMark => "died-before-mark",
        }
    }

    /// The words on its button.
    pub const fn title(self) -> &'static str {
        match self {
            Self::PublishFailsAfterCommit => "Publishing fails after the commit",
            Self::RelayDead => "Stop the relay",
            Self::SentButLost => "Mark as sent, but lose it",
            Self::DualWriteWithoutOutbox => "Forget the outbox row",
            Self::RolledBackAfterPublish => "Publish, then roll back",
            Self::ConsumerSkips => "A consumer skips",
            Self::ConsumerPoison => "A consumer chokes",
            Self::Duplicate => "Publish twice",
            Self::Reorder => "Publish in the wrong order",
            Self::Unroutable => "Publish a type nobody is bound for",
            Self::LateCommit => "Commit late",
            Self::ClockSkew => "Set a consumer's clock back",
            Self::RetentionPassed => "Delete old records",
            Self::OutboxDeleted => "Delete outbox rows after sending",
            Self::Compacted => "Compact the topic",
            Self::TransactionAborted => "Abort a Kafka transaction",
            Self::TransactionOpen => "Leave a Kafka transaction open",
            Self::GroupReset => "Reset a group past events",
            Self::CommitBeforeProcessing => "Commit first, then die",
            Self::QueueTtl => "Let messages expire in the queues",
            Self::QueueOverflow => "Let a queue overflow",
            Self::EqualPayload => "Send the same body again",
            Self::OddSpelling => "Spell ids differently",
            Self::NewSchema => "Send a new version of the schema",
            Self::ConsumerClockOff => "Set a consumer's clock five minutes off",
            Self::RelayClockOff => "Set the relay's clock five minutes off",
            Self::TwoRelays => "Run two relays",
            Self::ConsumerLate => "Register a consumer late",
            Self::PayloadChanged => "Publish something else than was stored",
            Self::DiedBeforeMark => "Publish, then die before marking it",
        }
    }

    /// What happens then, in a sentence.
    #[expect(
        clippy::too_many_lines,
        reason = "one sentence per fault, nothing to split"
    )]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::PublishFailsAfterCommit => {
                "The product is saved and the outbox row is there, but every attempt to publish it fails, and the relay gives up."
            }
            Self::RelayDead => "The relay stops; outbox rows pile up until it is started again.",
            Self::SentButLost => {
                "The relay marks the outbox row as sent although the broker never got the message."
            }
            Self::DualWriteWithoutOutbox => {
                "Somebody changed a product past the outbox: the product is saved, and nothing was ever to be sent."
            }
            Self::RolledBackAfterPublish => {
                "The message goes out inside the transaction, and the transaction is rolled back: an event about a product that does not exist."
            }
            Self::ConsumerSkips => {
                "The consumer takes the message, fails quietly and moves on: its offset passed, its inbox row is missing."
            }
            Self::ConsumerPoison => {
                "The consumer cannot read the message and puts it with its dead letters."
            }
            Self::Duplicate => {
                "The relay dies between publishing and marking the row, so the message goes out twice."
            }
            Self::Reorder => {
                "Two changes of one product go out the wrong way round: the newer one first."
            }
            Self::Unroutable => {
                "The service sends a new type of event that no queue is bound for; the broker drops it and says yes."
            }
            Self::LateCommit => {
                "A transaction takes its outbox number early and commits after later ones did."
            }
            Self::ClockSkew => {
                "The consumer's clock is five seconds behind: it seems to process messages before they were sent."
            }
            Self::RetentionPassed => {
                "Old records are deleted from the topic: whether they were ever there can no longer be known."
            }
            Self::OutboxDeleted => {
                "The relay deletes a row once it has sent it, so that a missing row says nothing any more."
            }
            Self::Compacted => {
                "The topic keeps the newest record of each product only: what went before can no longer be known."
            }
            Self::TransactionAborted => {
                "The relay writes the message in a Kafka transaction, marks the row as sent, and the transaction is aborted: no consumer ever sees it."
            }
            Self::TransactionOpen => {
                "The relay dies inside a Kafka transaction: its messages lie on the topic and no consumer gets them before it ends."
            }
            Self::GroupReset => {
                "Somebody moves the consumer's group forward, past events that it has never read."
            }
            Self::CommitBeforeProcessing => {
                "The consumer commits what it has fetched before it processes it, and dies in between."
            }
            Self::QueueTtl => {
                "The message is given a time to live that is shorter than its way through the queues, and vanishes from all of them unread."
            }
            Self::QueueOverflow => {
                "The consumer's queue may hold only so many messages and drops the oldest ones while the consumer is away."
            }
            Self::EqualPayload => {
                "Two events of one product carry the very same body; only their ids tell them apart."
            }
            Self::OddSpelling => {
                "Outbox, message and inboxes each spell the same id in their own way: upper case, without dashes, in braces, quoted, as a URN, as bytes; and the message spells its body anew."
            }
            Self::NewSchema => "A new release writes the same facts into a body of another shape.",
            Self::ConsumerClockOff => {
                "The consumer's clock is five minutes ahead or behind when it notes what it processed."
            }
            Self::RelayClockOff => {
                "The relay's clock is five minutes ahead or behind, and so are the times of its messages."
            }
            Self::ConsumerLate => {
                "The consumer exists since the middle of the past only; nothing from before is expected of it."
            }
            Self::TwoRelays => "Two relays run at once, and both send the same rows.",
            Self::PayloadChanged => {
                "The relay reads the body, changes a price on the way, and publishes what no row has ever said."
            }
            Self::DiedBeforeMark => {
                "The relay publishes the message and dies before it marks the row as sent or deletes it: the message is out, and the row still waits."
            }
        }
    }
}
