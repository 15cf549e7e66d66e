//! Where events go: by the library's rule, by what rows say, else by the broker's names.

use waybill_layouts::{BrokerKind, FoundTable, canon};
use waybill_model::InColumn;
use waybill_source::{Channel, ChannelKind, Topology, destination_name, text_at};

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

/// So many letters around a rule's value tell a name that it made from any other.
const TELLING: usize = 4;

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
        outbox
            .settings
            .destination
            .as_ref()
            .or(outbox.destination.as_ref()),
    ) {
        (Some(rule), _) => (
            named_by(rule, &outbox.table, topology),
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

/// Where rows name the destinations that were found, each is judged by where it is to be sent.
pub(super) fn settle_column(outbox: &mut Outbox, broker: BrokerKind, goals: &[Goal]) {
    if outbox.settings.destination.is_some() {
        return;
    }
    let rule = outbox.layout.and_then(|layout| layout.on(broker));
    let rule = rule.and_then(|on| on.destination.as_deref());
    let of_rule = rule.and_then(|rule| rule.strip_prefix('{')?.strip_suffix('}'));
    let Some(column) = of_rule.map(str::to_owned).or(outbox.destination.clone()) else {
        return;
    };
    let place = InColumn::of(&column);
    let Some(real) = outbox.table.column(place.column).map(|it| it.name.clone()) else {
        return;
    };
    let column = match place.pointer {
        Some(pointer) => format!("{real}#{pointer}"),
        None => real,
    };
    let told = values(&outbox.table, &column);
    if goals.is_empty() || !goals.iter().all(|goal| told.contains(&goal.name)) {
        return;
    }
    let is_goal = |name: &&String| goals.iter().any(|goal| goal.name == **name);
    let elsewhere: Vec<&str> = told
        .iter()
        .filter(|name| !name.is_empty() && !is_goal(name))
        .map(String::as_str)
        .collect();
    outbox.why.push(match elsewhere.as_slice() {
        [] => format!("{column} says where each row is to be sent."),
        names => format!(
            "{column} says where each row is to be sent; no flow goes to {}, so nobody can know whether those rows were published.",
            names.join(", ")
        ),
    });
    outbox.settings.destination = Some(column);
}

/// All topics, or exchanges that lead somewhere, each once and the most alike first.
pub(super) fn all(outbox: &Outbox, topology: &Topology) -> Vec<Goal> {
    all_like(
        &words_of(outbox),
        topology,
        "Its name is like that of the outbox or of its events.",
    )
}

/// The same, the most like these words first.
pub(super) fn all_like(words: &[String], topology: &Topology, why: &str) -> Vec<Goal> {
    let families = families(topology);
    let is_full = |channel: &Channel| channel.depth.is_some_and(|depth| depth > 0);
    let nothing_anywhere = !topology.channels.iter().any(is_full);
    let mut goals: Vec<(bool, usize, Goal)> = topology
        .channels
        .iter()
        .filter(|channel| leads(channel) && is_destination(topology, &channel.name))
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
            let numbered = families.contains(&family(&channel.name));
            (
                numbered,
                alike,
                goal(topology, &channel.name, why.to_owned()),
            )
        })
        .collect();
    goals.sort_by_key(|(numbered, alike, goal)| {
        (*numbered, std::cmp::Reverse(*alike), goal.name.clone())
    });
    goals.dedup_by(|(.., one), (.., other)| one.name == other.name);
    goals.into_iter().map(|(.., goal)| goal).collect()
}

/// How many names that differ in a number only make a family.
const FAMILY: usize = 4;

/// Clients make exchanges and queues by number for their own ends, for each delay one.
fn families(topology: &Topology) -> Vec<String> {
    let channels = topology.channels.iter().filter(|channel| leads(channel));
    let mut names: Vec<String> = channels.map(|channel| family(&channel.name)).collect();
    names.sort();
    let mut families: Vec<String> = names
        .chunk_by(|one, other| one == other)
        .filter(|family| family.len() >= FAMILY)
        .filter_map(|family| family.first().cloned())
        .collect();
    families.retain(|family| family.contains('#'));
    families
}

