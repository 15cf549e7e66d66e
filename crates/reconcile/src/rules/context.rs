//! What holds for all events of one judgement.

use hashbrown::{HashMap, HashSet};
use waybill_model::{ConsumerNo, Coverage, PlaceId, PlaceRole, UnknownReason};

use super::{Destinations, Since};
use crate::coverage::{Proof, Unproven};
use crate::index::Index;
use crate::suspicion::Occasion;
use crate::verdicts::{ConsumerCode, PublishCode};
use crate::{Judgement, ProgressKind};

/// The clock, the proofs, and what the events taken together say.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) judgement: Judgement,
    /// Up to when everything was looked at: what came later may not have been seen yet.
    looked_at: i64,
    occasion: Occasion,
    /// A place that says something about publication could not be read in this scan.
    unread: bool,
    pub(crate) publish_grace: i64,
    /// How long a broker transaction may stay open.
    transaction_micros: i64,
    pub(crate) has_outbox: bool,
    pub(crate) outbox_tells_sent: bool,
    pub(crate) deletes_after_send: bool,
    pub(crate) has_business: bool,
    pub(crate) keeps_versions: bool,
    pub(crate) has_observer: bool,
    pub(crate) outbox: Proofs,
    pub(crate) business: Proofs,
    pub(crate) destinations: Destinations,
    pub(crate) consumers: Vec<ConsumerContext>,
    /// How long before a copy its outbox row may have been written, judging by the relay's pace:
    /// by what 99 of 100 rows took, so that one clock which is minutes off hides no phantom. A row
    /// from before is found by its id, which the engine asks for before it confirms anything; where
    /// it cannot, the row may be of any age.
    pub(crate) lookback: i64,
    /// The youngest outbox row that the relay has sent.
    pub(crate) relay_sent_up_to: Option<i64>,
    /// The oldest unsent row of each aggregate.
    pub(crate) oldest_unsent: HashMap<u32, Head>,
    /// Aggregates and versions of copies without a row, for which another event has a row.
    pub(crate) taken_versions: HashSet<(u32, i64)>,
}

/// The oldest unsent row of an aggregate, which the others may stand behind. Rows of one moment
/// are in the order of their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head {
    pub(crate) written: i64,
    pub(crate) position: i64,
    /// The event.
    pub(crate) no: u32,
}

/// What holds for one consumer.
#[derive(Debug)]
pub(crate) struct ConsumerContext {
    pub(crate) no: ConsumerNo,
    pub(crate) destination: Option<PlaceId>,
    /// How long after the copy it is late.
    pub(crate) grace: i64,
    /// Nothing published before is expected of it.
    pub(crate) since: i64,
    pub(crate) has_inbox: bool,
    pub(crate) has_dead_letters: bool,
    pub(crate) progress: ProgressKind,
    pub(crate) progress_failed: bool,
    /// A place that says something about this consumer could not be read in this scan.
    unread: bool,
    pub(crate) inbox: Proofs,
    pub(crate) dead_letters: Proofs,
}

impl ConsumerContext {
    /// Whether it reads that destination.
    pub(crate) fn reads(&self, place: PlaceId) -> bool {
        self.destination.is_none_or(|wanted| wanted == place)
    }
}

/// The proofs of all places of one role.
#[derive(Debug)]
pub(crate) struct Proofs(Vec<Proof>);

impl Proofs {
    /// Of all places of one role.
    pub(super) fn of(index: &Index, role: PlaceRole) -> Self {
        let places = index.shape.places.iter();
        let places = places.filter(|place| place.role == role);
        Self(places.map(|place| index.coverage.proof(place.id)).collect())
    }

    /// Whether nothing can have been missed at any of the places.
    pub(crate) fn absence(&self, from: i64, to: i64) -> Result<(), Unproven> {
        if self.0.is_empty() {
            return Err(Unproven::Because(waybill_model::UnknownReason::NotCovered));
        }
        let mut answer = Ok(());
        for proof in &self.0 {
            match proof.absence(from, to) {
                Err(Unproven::Failed) => return Err(Unproven::Failed),
                Err(why) => answer = Err(why),
                Ok(()) => {}
            }
        }
        answer
    }

    /// Whether all that is not proven is so because nothing kept a record.
    pub(crate) fn only_unwatched(&self, from: i64, to: i64) -> bool {
        let mut proofs = self.0.iter();
        proofs.all(|proof| proof.only_unwatched(from, to))
    }

    /// Whether one of the places could not be read in this scan.
    pub(crate) fn failed(&self) -> bool {
        self.0.iter().any(Proof::failed)
    }

    /// Up to where absence is proven from `from` on at all of the places.
    pub(crate) fn proven_until(&self, from: i64) -> i64 {
        let ends = self.0.iter().map(|proof| proof.proven_until(from));
        ends.min().unwrap_or(from)
    }
}

