//! The judgement: verdicts on every event that may have changed.

use waybill_model::{ConsumerNo, Flags, Marks, NO_VERSION, PlaceId, VerdictClass};

use crate::index::Index;
use crate::order::ORDER_FLAGS;
use crate::rules::{self, Context, Head, Summary};
use crate::store::{State, to_send_at};
use crate::verdicts::{self, ConsumerCode, PublishCode};
use crate::{ConsumerShape, Counts, Judgement, Lane, OwnResend};

/// What the rules said of one event.
#[derive(Debug, Clone)]
struct Outcome {
    publish: PublishCode,
    consumers: Vec<ConsumerCode>,
    flags: Flags,
    settled: bool,
}

impl Index {
    /// Reaches a verdict on every event that may have changed: new evidence, new coverage, or just
    /// later. What has arrived everywhere is settled and costs nothing until it is seen again.
    pub fn judge(&mut self, judgement: &Judgement) -> &Counts {
        self.adopt_resends();
        self.find_bases(judgement.slack_micros);
        self.join();
        self.gather_resends();
        self.judge_order();
        self.graces = self.paces.graces(&self.shape.grace, judgement.slack_micros);
        self.judgement = *judgement;
        self.forget_controls();
        let mut context = Context::new(self, judgement);
        self.survey(&mut context);
        let mut outcome = Outcome {
            publish: PublishCode::PUBLISHED,
            consumers: Vec::new(),
            flags: Flags::empty(),
            settled: false,
        };
        let mut wanted = Vec::new();
        for no in 0..self.events.len() {
            if self.events.is(no, State::SETTLED) || !self.events.visible(no) {
                continue;
            }
            self.reach(no, &context, &mut outcome);
            let class = self.apply(no, &outcome, &context);
            if class.needs_action() {
                wanted.push(self.at(no));
            }
        }
        let heads = context.oldest_unsent.iter();
        self.heads = heads
            .map(|(aggregate, head)| (*aggregate, head.no))
            .collect();
        self.destinations = Some(context.destinations);
        self.settle_timelines(wanted);
        self.verdicts.counts()
    }

    /// Own resends of an event as the journal knows them.
    pub(crate) fn resends(&self, no: u32) -> &[OwnResend] {
        let told = if self.events.is(no, State::HEAD) {
            &self.kin_resends
        } else {
            &self.own
        };
        told.get(&no).map_or(&[], Vec::as_slice)
    }

    /// Takes an event out of the counts, before its verdict changes.
    pub(crate) fn uncount(&mut self, no: u32) {
        self.verdicts.uncount(no, self.suspicions.confirmed(no));
    }

    /// Learns from all unsettled events together what the verdict on one of them needs.
    fn survey(&mut self, context: &mut Context) {
        self.oldest_unsent = None;
        let mut overtaken = Vec::new();
        for no in 0..self.events.len() {
            if self.events.is(no, State::SETTLED) || !self.events.visible(no) {
                continue;
            }
            self.survey_unsent(no, context);
            self.survey_processed(no);
            overtaken.extend(self.overtaken_version(no));
        }
        if overtaken.is_empty() {
            return;
        }
        overtaken.sort_unstable();
        for no in 0..self.events.len() {
            if self.events.outbox.has(no) {
                let change = self.change_of(no);
                if overtaken.binary_search(&change).is_ok() {
                    context.taken_versions.insert(change);
                }
            }
        }
    }

    fn survey_unsent(&mut self, no: u32, context: &mut Context) {
        let Some(written) = self.events.outbox_at(no) else {
            return;
        };
        let marks = self.events.outbox_marks(no);
        let sent = marks.contains(Marks::SENT);
        let reached_broker = (self.events.has_copy(no)
            || !self.resends(no).is_empty()
            || crate::row::consumed(&self.events, no).is_some())
            && !rules::of_weak_matches(self, no);
        let written = to_send_at(written, marks, self.events.due(no));
        if sent || reached_broker || context.is_to_come(written) {
            return;
        }
        let oldest = self.oldest_unsent.get_or_insert(written);
        *oldest = written.min(*oldest);
        let head = Head {
            written,
            position: self.events.outbox.position(no),
            no,
        };
        let of_aggregate = context
            .oldest_unsent
            .entry(self.full_aggregate(no))
            .or_insert(head);
        *of_aggregate = head.min(*of_aggregate);
    }

    /// Notes how far each consumer had come by when. An event with copies in several partitions, or
    /// with resends, may have been processed from any of them, so it tells nothing.
    fn survey_processed(&mut self, no: u32) {
        let mut shapes = self.shape.consumers.iter();
        if !shapes.any(ConsumerShape::tells_progress) {
            return;
        }
        let Some(first) = self.events.copies(no).min_by_key(|copy| copy.position) else {
            return;
        };
        let resent = !self.resends(no).is_empty();
        let here: Vec<(PlaceId, u32)> = if resent || self.events.is_plural(no) {
            let copies = self.events.copies(no);
            copies.map(|copy| (copy.place, copy.partition)).collect()
        } else {
            Vec::new()
        };
        let apart = here
            .iter()
            .any(|&here| here != (first.place, first.partition));
        // Of what was never judged nothing was noted.
        let noted = self.verdicts.judged(no);
        let shapes = (0..=u8::MAX).zip(&self.shape.consumers);
        for ((consumer, shape), movement) in shapes.zip(&mut self.movements) {
            if !shape.tells_progress() {
                continue;
            }
            for &(place, partition) in here.iter().filter(|_| noted) {
                movement.forget_processed(no, place, partition);
            }
            if resent || apart {
                continue;
            }
            if let Some(at) = self.events.inbox_at(no, ConsumerNo(consumer)) {
                let coordinate = (first.place, first.partition, first.position);
                movement.processed(no, coordinate, at);
            }
        }
    }

