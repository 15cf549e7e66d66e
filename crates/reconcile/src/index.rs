//! The index: everything known in one session.

use std::sync::OnceLock;

use hashbrown::HashMap;
use waybill_model::{
    Clock, ConsumerNo, Control, Coverage, EventId, EventRow, EventVerdict, FlowBasis, Grace,
    LagReason, Marks, Micros, PlaceId, PlaceRole, Sibling, UnknownReason, Window, canonical_id,
};

use crate::basis::Bases;
use crate::controls::{Consumed, Controls};
use crate::coverage::CoverageBook;
use crate::delays::Delays;
use crate::paces::{Graces, Paces};
use crate::rules::{Destinations, Summary, of_no_copy};
use crate::store::{Business, Events, Near, State};
use crate::suspicion::Suspicions;
use crate::timelines::Timelines;
use crate::tracker::Movement;
use crate::verdicts::{ConsumerCode, PublishCode, Verdicts};
use crate::{
    ConsumerProgress, Counts, Judgement, Lane, LaneTimes, Oddities, OwnResend, ScanNo, Seen, Shape,
};

/// Everything known in one session: evidence by event, coverage by place, and the verdicts of the
/// latest judgement. Event numbers are stable; an event that turns out to be another one loses its
/// own number.
#[derive(Debug)]
pub struct Index {
    pub(crate) shape: Shape,
    pub(crate) roles: HashMap<PlaceId, PlaceRole>,
    pub(crate) clocks: HashMap<PlaceId, (Clock, u32)>,
    pub(crate) scan: ScanNo,
    pub(crate) scan_began: Micros,
    pub(crate) events: Events,
    /// Where the ids of each place and partition were found last.
    pub(crate) near: HashMap<(PlaceId, u32), Near>,
    pub(crate) business: Business,
    /// Business rows that have not been looked up among the events yet.
    pub(crate) unjoined: Vec<u32>,
    pub(crate) coverage: CoverageBook,
    pub(crate) movements: Vec<Movement>,
    /// Which consumers have left a trace: a row in their inbox, a dead letter.
    pub(crate) traces: Vec<bool>,
    pub(crate) own: HashMap<u32, Vec<OwnResend>>,
    /// Own resends of events that stand for others, and of those they stand for.
    pub(crate) kin_resends: HashMap<u32, Vec<OwnResend>>,
    /// Own resends of events that have not been seen (again) in this session.
    pub(crate) own_unseen: Vec<(EventId, OwnResend)>,
    pub(crate) delays: Delays,
    pub(crate) paces: Paces,
    pub(crate) graces: Graces,
    /// The youngest outbox row that the relay has sent, by its time of writing.
    pub(crate) relay_sent_up_to: Option<i64>,
    pub(crate) verdicts: Verdicts,
    pub(crate) suspicions: Suspicions,
    /// When consumers were registered; those beyond its end always were there.
    pub(crate) since: Vec<Micros>,
    pub(crate) timelines: Timelines,
    pub(crate) oddities: Oddities,
    pub(crate) copies: u64,
    pub(crate) oldest_unsent: Option<i64>,
    /// The oldest unsent event of each aggregate.
    pub(crate) heads: HashMap<u32, u32>,
    /// A destination has new copies since order within partitions was last looked at.
    pub(crate) new_copies: bool,
    /// Aggregates that events with copies were taken for before; their order has to be looked at.
    pub(crate) left_aggregates: Vec<u32>,
    /// By what events are recognised on both sides.
    pub(crate) bases: Bases,
    /// What the destinations proved at the latest judgement.
    pub(crate) destinations: Option<Destinations>,
    /// What is judged by, as of the latest judgement.
    pub(crate) judgement: Judgement,
    /// What shows that places speak; counted when it is first asked for after a judgement began.
    pub(crate) controls: OnceLock<Controls>,
    pub(crate) consumed: Vec<OnceLock<Consumed>>,
}

