//! What is known at one judgement, and which seconds of which place were read without loss.

use std::collections::BTreeSet;

use waybill_model::{ConsumerNo, GapReason, Marks, PlaceId, PlaceRole, UnknownReason};

use super::history::{EVER, Fact, History, Look, Moment, Read, Resend, Sighting};
use crate::Shape;

/// A row's time may be that much older than the transaction that writes it.
pub(super) const ROW_LEAD: i64 = 2;

/// After anything that is asked about.
const LAST: i64 = 350;

/// All that was told up to one judgement.
pub(super) struct Known<'a> {
    pub(super) shape: &'a Shape,
    pub(super) moment: Moment,
    /// When the scan began that is judged.
    began: i64,
    pub(super) slack: i64,
    /// When each consumer was registered, where that is known.
    pub(super) since: &'a [Option<i64>],
    /// The latest reading of each row and message.
    pub(super) seen: Vec<Sighting>,
    /// When the rows were written that ever said they were sent.
    pub(super) sent_rows: Vec<i64>,
    /// Since when those may have been there.
    pub(super) sent_since: Vec<i64>,
    pub(super) looks: Vec<&'a Look>,
    pub(super) resends: Vec<&'a Resend>,
    reads: Vec<&'a Read>,
    /// Places that this scan could not read.
    failed: &'a [PlaceId],
    /// For each place and each second: whether nothing can have been missed.
    proven: Vec<(PlaceId, Vec<bool>)>,
}

/// Why absence is not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A place that is needed could not be read.
    Failed,
    /// Not read without loss, for one of these reasons.
    Because(Vec<UnknownReason>),
}

impl<'a> Known<'a> {
    /// What is known when the scan `nth` is judged at `moment`.
    pub(super) fn new(history: &'a History, nth: usize, moment: Moment) -> Self {
        let mut known = Self {
            shape: &history.shape,
            moment,
            began: history.scans[nth].began,
            slack: history.slack,
            since: &history.since,
            seen: Vec::new(),
            sent_rows: Vec::new(),
            sent_since: Vec::new(),
            looks: Vec::new(),
            resends: Vec::new(),
            reads: Vec::new(),
            failed: &history.scans[nth].failed,
            proven: Vec::new(),
        };
        for scan in &history.scans[..=nth] {
            for fact in &scan.facts {
                match fact {
                    Fact::Seen(new) => {
                        known.see(new);
                        let of_outbox = known.places(PlaceRole::Outbox).contains(&new.place);
                        if of_outbox && new.marks.contains(Marks::SENT) {
                            // Without a time it does not say how far the relay has come.
                            if !new.marks.contains(Marks::NO_TIME) {
                                known.sent_rows.push(new.at);
                            }
                            known.sent_since.push(new.since());
                        }
                    }
                    Fact::Looked(look) => known.looks.push(look),
                    Fact::Resent(resend) => known.resends.push(resend),
                    Fact::Read(read) => known.reads.push(read),
                }
            }
        }
        for place in &history.shape.places {
            let seconds = (EVER..LAST).map(|second| known.reads_prove(place.id, second));
            let seconds = seconds.collect();
            known.proven.push((place.id, seconds));
        }
        known
    }

    /// What happened by then was there to be seen.
    pub(super) fn looked_at(&self) -> i64 {
        self.moment.scan_at.min(self.began)
    }

    /// The latest reading of a coordinate counts; of an inbox row that was processed, the latest
    /// that says so. Without a time, what counts is when it was first seen in that state.
    fn see(&mut self, new: &Sighting) {
        let mut new = new.clone();
        let again = |old: &Sighting| old.coordinate() == new.coordinate();
        if let Some(at) = self.seen.iter().position(again) {
            let (waited, waits) = (self.waits(&self.seen[at]), self.waits(&new));
            if waits && !waited {
                return;
            }
            let old = self.seen.remove(at);
            if new.marks.contains(Marks::NO_TIME) && waits == waited {
                new.at = new.at.min(old.at);
            }
        }
        self.seen.push(new);
    }

    /// Whether it is an inbox row of a consumer whose inbox tells states, and does not say that the
    /// event was processed: in no state, failed, or with its time of processing and an error.
    pub(super) fn waits(&self, sighting: &Sighting) -> bool {
        let place = self.shape.places.iter().find(|it| it.id == sighting.place);
        let Some(PlaceRole::Inbox(ConsumerNo(no))) = place.map(|place| place.role) else {
            return false;
        };
        let sent = sighting.marks.contains(Marks::SENT);
        let failed = sighting.marks.contains(Marks::FAILED);
        self.shape.consumers[usize::from(no)].inbox_tells && (!sent || failed)
    }

    /// The places of one role.
    pub(super) fn places(&self, role: PlaceRole) -> Vec<PlaceId> {
        let places = self.shape.places.iter().filter(|place| place.role == role);
        places.map(|place| place.id).collect()
    }

    /// Whether this scan failed to read a place of that role.
    pub(super) fn could_not_read(&self, role: PlaceRole) -> bool {
        let places = self.places(role);
        places.iter().any(|place| self.failed.contains(place))
    }

