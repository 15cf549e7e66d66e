//! Who receives the events: groups, queues, inboxes and places of dead letters, put together.

use std::sync::Arc;

use waybill_layouts::{BrokerKind, canon};
use waybill_model::{Consumer, ConsumerNo};
use waybill_source::{Broker, ConsumerRef, Topology};

use super::inboxes::FoundInbox;
use super::reach;

/// Groups that are asked how far they are.
const MAX_GROUPS: usize = 200;

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

/// Gives each inbox to the consumer that is called like it, else makes one of it.
pub(super) fn with_inboxes(consumers: &mut Vec<Found>, inboxes: Vec<FoundInbox>) {
    for found in inboxes {
        let is_called_so = |known: &&mut Found| {
            known.consumer.inbox.is_none() && are_alike(&known.consumer.name, &found.label)
        };
        match consumers.iter_mut().find(is_called_so) {
            Some(known) => {
                known.consumer.inbox = Some(found.inbox);
                known.why.extend(found.why);
            }
            None => consumers.push(Found {
                consumer: Consumer {
                    inbox: Some(found.inbox),
                    ..nobody(&found.label)
                },
                why: found.why,
            }),
        }
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