impl Index {
    /// An empty index.
    pub fn new(shape: Shape) -> Self {
        Self {
            roles: shape
                .places
                .iter()
                .map(|place| (place.id, place.role))
                .collect(),
            clocks: HashMap::new(),
            since: Vec::new(),
            scan: ScanNo(0),
            scan_began: Micros(i64::MIN),
            events: Events::new(&shape),
            near: HashMap::new(),
            business: Business::default(),
            unjoined: Vec::new(),
            coverage: CoverageBook::default(),
            movements: shape
                .consumers
                .iter()
                .map(|_| Movement::default())
                .collect(),
            traces: vec![false; shape.consumers.len()],
            own: HashMap::new(),
            kin_resends: HashMap::new(),
            own_unseen: Vec::new(),
            delays: Delays::default(),
            paces: Paces::new(shape.consumers.len()),
            graces: Graces::default(),
            relay_sent_up_to: None,
            verdicts: Verdicts::new(shape.consumers.len()),
            suspicions: Suspicions::default(),
            timelines: Timelines::new(&shape),
            oddities: Oddities::default(),
            copies: 0,
            oldest_unsent: None,
            heads: HashMap::new(),
            new_copies: false,
            left_aggregates: Vec::new(),
            bases: Bases::default(),
            destinations: None,
            judgement: Judgement::new(Micros(i64::MIN), Micros(i64::MIN)),
            controls: OnceLock::new(),
            consumed: shape.consumers.iter().map(|_| OnceLock::new()).collect(),
            shape,
        }
    }

    /// What the profile expects.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Says that a scan of all places begins at `at`; failures of earlier scans are forgotten.
    ///
    /// A [`Judgement`](crate::Judgement) with this very instant as its `scan_at` judges the scan
    /// as a whole; only such a one turns a suspicion into a confirmed verdict.
    pub fn begin_scan(&mut self, at: Micros) -> ScanNo {
        self.coverage.forget_failures();
        self.scan.0 += 1;
        self.scan_began = at;
        self.scan
    }

    /// The latest scan.
    pub fn scan(&self) -> ScanNo {
        self.scan
    }

    /// When that began; before all time where none has.
    pub fn scan_began(&self) -> Micros {
        self.scan_began
    }

    /// Takes in what a read proves to have seen.
    pub fn cover(&mut self, coverage: Coverage) {
        self.coverage.cover(coverage, self.scan_began.0);
    }

    /// Says that a place holds nothing from before that time: what is absent from then on was never
    /// there.
    pub fn begins(&mut self, place: PlaceId, at: Micros) {
        self.coverage.begins(place, at.0);
    }

    /// Says that a place could not be read (further) in this scan.
    pub fn failed(&mut self, place: PlaceId, why: impl Into<String>) {
        self.coverage.fail(place, why.into());
    }

    /// Takes in how far a consumer has moved. Looks of consumers that nobody expects are ignored.
    pub fn progress(&mut self, progress: &ConsumerProgress) {
        let consumer = usize::from(progress.consumer.0);
        let Some(movement) = self.movements.get_mut(consumer) else {
            return;
        };
        if movement.look(progress) {
            // What an event was found to be past may look different from closer by.
            for no in 0..self.events.len() {
                if self.verdicts.consumer(no, consumer) == ConsumerCode::PASSED {
                    self.events.unmark(no, State::SETTLED);
                }
            }
        }
    }

    /// Says that Waybill itself sent this event, as the journal knows it: confirmed sends only.
    /// The event counts as published, and that copy never as a duplicate.
    pub fn resent(&mut self, event: &EventId, resend: OwnResend) {
        match self.events.own_no_of(&canonical_id(event.as_str())) {
            Some(no) => self.note_resend(no, resend),
            None => self.own_unseen.push((event.clone(), resend)),
        }
    }

