//! The paces of all edges, and the graces they amount to.

use waybill_model::{ConsumerNo, Grace, Marks};

use crate::GraceRules;
use crate::pace::Pace;

/// How long the youngest events took: to the broker, and to each consumer.
#[derive(Debug, Clone)]
pub(crate) struct Paces {
    pub(crate) publish: Pace,
    consumers: Vec<Pace>,
}

/// How long events may take, as of one judgement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graces {
    /// `None` before the first judgement.
    pub(crate) publish: Option<Grace>,
    /// One per consumer.
    pub(crate) consumers: Vec<Grace>,
}

impl Paces {
    pub(crate) fn new(consumers: usize) -> Self {
        Self {
            publish: Pace::default(),
            consumers: vec![Pace::default(); consumers],
        }
    }

    /// A consumer wrote an inbox row with these marks for a copy.
    pub(crate) fn consumed(&mut self, consumer: ConsumerNo, copied: i64, at: i64, marks: Marks) {
        if let Some(pace) = self.consumers.get_mut(usize::from(consumer.0))
            && !marks.contains(Marks::NO_TIME)
        {
            pace.add(copied, at);
        }
    }

    pub(crate) fn graces(&self, rules: &GraceRules, slack_micros: i64) -> Graces {
        let consumers = self.consumers.iter();
        Graces {
            publish: Some(rules.publish.of(&self.publish, slack_micros)),
            consumers: consumers
                .map(|pace| rules.consume.of(pace, slack_micros))
                .collect(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let consumers: usize = self.consumers.iter().map(Pace::heap_bytes).sum();
        self.publish.heap_bytes() + consumers
    }
}