    /// Whether nothing can have been missed at any place of that role from second `from` up to but
    /// excluding `to`.
    pub(super) fn absent(&self, role: PlaceRole, from: i64, to: i64) -> Result<(), Doubt> {
        let (from, to) = (from.max(EVER), to.max(from + 1));
        let places = self.places(role);
        if places.is_empty() {
            return Err(Doubt::Because(vec![UnknownReason::NotCovered]));
        }
        let mut reasons = Vec::new();
        for place in places {
            let doubtful: Vec<i64> = (from..to).filter(|&s| !self.is_proven(place, s)).collect();
            if doubtful.is_empty() {
                continue;
            }
            if self.failed.contains(&place) {
                return Err(Doubt::Failed);
            }
            for second in doubtful {
                reasons.extend(self.reasons(place, second));
            }
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(Doubt::Because(reasons))
        }
    }

    /// The first second from `from` on that is not proven at one of the places.
    pub(super) fn proven_until(&self, role: PlaceRole, from: i64) -> i64 {
        let places = self.places(role);
        let mut second = from.max(EVER);
        while places.iter().all(|&place| self.is_proven(place, second)) {
            second += 1;
        }
        second
    }

    /// The looks at one consumer, in order of time.
    pub(super) fn looks_at(&self, consumer: ConsumerNo) -> Vec<&'a Look> {
        let of_consumer = |look: &&&Look| look.consumer == usize::from(consumer.0);
        let mut looks: Vec<&Look> = self.looks.iter().filter(of_consumer).copied().collect();
        looks.sort_by_key(|look| look.at);
        looks
    }

    pub(super) fn is_proven(&self, place: PlaceId, second: i64) -> bool {
        if !(EVER..LAST).contains(&second) {
            return false;
        }
        let idx = (second - EVER) as usize;
        let of_place = self.proven.iter().find(|(known, _)| *known == place);
        of_place.is_some_and(|(_, seconds)| seconds[idx])
    }

    /// Every partition that was ever told of must have been read.
    fn reads_prove(&self, place: PlaceId, second: i64) -> bool {
        let mut known = false;
        for read in self.reads.iter().filter(|read| read.place == place) {
            known = true;
            let same = |other: &&&Read| (other.place, other.partition) == (place, read.partition);
            let mut of_partition = self.reads.iter().filter(same);
            if !of_partition.any(|read| read.proves(second)) {
                return false;
            }
        }
        known
    }

    /// Why a second is not proven: what the reads of each partition say that should have covered
    /// it there.
    fn reasons(&self, place: PlaceId, second: i64) -> Vec<UnknownReason> {
        let here = || self.reads.iter().filter(|read| read.place == place);
        let partitions: BTreeSet<Option<u32>> = here().map(|read| read.partition).collect();
        let mut reasons = Vec::new();
        for partition in partitions {
            let reads = || here().filter(|read| read.partition == partition);
            if reads().any(|read| read.proves(second)) {
                continue;
            }
            let gaps = reads().flat_map(|read| &read.gaps);
            let told = gaps.filter(|(from, to, _)| (*from..*to).contains(&second));
            let before = reasons.len();
            reasons.extend(told.map(|(_, _, reason)| unknown(reason)));
            if reasons.len() == before {
                reasons.push(UnknownReason::NotCovered);
            }
        }
        if reasons.is_empty() {
            reasons.push(UnknownReason::NotCovered);
        }
        reasons
    }
}

impl Read {
    fn proves(&self, second: i64) -> bool {
        let in_gap = |(from, to, _): &(i64, i64, GapReason)| (*from..*to).contains(&second);
        (self.from..self.to).contains(&second) && !self.gaps.iter().any(in_gap)
    }
}

fn unknown(reason: &GapReason) -> UnknownReason {
    match reason {
        GapReason::Retention => UnknownReason::RetentionPassed,
        GapReason::Compacted => UnknownReason::Compacted,
        GapReason::OpenTransactions => UnknownReason::OpenTransactions,
        GapReason::TapClosed => UnknownReason::NoObserver,
        GapReason::NotReadable(_) => UnknownReason::NotGathered,
        GapReason::RowsHidden(_) => UnknownReason::RowsHidden,
        GapReason::ReplicaBehind(_) => UnknownReason::ReplicaBehind,
        GapReason::TransactionsHidden(_) => UnknownReason::TransactionsHidden,
        GapReason::NoTimes(_) => UnknownReason::NoTime,
        GapReason::ZoneUnknown(_) => UnknownReason::ZoneUnknown,
        GapReason::Failed(_) => UnknownReason::SourceFailed,
        GapReason::Cancelled | GapReason::TapOverflow => UnknownReason::NotCovered,
        GapReason::Cap => UnknownReason::ScanLimit,
        GapReason::NotBound(_) => UnknownReason::NotBound,
        GapReason::UntrueTimes => UnknownReason::UntrueTimes,
    }
}
