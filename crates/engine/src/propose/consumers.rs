//! Who receives the events: groups, queues, inboxes and places of dead letters, put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use waybill_layouts::{BrokerKind, canon};
use waybill_model::{Consumer, ConsumerNo};
use waybill_source::{Broker, ConsumerRef, Topology};

use super::inboxes::FoundInbox;
use super::reach;
use super::{Question, Subject};

/// Groups that are asked how far they are.
const MAX_GROUPS: usize = 200;

/// The answer that leaves an inbox a consumer of its own.
const NONE_OF_THEM: &str = "none of them";

/// A consumer, and why it is taken for one.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) consumer: Consumer,
    pub(super) why: Vec<String>,
}

/// What the broker knows of the consumers of one destination.
pub(super) async fn heard(
    broker: &Arc<dyn Broker>,
    kind: BrokerKind,
    topology: &Topology,
    destination: &str,
) -> Vec<Found> {
    match kind {
        BrokerKind::Kafka => groups(broker, topology, destination).await,
        BrokerKind::RabbitMq => reach::queues(topology, destination)
            .into_iter()
            .map(|queue| Found {
                why: vec![format!("Queue {queue} is bound to {destination}.")],
                consumer: Consumer {
                    queue: Some(queue.clone()),
                    ..nobody(&queue)
                },
            })
            .collect(),
    }
}

async fn groups(broker: &Arc<dyn Broker>, topology: &Topology, topic: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for group in topology.groups.iter().take(MAX_GROUPS) {
        let asked = ConsumerRef {
            consumer: ConsumerNo(0),
            destination: topic.to_owned(),
            group: Some(group.clone()),
            queue: None,
        };
        // A group that may not be asked about is none we could watch.
        let Ok(progress) = broker.progress(&[asked]).await else {
            continue;
        };
        let mut partitions = progress.iter().flat_map(|progress| &progress.partitions);
        if partitions.any(|partition| partition.committed.is_some()) {
            found.push(Found {
                why: vec![format!("Group {group} has committed on {topic}.")],
                consumer: Consumer {
                    group: Some(group.clone()),
                    ..nobody(group)
                },
            });
        }
    }
    found
}

fn nobody(name: &str) -> Consumer {
    Consumer {
        name: plain(name),
        group: None,
        queue: None,
        inbox: None,
        dead_letters: None,
        since: None,
    }
}

/// As a profile and a filter can name it.
pub(super) fn plain(name: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .take(60)
        .collect();
    let name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
    match name {
        "" => "consumer".to_owned(),
        name => name.to_owned(),
    }
}

/// Gives each inbox to the consumer that it belongs to: as somebody said, who is called like it, or
/// the only one there is. Where several could be meant it becomes a consumer of its own, and that
/// is asked: without its queue or group nothing can ever be lost by it.
pub(super) fn with_inboxes(
    consumers: &mut Vec<Found>,
    inboxes: Vec<FoundInbox>,
    known: &BTreeMap<String, String>,
) -> Vec<Question> {
    let heard = consumers.len();
    let mut left = Vec::new();
    for found in inboxes {
        let name = known.get(&found.inbox.table);
        let owner = match name {
            Some(name) => free(consumers).position(|it| it.consumer.name == *name),
            None => free(consumers).position(|it| are_alike(&it.consumer.name, &found.label)),
        };
        let owner = owner.and_then(|nth| free(consumers).nth(nth));
        match owner {
            Some(owner) => owner.take(found, None),
            None => left.push((found, name.is_some())),
        }
    }
    let n_left = left.len();
    let mut questions = Vec::new();
    for (found, is_told) in left {
        let names: Vec<String> = free(&mut consumers[..heard])
            .map(|it| it.consumer.name.clone())
            .collect();
        match names.as_slice() {
            [only] if !is_told && n_left == 1 => {
                let why =
                    format!("{only} is the only one that receives them, and this the only inbox.");
                if let Some(owner) = free(&mut consumers[..heard]).next() {
                    owner.take(found, Some(why));
                }
                continue;
            }
            [] => {}
            _ if is_told => {}
            names => questions.push(whose(&found, names)),
        }
        consumers.push(alone(found));
    }
    questions
}

/// The consumers that have no inbox yet.
fn free(consumers: &mut [Found]) -> impl Iterator<Item = &mut Found> {
    consumers
        .iter_mut()
        .filter(|it| it.consumer.inbox.is_none())
}

impl Found {
    fn take(&mut self, found: FoundInbox, why: Option<String>) {
        self.consumer.inbox = Some(found.inbox);
        self.why.extend(found.why);
        self.why.extend(why);
    }
}

/// An inbox of which nothing says whose it is.
fn alone(found: FoundInbox) -> Found {
    Found {
        consumer: Consumer {
            inbox: Some(found.inbox),
            ..nobody(&found.label)
        },
        why: found.why,
    }
}