    /// The change of a message without a row whose aggregate has moved on.
    fn overtaken_version(&self, no: u32) -> Option<(u32, i64)> {
        if self.business.len() == 0 || self.events.outbox.has(no) {
            return None;
        }
        let seen = self.events.has_copy(no) || crate::row::consumed(&self.events, no).is_some();
        if !seen {
            return None;
        }
        let (aggregate, version) = self.change_of(no);
        let newest = self.business.newest(aggregate)?;
        (version != NO_VERSION && newest > version).then_some((aggregate, version))
    }

    fn change_of(&self, no: u32) -> (u32, i64) {
        (self.full_aggregate(no), self.events.version(no))
    }

    fn reach(&self, no: u32, context: &Context, outcome: &mut Outcome) {
        let event = Summary::new(self, no);
        outcome.publish = rules::publish(&event, context);
        outcome.consumers.clear();
        for consumer in &context.consumers {
            let code = if event.outweighed {
                ConsumerCode::NOT_DUE
            } else {
                rules::consumer(&event, outcome.publish, consumer, context)
            };
            outcome.consumers.push(code);
        }
        outcome.flags = rules::flags(&event, context);
        let row_may_tell = match context.has_outbox {
            true => event.outbox.is_none() && !context.deletes_after_send,
            false => event.stored.is_none() && context.has_business,
        };
        let anchored = !row_may_tell;
        outcome.settled = outcome.publish == PublishCode::PUBLISHED
            && anchored
            && outcome.consumers.iter().all(|&code| {
                let arrived = [
                    ConsumerCode::PROCESSED,
                    ConsumerCode::PASSED,
                    ConsumerCode::NOT_DUE,
                ];
                arrived.contains(&code)
            });
    }

    fn apply(&mut self, no: u32, outcome: &Outcome, context: &Context) -> VerdictClass {
        self.uncount(no);
        self.verdicts.set_publish(no, outcome.publish);
        for (consumer, &code) in outcome.consumers.iter().enumerate() {
            let newly =
                code == ConsumerCode::PASSED && self.verdicts.consumer(no, consumer) != code;
            if newly && let Some(at) = self.first_copy_at(no) {
                self.timelines
                    .add(Lane::Consumer(ConsumerNo(consumer as u8)), at);
            }
            self.verdicts.set_consumer(no, consumer, code);
        }
        let ordered = self.verdicts.flags(no).intersection(ORDER_FLAGS);
        self.verdicts.set_flags(no, outcome.flags | ordered);
        let class = self.verdicts.class(no);
        match class {
            VerdictClass::Missing | VerdictClass::Phantom | VerdictClass::Late => {
                let finding = self.verdicts.finding(no, class);
                let occasion = context.occasion_of(verdicts::consumer_of(finding));
                self.suspicions.found(no, finding, &occasion);
            }
            _ => self.suspicions.clear(no),
        }
        if outcome.settled {
            self.events.mark(no, State::SETTLED);
        }
        self.verdicts.count(no, self.suspicions.confirmed(no));
        class
    }

    fn first_copy_at(&self, no: u32) -> Option<i64> {
        self.events.copies(no).map(|copy| copy.at).min()
    }

    fn settle_timelines(&mut self, needing_action: Vec<i64>) {
        let mut timelines = std::mem::replace(
            &mut self.timelines,
            crate::timelines::Timelines::new(&self.shape),
        );
        timelines.settle_order(&mut self.events, &self.business);
        timelines.replace(Lane::Missing, needing_action);
        timelines.settle_lanes(|lane| self.lane_times(lane));
        self.timelines = timelines;
    }

    /// All times of a lane, in the order of event numbers.
    fn lane_times(&self, lane: Lane) -> Vec<i64> {
        let events = &self.events;
        let numbers = (0..events.len()).filter(|&no| events.visible(no));
        match lane {
            // Replaced by every judgement.
            Lane::Missing => Vec::new(),
            Lane::Stored => self.stored_times(),
            Lane::Outbox => numbers
                .filter_map(|no| crate::row::written_at(events, no))
                .collect(),
            Lane::Published(place) => numbers
                .flat_map(|no| events.copies(no))
                .filter(|copy| copy.place == place)
                .map(|copy| copy.at)
                .collect(),
            Lane::Consumer(consumer) => numbers
                .filter_map(|no| self.consumed_at(no, consumer))
                .collect(),
        }
    }

    fn consumed_at(&self, no: u32, consumer: ConsumerNo) -> Option<i64> {
        let processed = self.events.inbox_at(no, consumer);
        let code = self.verdicts.consumer(no, usize::from(consumer.0));
        processed.or_else(|| {
            self.first_copy_at(no)
                .filter(|_| code == ConsumerCode::PASSED)
        })
    }
}
