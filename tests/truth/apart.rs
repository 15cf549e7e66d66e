//! Messages that cannot be put together with the event they are about.

use std::collections::{BTreeMap, BTreeSet};

use waybill_model::{ConsumerVerdict, EventId, EventRow, PublishVerdict};
use waybill_world::{Apart, Expected};

/// The messages that belong to nothing, as the ledger knows them.
#[derive(Debug, Default)]
pub(crate) struct Strays {
    ids: BTreeSet<EventId>,
    /// Nameless ones by what they are about, and whether nobody stored that.
    nameless: BTreeMap<(String, Option<i64>), bool>,
}

impl Strays {
    pub(crate) fn note(&mut self, expected: &Expected) {
        match &expected.apart {
            Some(Apart::As(id)) => {
                self.ids.insert(id.clone());
            }
            Some(Apart::Nameless) => {
                let phantom = expected.publish == PublishVerdict::Phantom;
                for version in [Some(expected.version), None] {
                    let about = (expected.aggregate.clone(), version);
                    self.nameless.insert(about, phantom && version.is_some());
                }
            }
            None => {}
        }
    }

    /// What was wrongly said of a row that is such a message; `None` when it is no such message.
    pub(crate) fn wrongly_said(&self, row: &EventRow) -> Option<Vec<&'static str>> {
        let about = (row.aggregate.clone(), row.version);
        let phantom = match self.nameless.get(&about) {
            Some(phantom) if row.id.as_str().contains('@') => *phantom,
            _ if self.ids.contains(&row.id) => false,
            _ => return None,
        };
        let publish = &row.verdict.publish;
        let publish_is_right = match publish {
            PublishVerdict::Published | PublishVerdict::Unknown(_) => true,
            PublishVerdict::Phantom => phantom,
            _ => false,
        };
        let mut wrong = Vec::new();
        if !publish_is_right {
            wrong.push(publish.name());
        }
        let lost = |it: &&ConsumerVerdict| **it == ConsumerVerdict::LostByConsumer;
        let lost = row.verdict.consumers.iter().filter(lost);
        wrong.extend(lost.map(ConsumerVerdict::name));
        Some(wrong)
    }
}