fn whose(found: &FoundInbox, names: &[String]) -> Question {
    let table = &found.inbox.table;
    let mut choices = names.to_vec();
    choices.push(NONE_OF_THEM.to_owned());
    Question {
        about: Subject::Inbox(table.clone()),
        text: format!(
            "Whose inbox is {table}? With its queue or group it can be told what that consumer lost."
        ),
        choices,
        default: NONE_OF_THEM.to_owned(),
        must_be_answered: false,
    }
}

fn are_alike(one: &str, other: &str) -> bool {
    let (one, other) = (canon(one), canon(other));
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    short.len() > 2 && long.contains(&short)
}

/// Gives each consumer the place of its dead letters that is called after it and the destination.
pub(super) fn with_dead_letters(consumers: &mut [Found], topology: &Topology, destination: &str) {
    let only = consumers.len() == 1;
    for found in consumers {
        let name = &found.consumer.name;
        if let Some(place) = reach::dead_letters(topology, destination, name, only) {
            found.why.push(format!("{place} is called after it."));
            found.consumer.dead_letters = Some(place);
        }
    }
}

/// No two consumers of a profile have the same name.
pub(super) fn with_names_of_their_own(flows: &mut [Vec<Found>]) {
    let mut taken: Vec<String> = Vec::new();
    for found in flows.iter_mut().flatten() {
        let name = found.consumer.name.clone();
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        if let Some(free) = names.find(|name| !taken.contains(name)) {
            taken.push(free.clone());
            found.consumer.name = free;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_belongs_to_whoever_is_called_like_it() {
        for (one, other, alike) in [
            ("search", "search", true),
            ("shop.search-service", "search", true),
            ("Search", "search_inbox", true),
            ("search", "billing", false),
            ("a", "abc", false),
        ] {
            assert_eq!(are_alike(one, other), alike, "{one} {other}");
        }
    }

    fn heard(names: &[&str]) -> Vec<Found> {
        let found = |name: &&str| Found {
            consumer: Consumer {
                queue: Some((*name).to_owned()),
                ..nobody(name)
            },
            why: Vec::new(),
        };
        names.iter().map(found).collect()
    }

    fn inbox(table: &str) -> FoundInbox {
        FoundInbox {
            inbox: serde_json::from_value(serde_json::json!({
                "table": table, "id": "id", "processed-at": "at"
            }))
            .expect("it is an inbox"),
            label: table.to_owned(),
            why: Vec::new(),
        }
    }

    /// Each consumer with its inbox, and what is asked.
    fn tied(queues: &[&str], inboxes: &[&str], known: &[(&str, &str)]) -> (String, usize) {
        let mut consumers = heard(queues);
        let inboxes = inboxes.iter().map(|table| inbox(table)).collect();
        let known = known
            .iter()
            .map(|(table, name)| ((*table).to_owned(), (*name).to_owned()))
            .collect();
        let questions = with_inboxes(&mut consumers, inboxes, &known);
        let told = |found: &Found| {
            let inbox = found.consumer.inbox.as_ref();
            let table = inbox.map_or("-", |inbox| inbox.table.as_str());
            format!("{}:{table}", found.consumer.name)
        };
        let told: Vec<String> = consumers.iter().map(told).collect();
        (told.join(" "), questions.len())
    }

    #[test]
    fn an_inbox_is_tied_to_its_queue_or_that_is_asked() {
        let check = |queues: &[&str], inboxes: &[&str], known: &[(&str, &str)], told: &str, n| {
            assert_eq!(tied(queues, inboxes, known), (told.to_owned(), n));
        };
        // By name, as the only ones there are, or not at all.
        check(
            &["crm", "search"],
            &["search_inbox"],
            &[],
            "crm:- search:search_inbox",
            0,
        );
        check(&["crm"], &["inbox_messages"], &[], "crm:inbox_messages", 0);
        let two = ["crm", "search"];
        let messages = ["inbox_messages"];
        let apart = "crm:- search:- inbox_messages:inbox_messages";
        check(&two, &messages, &[], apart, 1);
        check(
            &["crm"],
            &["inbox_a", "inbox_b"],
            &[],
            "crm:- inbox_a:inbox_a inbox_b:inbox_b",
            2,
        );
        // As somebody said.
        let said = [("inbox_messages", "search")];
        check(&two, &messages, &said, "crm:- search:inbox_messages", 0);
        let none = [("inbox_messages", NONE_OF_THEM)];
        check(&two, &messages, &none, apart, 0);
        check(
            &["crm"],
            &messages,
            &none,
            "crm:- inbox_messages:inbox_messages",
            0,
        );
    }

    #[test]
    fn names_can_be_written_and_are_told_apart() {
        assert_eq!(plain("Shop:Search/v2"), "Shop-Search-v2");
        assert_eq!(plain("..x"), "x");
        assert_eq!(plain("::"), "consumer");
        let found = |name: &str| Found {
            consumer: nobody(name),
            why: Vec::new(),
        };
        let mut flows = [vec![found("a"), found("b")], vec![found("a"), found("a")]];
        with_names_of_their_own(&mut flows);
        let names: Vec<&str> = flows
            .iter()
            .flatten()
            .map(|f| f.consumer.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b", "a-2", "a-3"]);
    }
}
