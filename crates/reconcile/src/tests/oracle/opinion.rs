//! The second opinion: what may be said of every event after each judgement.

use waybill_model::{
    ConsumerNo, ConsumerVerdict, EventId, EventVerdict, Flags, MatchBasis, Phase, PublishVerdict,
    VerdictClass,
};

use super::consumer::consumer;
use super::event::Picture;
use super::feed;
use super::flags::flags;
use super::history::History;
use super::known::Known;
use super::phase::{Finding, phase};
use super::publish::publish;
use crate::Index;

/// What may be said of one event. Where several reasons hold for not knowing, all are listed.
#[derive(Debug, Clone)]
pub(super) struct Opinion {
    pub(super) id: String,
    pub(super) publish: Vec<PublishVerdict>,
    pub(super) consumers: Vec<Vec<ConsumerVerdict>>,
    pub(super) flags: Flags,
    pub(super) phase: Phase,
    /// It is one with others by aggregate and version.
    pub(super) by_version: bool,
}

impl Opinion {
    /// The worst of its parts. Alternatives differ in their reason only.
    pub(super) fn class(&self) -> VerdictClass {
        let consumers = self.consumers.iter().map(|told| told[0].class());
        consumers.fold(self.publish[0].class(), Ord::min)
    }

    /// Whether a verdict says the same.
    pub(super) fn agrees(&self, verdict: &EventVerdict) -> bool {
        let publish = match &verdict.publish {
            PublishVerdict::NotChecked(_) => PublishVerdict::NotChecked(String::new()),
            other => other.clone(),
        };
        let mut consumers = self.consumers.iter().zip(&verdict.consumers);
        self.publish.contains(&publish)
            && self.consumers.len() == verdict.consumers.len()
            && consumers.all(|(told, verdict)| told.contains(verdict))
            && self.flags == verdict.flags
            && self.phase == verdict.phase
            && (!self.by_version || verdict.basis == MatchBasis::AggregateVersion)
    }
}

/// The opinions after every judgement of a history, in the order of the judgements.
pub(super) fn opinions(history: &History) -> Vec<Vec<Opinion>> {
    let mut findings: Vec<(String, Vec<Finding>)> = Vec::new();
    let mut after = Vec::new();
    for (nth, scan) in history.scans.iter().enumerate() {
        for &moment in &scan.judged {
            let known = Known::new(history, nth, moment);
            let picture = Picture::new(&known);
            let all = &picture.events;
            let mut opinions = Vec::new();
            for (idx, event) in all.iter().enumerate() {
                let publish = publish(event, &picture, &known);
                let consumers = (0..=u8::MAX).take(history.shape.consumers.len());
                let consumers = consumers
                    .map(|no| consumer(event, &publish, ConsumerNo(no), &picture, &known))
                    .collect();
                let mut opinion = Opinion {
                    id: event.id.clone(),
                    publish,
                    consumers,
                    flags: flags(idx, all, &known),
                    by_version: !event.other_ids.is_empty(),
                    phase: Phase::Suspected,
                };
                let finding = Finding::new(nth, moment, &opinion);
                let known = findings.iter().position(|(id, _)| *id == opinion.id);
                let known = known.unwrap_or_else(|| {
                    findings.push((opinion.id.clone(), Vec::new()));
                    findings.len() - 1
                });
                findings[known].1.push(finding);
                opinion.phase = phase(opinion.class(), &findings[known].1, history);
                opinions.push(opinion);
            }
            for (id, findings) in &mut findings {
                if !opinions.iter().any(|opinion| opinion.id == *id) {
                    // It is another event at present.
                    findings.push(Finding::nothing(nth, moment));
                }
            }
            after.push(opinions);
        }
    }
    after
}

/// What the index says of every event after every judgement, by id.
pub(super) fn verdicts(history: &History) -> Vec<Vec<(String, EventVerdict)>> {
    let mut index = history.index();
    let mut after = Vec::new();
    for scan in &history.scans {
        index.begin_scan(crate::tests::company::secs(scan.began));
        for fact in &scan.facts {
            feed::tell(&mut index, fact);
        }
        for place in &scan.failed {
            index.failed(*place, "refused");
        }
        for &moment in &scan.judged {
            feed::judge(&mut index, moment, history.slack);
            after.push(told(&index));
        }
    }
    after
}

/// All events and their verdicts, sorted by id.
pub(super) fn told(index: &Index) -> Vec<(String, EventVerdict)> {
    let numbers = index.in_time_order().iter();
    let mut all: Vec<(String, EventVerdict)> = numbers
        .map(|&no| {
            let EventId(id) = index
                .row(no)
                .expect("what stands in the order is visible")
                .id;
            (
                id,
                index
                    .verdict(no)
                    .expect("what stands in the order is visible"),
            )
        })
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}