impl Context {
    /// Gathers what is known besides the events themselves.
    pub(crate) fn new(index: &Index, judgement: &Judgement) -> Self {
        let shape = &index.shape;
        let graces = &index.graces;
        let publish_grace = graces.publish.map_or(0, |grace| grace.micros);
        let proofs = |role: PlaceRole| Proofs::of(index, role);
        let destinations = Destinations::now(index, judgement, publish_grace);
        let failed = |counts: &dyn Fn(PlaceRole) -> bool| {
            let mut places = shape.places.iter().filter(|place| counts(place.role));
            places.any(|place| index.coverage.failure(place.id).is_some())
        };
        let named = (0..=u8::MAX).map(ConsumerNo).zip(&shape.consumers);
        let consumers =
            named
                .zip(&graces.consumers)
                .map(|((no, consumer), grace)| ConsumerContext {
                    no,
                    grace: grace.micros,
                    destination: consumer.destination,
                    since: index
                        .since
                        .get(usize::from(no.0))
                        .map_or(i64::MIN, |at| at.0),
                    has_inbox: consumer.inbox,
                    has_dead_letters: consumer.dead_letters,
                    progress: consumer.progress,
                    progress_failed: failed(&|role| role == PlaceRole::Progress(no)),
                    unread: failed(&|role| {
                        role == PlaceRole::Destination || role.consumer() == Some(no)
                    }),
                    inbox: proofs(PlaceRole::Inbox(no)),
                    dead_letters: proofs(PlaceRole::DeadLetters(no)),
                });
        Self {
            judgement: *judgement,
            looked_at: judgement.scan_at.min(index.scan_began).0,
            occasion: occasion(index, judgement),
            unread: failed(&|role| role.consumer().is_none()),
            publish_grace,
            transaction_micros: shape.grace.transaction_micros,
            has_outbox: shape.has_outbox,
            outbox_tells_sent: shape.outbox_tells_sent,
            deletes_after_send: shape.deletes_after_send,
            has_business: shape.has_business,
            keeps_versions: shape.keeps_versions,
            has_observer: shape.has_observer,
            outbox: proofs(PlaceRole::Outbox),
            business: proofs(PlaceRole::Business),
            destinations,
            consumers: consumers.collect(),
            lookback: lookback(index, publish_grace, judgement.slack_micros),
            relay_sent_up_to: index.relay_sent_up_to.max(index.bases.sent_up_to()),
            oldest_unsent: HashMap::new(),
            taken_versions: HashSet::new(),
        }
    }

    /// The occasion for a finding on one consumer, or on the publication. A scan that could not
    /// read what the finding rests on does not count as whole.
    pub(crate) fn occasion_of(&self, consumer: Option<usize>) -> Occasion {
        let consumer = consumer.and_then(|idx| self.consumers.get(idx));
        let unread = consumer.map_or(self.unread, |consumer| consumer.unread);
        Occasion {
            whole: self.occasion.whole && !unread,
            ..self.occasion
        }
    }

    /// Whether an event of that time was still within the grace for publishing when everything was
    /// looked at. What is late only since then may have been published in the meantime.
    pub(crate) fn may_still_be_published(&self, at: i64) -> bool {
        self.looked_at.saturating_sub(at) <= self.publish_grace
    }

    /// Whether that moment had not come yet when everything was looked at.
    pub(crate) fn is_to_come(&self, at: i64) -> bool {
        at > self.looked_at
    }

    /// What is said of something within its grace. Without a time the grace is counted from when it
    /// was first seen, which says nothing yet: it may have been there for a year. Neither does a
    /// time that has not come yet.
    pub(crate) fn not_late_yet(&self, since: Since) -> PublishCode {
        if since.is_untimed() {
            PublishCode::unknown(self.why_untimed(since))
        } else if self.is_ahead(since.at, self.publish_grace) {
            PublishCode::unknown(UnknownReason::ClockAhead)
        } else {
            PublishCode::PENDING
        }
    }

    /// Why a row carries no time: nobody knows in which zone it is written, or it has none.
    fn why_untimed(&self, since: Since) -> UnknownReason {
        let zone = UnknownReason::ZoneUnknown;
        let looked = self.outbox.absence(since.at, since.at);
        match looked == Err(Unproven::Because(zone)) {
            true => zone,
            false => UnknownReason::NoTime,
        }
    }

    /// Whether a time lies so far ahead that its grace could be waited for, and it would still not
    /// have come. What was seen has happened, so that its time is not true.
    pub(crate) fn is_ahead(&self, at: i64, grace: i64) -> bool {
        at.saturating_sub(self.looked_at) > grace.saturating_add(self.judgement.slack_micros)
    }

    /// What is said of a copy of that time while it is within the consumer's grace.
    pub(crate) fn in_flight(&self, at: i64, consumer: &ConsumerContext) -> Option<ConsumerCode> {
        if self.is_ahead(at, consumer.grace) {
            return Some(ConsumerCode::unknown(UnknownReason::ClockAhead));
        }
        let young = self.looked_at.saturating_sub(at) <= consumer.grace;
        young.then_some(ConsumerCode::IN_FLIGHT)
    }

    /// Up to when a table must be covered to show that nothing had begun by `late` which puts a row
    /// there. Whatever begins afterwards is late, however early the time is that its row carries.
    pub(crate) fn rows_until(late: i64) -> i64 {
        late.saturating_sub(Coverage::ROW_LEAD_MICROS)
    }

    /// Whether a broker transaction that was open then can have nobody left to end it.
    pub(crate) fn hangs(&self, since: i64) -> bool {
        self.judgement.now.0.saturating_sub(since) > self.transaction_micros
    }

    /// Whether no copy can have been missed of something that happened then.
    pub(crate) fn no_copy_since(&self, since: Since) -> Result<(), Unproven> {
        self.destinations.no_copy_since(since)
    }
}

fn occasion(index: &Index, judgement: &Judgement) -> Occasion {
    Occasion {
        now: judgement.now.0,
        scan: index.scan,
        scan_began: index.scan_began.0,
        whole: judgement.scan_at == index.scan_began,
        confirm_micros: index.shape.grace.confirm_micros,
    }
}

fn lookback(index: &Index, publish_grace: i64, slack: i64) -> i64 {
    if !index.shape.found_by_id {
        return i64::MAX;
    }
    let pace = index.delays.p99().max(index.bases.p99()).unwrap_or(0);
    publish_grace
        .max(pace.saturating_mul(2))
        .saturating_add(slack)
}
