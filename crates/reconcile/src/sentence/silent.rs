//! A flow of which nothing was ever seen where it should be, and what shows that things are found.

use waybill_model::{ConsumerNo, Control, PlaceId, PlaceRole, SilentFlow};

use super::story::Story;
use super::words::time_to_second;
use crate::Shape;
use crate::index::Index;

/// The finding, and what would settle it: `20 rows say sent since 09:12:00, none was ever seen at
/// orders: …`.
pub fn silent(flow: &SilentFlow, shape: &Shape) -> String {
    let name = name_of(flow.place, shape);
    let (rows, none) = match flow.expected {
        1 => ("1 row says".to_owned(), ["it is not", "it was never"]),
        n => (format!("{n} rows say"), ["none is", "none was ever"]),
    };
    let since = time_to_second(flow.since, flow.since);
    let sent = format!("{rows} sent since {since} UTC");
    if flow.by_chance > 0 {
        return format!(
            "{sent}, {} known to be at {name}: {} carry a number that is also a row's, as any that \
             are counted would; compare what they say ([flow.compare]), or {SETTLES}",
            none[0],
            messages(flow.by_chance)
        );
    }
    format!(
        "{sent}, {} seen at {name}{}: {SETTLES}",
        none[1],
        unidentified(flow)
    )
}

/// What would show whether a place speaks of a flow at all.
const SETTLES: &str = "follow and make one event, name another destination, or show one message \
                       that was received";

fn messages(n: u64) -> String {
    if n == 1 {
        "1 message".to_owned()
    } else {
        format!("{n} messages")
    }
}

/// What lies there instead, and how many rows have nothing there whatever that is.
fn unidentified(flow: &SilentFlow) -> String {
    let n = flow.unidentified;
    let surplus = match flow.expected.saturating_sub(n) {
        _ if n == 0 => return String::new(),
        0 => String::new(),
        surplus => format!(" (at least {surplus} of {} have none)", flow.expected),
    };
    format!(
        ", where {} cannot be told to be one of them{surplus}",
        messages(n)
    )
}

/// Why nothing can be said of a row: a clause.
pub(super) fn no_copy(index: &Index) -> String {
    let flow = index.silent().into_iter().next();
    flow.map_or_else(
        || format!("no message of this flow was ever found there by a row's id: {SETTLES}"),
        |flow| flow.sentence,
    )
}

/// Why nothing can be said of a message or of a change without a row: a clause.
pub(super) fn no_row(story: &Story<'_>) -> String {
    if !story.index.shape.has_outbox {
        return "no message of this flow was found in a business table by an aggregate and a version \
                that are no chance, so that nothing shows that its row, or its message, would be; \
                check `match.aggregate` and `match.version` of its flow, or follow and change one row"
            .to_owned();
    }
    let of_change = story.row.published.is_none() && story.row.stored.is_some();
    if of_change {
        return "no stored change was found in the outbox by its aggregate and version, so that \
                nothing shows that its row would be; check the outbox's `aggregate-id` and \
                `version`, or make one change"
            .to_owned();
    }
    "no message of this flow was found in the outbox by an id that is no chance, so that nothing \
     shows that its row would be; check `match.id` of its flow, or follow and make one event"
        .to_owned()
}

/// Why nothing can be said of a consumer: a clause.
pub(super) fn no_inbox_row(index: &Index, consumer: ConsumerNo) -> String {
    let mut places = index.shape.places.iter();
    let inbox = places.find(|place| place.role == PlaceRole::Inbox(consumer));
    let name = inbox.map_or("its inbox", |place| place.name.as_str());
    format!(
        "none of this flow's events was ever found in {name}; follow and make one event, or name \
         another inbox"
    )
}

/// `40 of 41 neighbours were found in orders`, for each place where something is called absent.
pub(super) fn controls(index: &Index, controls: &[Control]) -> String {
    let told = controls.iter().map(|control| {
        let name = name_of(control.place, &index.shape);
        let earlier = if control.earlier { " before that" } else { "" };
        let were = if control.of == 1 {
            "neighbour was"
        } else {
            "neighbours were"
        };
        format!(
            "{} of {} {were} found in {name}{earlier}",
            control.found, control.of
        )
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return String::new();
    }
    format!("{}.", told.join(", "))
}

fn name_of(place: PlaceId, shape: &Shape) -> &str {
    let mut places = shape.places.iter();
    let found = places.find(|known| known.id == place);
    found.map_or("?", |place| place.name.as_str())
}