/// A name without its numbers.
fn family(name: &str) -> String {
    let mut family = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            c if !c.is_ascii_digit() => family.push(c),
            _ if family.ends_with('#') => {}
            _ => family.push('#'),
        }
    }
    family
}

/// A copy that waits for its next try is no publication.
fn is_retry(name: &str) -> bool {
    canon(name).contains("retry")
}

/// Whether a goal's name has anything to do with the outbox.
pub(super) fn is_alike(outbox: &Outbox, topology: &Topology, name: &str) -> bool {
    if families(topology).contains(&family(name)) {
        return false;
    }
    let name = canon(name);
    words_of(outbox).iter().any(|word| name.contains(word))
}

fn is_destination(topology: &Topology, name: &str) -> bool {
    let plain = !name.is_empty() && !name.starts_with("amq.");
    plain
        && topology
            .channels
            .iter()
            .any(|channel| leads(channel) && channel.name == name)
}

fn leads(channel: &Channel) -> bool {
    matches!(channel.kind, ChannelKind::Topic | ChannelKind::Exchange)
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
    let said = said.flat_map(|word| split(&word));
    let mut words: Vec<String> = said.chain(named).map(|word| canon(&word)).collect();
    words.retain(|word| word.len() > 2 && !COMMON.contains(&word.as_str()));
    words.sort();
    words.dedup();
    words
}

/// A word, and the words it is made of: `OrderPlaced`, `order`, `placed`.
fn split(word: &str) -> Vec<String> {
    let mut parts = vec![word.to_owned(), String::new()];
    for c in word.chars() {
        let last = parts.last_mut().expect("there are two at least");
        match c {
            c if !c.is_alphanumeric() => parts.push(String::new()),
            c if c.is_uppercase() && last.ends_with(char::is_lowercase) => {
                parts.push(c.to_string());
            }
            c => last.push(c),
        }
    }
    parts
}

/// What a rule makes of the rows that are there, else what the broker has that it may have made:
/// rows that are deleted once they are sent do not tell where they went.
fn named_by(rule: &str, table: &FoundTable, topology: &Topology) -> Vec<String> {
    let by_rows = by_rule(rule, table);
    let parts = rule.split_once('{');
    let Some((before, rest)) = parts.filter(|_| by_rows.is_empty()) else {
        return by_rows;
    };
    let behind = rest.split_once('}').map_or("", |(_, behind)| behind);
    if before.len() + behind.len() < TELLING {
        return Vec::new();
    }
    let channels = topology.channels.iter().filter(|channel| leads(channel));
    let fits = |name: &str| {
        let rest = name.strip_prefix(before);
        let value = rest.and_then(|rest| rest.strip_suffix(behind));
        value.is_some_and(|value| !value.is_empty())
    };
    let made = channels.filter(|channel| fits(&channel.name));
    let made = made.filter(|channel| !reach::is_dead_letters(&channel.name));
    let mut made: Vec<String> = made.map(|channel| channel.name.clone()).collect();
    made.sort();
    made.dedup();
    made
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

/// The distinct values of a column, or of a place inside of its JSON, the most frequent first,
/// addresses without what is around the name.
fn values(table: &FoundTable, place: &str) -> Vec<String> {
    let place = InColumn::of(place);
    let mut counted: Vec<(usize, String)> = Vec::new();
    for value in table.values(place.column) {
        let value = match place.pointer {
            Some(pointer) => text_at(value.as_bytes(), pointer),
            None => Some(value.to_owned()),
        };
        let Some(name) = value.as_deref().map(destination_name) else {
            continue;
        };
        match counted.iter_mut().find(|(_, known)| *known == name) {
            Some((n, _)) => *n += 1,
            None => counted.push((1, name)),
        }
    }
    counted.sort_by_key(|(n, name)| (std::cmp::Reverse(*n), name.clone()));
    counted.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::{family, split};

    #[test]
    fn names_by_number_are_one_family_and_words_are_made_of_words() {
        assert_eq!(family("celery_delayed_17"), family("celery_delayed_0"));
        assert_ne!(family("orders"), family("orders2"));
        assert_eq!(split("OrderPlaced"), ["OrderPlaced", "Order", "Placed"]);
        assert_eq!(
            split("shop.order_paid"),
            ["shop.order_paid", "shop", "order", "paid"]
        );
    }
}
