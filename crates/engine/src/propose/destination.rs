//! Where events go: by the library's rule, by what rows say, else by the broker's names.

use waybill_layouts::{BrokerKind, FoundTable, canon};
use waybill_source::{Channel, ChannelKind, Topology};

use super::outbox::Outbox;
use super::reach;

/// A place events may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goal {
    /// Topic or exchange.
    pub(super) name: String,
    /// What of it can be read: the topic itself, or a stream bound to the exchange.
    pub(super) readable: Option<String>,
    /// Why it is this one.
    pub(super) why: String,
}

/// How many destinations one outbox may have before its rule is not believed.
const MAX_GOALS: usize = 12;

/// A goal by its name.
pub(super) fn goal(topology: &Topology, name: &str, why: String) -> Goal {
    let is_topic = topology
        .channels
        .iter()
        .any(|channel| channel.name == name && channel.kind == ChannelKind::Topic);
    let stream = || reach::streams(topology, name).into_iter().next();
    Goal {
        name: name.to_owned(),
        readable: is_topic.then(|| name.to_owned()).or_else(stream),
        why,
    }
}

/// What rule and rows say, as far as the broker has it.
pub(super) fn told(outbox: &Outbox, broker: BrokerKind, topology: &Topology) -> Vec<Goal> {
    let on = outbox.layout.and_then(|layout| layout.on(broker));
    let (names, why) = match (
        on.and_then(|on| on.destination.as_deref()),
        &outbox.destination,
    ) {
        (Some(rule), _) => (
            by_rule(rule, &outbox.table),
            format!("The library sends to {rule}."),
        ),
        (None, Some(column)) => (
            values(&outbox.table, column),
            format!("Column {column} says so."),
        ),
        (None, None) => return Vec::new(),
    };
    let mut goals: Vec<Goal> = names
        .iter()
        .filter(|name| is_destination(topology, name))
        .map(|name| goal(topology, name, why.clone()))
        .collect();
    goals.truncate(MAX_GOALS);
    goals
}

/// All topics, or exchanges that lead somewhere, the most alike first.
pub(super) fn all(outbox: &Outbox, topology: &Topology) -> Vec<Goal> {
    let words = words_of(outbox);
    let is_full = |channel: &Channel| channel.depth.is_some_and(|depth| depth > 0);
    let nothing_anywhere = !topology.channels.iter().any(is_full);
    let mut goals: Vec<(usize, Goal)> = topology
        .channels
        .iter()
        .filter(|channel| is_destination(topology, &channel.name))
        .filter(|channel| !reach::is_dead_letters(&channel.name) && !is_retry(&channel.name))
        // What is empty tells nothing, unless all are.
        .filter(|channel| channel.depth != Some(0) || nothing_anywhere)
        .filter(|channel| {
            channel.kind == ChannelKind::Topic
                || !reach::channels(topology, &channel.name).is_empty()
        })
        .map(|channel| {
            let name = canon(&channel.name);
            let alike = words.iter().filter(|word| name.contains(*word)).count();
            let why = "Its name is like that of the outbox or of its events.".to_owned();
            (alike, goal(topology, &channel.name, why))
        })
        .collect();
    goals.sort_by_key(|(alike, goal)| (std::cmp::Reverse(*alike), goal.name.clone()));

    goals.into_iter().map(|(_, goal)| goal).collect()
}

/// A copy that waits for its next try is no publication.
fn is_retry(name: &str) -> bool {
    canon(name).contains("retry")
}

/// Whether a goal's name has anything to do with the outbox.
pub(super) fn is_alike(outbox: &Outbox, name: &str) -> bool {
    let name = canon(name);
    words_of(outbox).iter().any(|word| name.contains(word))
}

fn is_destination(topology: &Topology, name: &str) -> bool {
    let plain = !name.is_empty() && !name.starts_with("amq.");
    plain
        && topology.channels.iter().any(|channel| {
            let leads = matches!(channel.kind, ChannelKind::Topic | ChannelKind::Exchange);
            leads && channel.name == name
        })
}

/// Words of an outbox that a topic may be called after.
fn words_of(outbox: &Outbox) -> Vec<String> {
    const COMMON: [&str; 6] = [
        "outbox",
        "event",
        "events",
        "message",
        "messages",
        "published",
    ];
    let columns = [&outbox.settings.aggregate_type, &outbox.settings.kind];
    let columns = columns.into_iter().flatten();
    let said = columns.flat_map(|column| values(&outbox.table, column));
    let named = outbox.table.name.split(['_', '.', '-']).map(str::to_owned);
    let mut words: Vec<String> = said.chain(named).map(|word| canon(&word)).collect();
    words.retain(|word| word.len() > 2 && !COMMON.contains(&word.as_str()));
    words.sort();
    words.dedup();
    words
}

/// `{column}` filled in with every value there is.
fn by_rule(rule: &str, table: &FoundTable) -> Vec<String> {
    let Some((before, rest)) = rule.split_once('{') else {
        return vec![rule.to_owned()];
    };
    let Some((column, behind)) = rest.split_once('}') else {
        return Vec::new();
    };
    let values = values(table, column).into_iter();
    values
        .map(|value| format!("{before}{value}{behind}"))
        .collect()
}

/// The distinct values of a column, the most frequent first, addresses without what is around the
/// name.
fn values(table: &FoundTable, column: &str) -> Vec<String> {
    let mut counted: Vec<(usize, String)> = Vec::new();
    for value in table.values(column) {
        let name = last_name(value);
        match counted.iter_mut().find(|(_, known)| *known == name) {
            Some((n, _)) => *n += 1,
            None => counted.push((1, name)),
        }
    }
    counted.sort_by_key(|(n, name)| (std::cmp::Reverse(*n), name.clone()));
    counted.into_iter().map(|(_, name)| name).collect()
}

/// `rabbitmq://host/vhost/name?bind=true` and `exchange:name` name what comes last.
fn last_name(address: &str) -> String {
    const SHORT: [&str; 3] = ["exchange:", "topic:", "queue:"];
    let bare = address.split('?').next().unwrap_or(address);
    if let Some((_, path)) = bare.split_once("://") {
        let name = path.rsplit('/').next().unwrap_or(path);
        return name.replace("%3A", ":").replace("%3a", ":");
    }
    let short = SHORT.iter().find_map(|prefix| bare.strip_prefix(prefix));
    short.unwrap_or(address).to_owned()
}

#[cfg(test)]
mod tests {
    use super::last_name;

    #[test]
    fn addresses_name_what_comes_last() {
        for (address, name) in [
            (
                "rabbitmq://localhost/shop/Shop:ProductChanged",
                "Shop:ProductChanged",
            ),
            (
                "rabbitmq://localhost/Shop%3AChanged?bind=true",
                "Shop:Changed",
            ),
            ("exchange:products?type=topic", "products"),
            ("loopback://localhost/kafka/products", "products"),
            ("Shop:ProductChanged", "Shop:ProductChanged"),
            ("product-events", "product-events"),
        ] {
            assert_eq!(last_name(address), name);
        }
    }
}