    pub(crate) fn note_resend(&mut self, no: u32, resend: OwnResend) {
        let known = self.own.entry(no).or_default();
        if !known.contains(&resend) {
            known.push(resend);
            for no in [no, self.events.head(no)] {
                self.events.unmark(no, State::SETTLED);
            }
            // A copy that turns out to be ours does not count for order.
            self.new_copies = true;
        }
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.timelines.order().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events have which verdict, as of the latest judgement.
    pub fn counts(&self) -> &Counts {
        self.verdicts.counts()
    }

    /// How many events of a window have which verdict, as of the latest judgement.
    pub fn counts_in(&self, window: Window) -> Counts {
        let mut counts = self.verdicts.none();
        for &no in self.in_window(window) {
            self.verdicts
                .count_into(&mut counts, no, self.suspicions.confirmed(no));
        }
        counts
    }

    /// One line of the grid; `None` for a number that is no event (any more).
    pub fn row(&self, no: u32) -> Option<EventRow> {
        crate::row::row(self, no)
    }

    /// The verdict on one event.
    pub fn verdict(&self, no: u32) -> Option<EventVerdict> {
        crate::row::verdict(self, no)
    }

    /// The events that one scan has found missing and none has confirmed, as of the latest
    /// judgement.
    pub fn suspected(&self) -> Vec<u32> {
        let mut suspected: Vec<u32> = self.suspicions.unconfirmed().collect();
        suspected.sort_unstable();
        suspected
    }

    /// The events whose rows wait in the outbox and are late, as of the latest judgement.
    pub fn stuck(&self) -> Vec<u32> {
        let mut stuck: Vec<u32> = self.suspicions.of(PublishCode::stuck_finding()).collect();
        stuck.sort_unstable();
        stuck
    }

    /// The events that a consumer's inbox holds and says not to be processed, and that are late or
    /// failed, as of the latest judgement.
    pub fn unprocessed(&self, consumer: ConsumerNo) -> Vec<u32> {
        let wanted = [
            ConsumerCode::FAILED,
            ConsumerCode::lagging(LagReason::Unprocessed),
        ];
        let of = |no: &u32| self.verdicts.consumer(*no, usize::from(consumer.0));
        let all = 0..self.events.len();
        all.filter(|no| wanted.contains(&of(no)) && self.events.visible(*no))
            .collect()
    }

    /// The events that an inbox lacks in which none of their neighbours was found either, as of the
    /// latest judgement.
    pub fn unheard(&self) -> Vec<u32> {
        let unheard = ConsumerCode::unknown(UnknownReason::NoControl);
        let consumers = 0..self.shape.consumers.len();
        let is_unheard = |no: u32| {
            let mut consumers = consumers.clone();
            consumers.any(|consumer| self.verdicts.consumer(no, consumer) == unheard)
        };
        let all = 0..self.events.len();
        all.filter(|no| is_unheard(*no) && self.events.visible(*no))
            .collect()
    }

    /// The events that have a copy and no row, where the row may be older than what was read, and
    /// the outbox was not asked for it by its id yet; as of the latest judgement.
    pub fn unasked(&self) -> Vec<u32> {
        let unread = PublishCode::unknown(UnknownReason::NotCovered);
        let all = 0..self.events.len();
        let unread = all.filter(|no| self.verdicts.publish(*no) == unread);
        unread
            .filter(|no| self.events.outbox_at(*no).is_none() && !self.was_asked_for(*no))
            .filter(|no| self.events.has_copy(*no) && self.events.visible(*no))
            .collect()
    }

    /// Says that what a consumer's inbox held of an event, unprocessed, is not there any more.
    pub fn inbox_row_gone(&mut self, no: u32, consumer: ConsumerNo) {
        self.events.hold_no_more(no, consumer);
    }

    /// Says that the outbox was asked for rows with these ids, after these events were seen. What
    /// it holds has been taken in; it holds no other.
    pub fn asked_for_rows(&mut self, ids: &[EventId]) {
        for id in ids {
            if let Some(no) = self.events.own_no_of(&canonical_id(id.as_str())) {
                self.asked_for_row(no);
            }
        }
    }

    /// Says that the table that would hold the row of an event was asked for it.
    pub fn asked_for_row(&mut self, no: u32) {
        self.events.mark(no, State::ASKED);
    }

    /// Whether a row was asked for under each id of an event.
    pub fn was_asked_for(&self, no: u32) -> bool {
        let mut members = self.events.members(no);
        members.all(|member| self.events.is(member, State::ASKED))
    }

    /// Says that the outbox row of an event is not there any more. Where rows are deleted once they
    /// are sent, that is how a row says that it was.
    pub fn row_gone(&mut self, no: u32) {
        let Some(written) = self.events.outbox_at(no) else {
            return;
        };
        self.events.outbox.mark(no, Marks::SENT | Marks::GONE);
        self.events.unmark(no, State::SETTLED);
        if !self.events.outbox_marks(no).contains(Marks::NO_TIME) {
            self.relay_sent(written);
        }
    }

    /// Why nobody can say that no copy of an event with an outbox row is out, as of the latest
    /// judgement; `None` when that is proven.
    pub fn copy_doubt(&self, no: u32) -> Option<UnknownReason> {
        let each = Summary::each(self, no);
        let missing = each.iter().find(|part| !part.reached_broker());
        let event = missing.or(each.first())?;
        let (written, destinations) = event.outbox.zip(self.destinations.as_ref())?;
        let absence = destinations.no_copy_since(written);
        of_no_copy(event, absence, self.shape.has_observer)
    }

    /// Says when a consumer was registered: nothing published before is expected of it.
    pub fn expect_since(&mut self, consumer: ConsumerNo, since: Micros) {
        let no = usize::from(consumer.0);
        if self.since.len() <= no {
            self.since.resize(no + 1, Micros(i64::MIN));
        }
        self.since[no] = since;
    }

    /// From when on an outbox row is to be sent, where it says that it is not so at once:
    /// [`waybill_model::DUE_LATER`] where it does not say when.
    pub fn due(&self, no: u32) -> Option<i64> {
        let due = self.events.due(no);
        (due != waybill_model::NO_DUE).then_some(due)
    }

    /// All that was seen of one event, in causal order.
    pub fn facts(&self, no: u32) -> Vec<Seen> {
        crate::row::facts(self, no)
    }

    /// What happened to one event, in sentences a person would say. Times are told in UTC.
    pub fn sentence(&self, no: u32) -> String {
        self.row(no)
            .map_or_else(String::new, |row| crate::sentence::event(self, &row))
    }

    /// The places whose reading without a gap the verdict on an event rests on.
    pub fn rests_on(&self, no: u32) -> Vec<PlaceId> {
        self.verdict(no).map_or_else(Vec::new, |verdict| {
            crate::sentence::rests_on(&verdict, &self.shape)
        })
    }

    /// What stands behind it when an event is said to be absent somewhere.
    pub fn controls(&self, no: u32) -> Vec<Control> {
        self.verdict(no).map_or_else(Vec::new, |verdict| {
            crate::controls::behind(self, no, &verdict)
        })
    }

    /// The number of an event by its id in any spelling.
    pub fn no_of(&self, id: &EventId) -> Option<u32> {
        self.events.no_of(&canonical_id(id.as_str()))
    }

    /// All ids under which an event was seen, its own first.
    pub fn ids(&self, no: u32) -> Vec<EventId> {
        let members = self.events.members(no);
        let ids = members.map(|member| EventId(self.events.id(member).into_owned()));
        ids.collect()
    }

    /// By what the messages of a destination are recognised (the rows of an inbox, the dead
    /// letters), as of the latest judgement; `None` for a place of which none was seen.
    pub fn basis(&self, place: PlaceId) -> Option<FlowBasis> {
        self.bases.found().find(|it| it.place == place).copied()
    }

    /// Up to `around` events of the same aggregate before and after one, in order, with itself.
    pub fn siblings(&self, no: u32, around: usize) -> Vec<Sibling> {
        crate::row::siblings(self, no, around)
    }

    /// The numbers of the events of a window, in order of time, as of the latest judgement.
    pub fn in_window(&self, window: Window) -> &[u32] {
        let order = self.timelines.order();
        let rank = |at: Micros| order.partition_point(|&no| self.at(no) < at.0);
        let (from, to) = (rank(window.from), rank(window.to));
        order.get(from..to).unwrap_or(&[])
    }

    /// The numbers of all events in order of time, as of the latest judgement.
    pub fn in_time_order(&self) -> &[u32] {
        self.timelines.order()
    }

    /// The times of one lane, as of the latest judgement; empty for a place or consumer that the
    /// shape does not name.
    pub fn lane(&self, lane: Lane) -> &LaneTimes {
        self.timelines.lane(lane)
    }

    /// What was read without loss so far, one entry per place and partition.
    pub fn coverage(&self) -> Vec<Coverage> {
        self.coverage.merged()
    }

    /// When the oldest outbox row was written that is not sent and has no copy, as of the latest
    /// judgement.
    pub fn oldest_unsent(&self) -> Option<Micros> {
        self.oldest_unsent.map(Micros)
    }

    /// From outbox row to copy, in microseconds: 99 of 100 events were quicker, within an eighth.
    /// `None` before the first one.
    pub fn relay_p99_micros(&self) -> Option<i64> {
        self.delays.p99()
    }

    /// How long an event may take from its outbox row to its copy, as of the latest judgement.
    pub fn publish_grace(&self) -> Option<Grace> {
        self.graces.publish
    }

    /// How long a copy may take to each consumer, as of the latest judgement; empty before the first.
    pub fn consume_graces(&self) -> &[Grace] {
        &self.graces.consumers
    }

    /// How many copies were seen at destinations, our own included.
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// Rows and messages that could not be used, or only in part.
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// Bytes held, for accounting.
    pub fn heap_bytes(&self) -> usize {
        let movements: usize = self.movements.iter().map(Movement::heap_bytes).sum();
        self.events.heap_bytes()
            + self.business.heap_bytes()
            + self.verdicts.heap_bytes()
            + self.suspicions.heap_bytes()
            + self.timelines.heap_bytes()
            + self.own.allocation_size()
            + self.bases.heap_bytes()
            + self.heads.allocation_size()
            + self.controls.get().map_or(0, Controls::heap_bytes)
            + self.paces.heap_bytes()
            + movements
    }

    /// How far clocks may be apart.
    pub(crate) fn slack(&self) -> i64 {
        self.judgement.slack_micros
    }

    /// Up to when everything was looked at.
    pub(crate) fn looked_at(&self) -> i64 {
        self.judgement.scan_at.min(self.scan_began).0
    }

    pub(crate) fn publish_grace_micros(&self) -> i64 {
        self.graces.publish.map_or(0, |grace| grace.micros)
    }

    /// Whether nothing has come to any destination since then, by positions noted before.
    pub(crate) fn is_still_since(&self, at: i64) -> bool {
        let places = self.shape.places.iter();
        let mut destinations = places.filter(|place| place.role == PlaceRole::Destination);
        destinations.all(|place| {
            let since = self.coverage.still_since(place.id);
            since.is_some_and(|since| since <= at)
        })
    }

    /// What the destinations prove, as far as they are covered now.
    pub(crate) fn destinations_now(&self) -> Destinations {
        Destinations::now(self, &self.judgement, self.publish_grace_micros())
    }

    /// What an event is about, as business rows write it; 0 where it does not tell.
    pub(crate) fn full_aggregate(&self, no: u32) -> u32 {
        self.business.aggregate_of(self.events.aggregate(no))
    }

    /// Whether an event says of which version of which aggregate it is.
    pub(crate) fn tells_change(&self, no: u32) -> bool {
        self.full_aggregate(no) != 0 && self.events.version(no) != waybill_model::NO_VERSION
    }

    /// When an event first happened, as its earliest stage says, in microseconds since 1970.
    pub(crate) fn at(&self, no: u32) -> i64 {
        crate::row::at(&self.events, &self.business, no)
    }
}
