//! What a profile makes us read.

use expect_test::{Expect, expect};

use super::*;

const PROFILE: &str = r#"
name = "toys"
database.url = "postgres://db/toys"
databases.search.url = "postgres://db/search"
broker.url = "amqp://broker/"
[outbox]
table = "shop.outbox"
key = "id"
id = "event_id"
created-at = "created_at"
[[business]]
table = "products"
id = "id"
version = "version"
changed-at = "changed_at"
aggregate-type = "product"
[[flow]]
name = "products"
destination = "product-events"
audit-stream = "product-events.audit"
[[flow.consumer]]
name = "search"
queue = "search.products"
dead-letters = "search.dead"
[flow.consumer.inbox]
database = "search"
table = "inbox"
id = "id"
processed-at = "at"
consumer-column = "who"
consumer-value = "search"
[[flow]]
name = "prices"
destination = "price-events"
[[flow.consumer]]
name = "storefront"
queue = "storefront.prices"
"#;

fn check(history: History, expected: Expect) {
    let profile: Profile = toml::from_str(PROFILE).expect("it is a profile");
    let layout = Layout::of(&profile, history);
    let mut text = String::new();
    for planned in &layout.places {
        let how = match &planned.reading {
            Reading::Rows { columns, .. } => format!("table {}", columns.table),
            Reading::Copies { role, channel, .. } => format!("{role:?} {channel}"),
            Reading::Progress => "asked".to_owned(),
        };
        let place = &planned.place;
        text += &format!(
            "{:?} {} '{}': {how}\n",
            place.role, place.source, place.name
        );
    }
    let lanes: Vec<_> = layout
        .lanes
        .iter()
        .map(|lane| lane.title.as_str())
        .collect();
    text += &lanes.join(" | ");
    expected.assert_eq(&text);
}

#[test]
fn queues_are_read_by_their_streams_and_taps() {
    check(
        History::ByStream,
        expect![[r#"
            Business database 'products': table products
            Outbox database 'shop.outbox': table shop.outbox
            Destination broker 'product-events': Destination product-events.audit
            Destination broker 'price-events': Tap price-events
            Inbox(ConsumerNo(0)) search 'inbox (search)': table inbox
            Progress(ConsumerNo(0)) broker 'search.products': asked
            DeadLetters(ConsumerNo(0)) broker 'search.dead': DeadLetters search.dead
            Progress(ConsumerNo(1)) broker 'storefront.prices': asked
            Missing | Stored | Outbox | product-events | price-events | search | storefront"#]],
    );
}

#[test]
fn logs_are_read_by_their_topics() {
    let profile: Profile = toml::from_str(PROFILE).expect("it is a profile");
    let layout = Layout::of(&profile, History::Always);
    let channels: Vec<_> = layout
        .places
        .iter()
        .filter_map(|planned| match &planned.reading {
            Reading::Copies { channel, role, .. } => Some((channel.as_str(), *role)),
            Reading::Rows { .. } | Reading::Progress => None,
        })
        .collect();
    assert_eq!(
        channels,
        [
            ("product-events", CopyRole::Destination),
            ("price-events", CopyRole::Destination),
            ("search.dead", CopyRole::DeadLetters),
        ]
    );
    let topic = layout
        .places
        .iter()
        .find(|p| p.place.name == "product-events")
        .expect("it is read");
    assert_eq!(
        topic.coordinate(3, 17, "").to_string(),
        "product-events-3@17"
    );
    let outbox = layout
        .places
        .iter()
        .find(|p| p.place.role == PlaceRole::Outbox)
        .expect("it is read");
    assert_eq!(
        outbox.coordinate(0, 4711, "").to_string(),
        "shop.outbox, id 4711"
    );
    assert_eq!(
        outbox.coordinate(0, NO_POSITION, "a-b").to_string(),
        "shop.outbox, id a-b"
    );
}

#[test]
fn bodies_are_read_only_where_a_flow_compares_them() {
    let window = Window {
        from: Micros(0),
        to: Micros(1),
    };
    let compared = |text: &str| -> Vec<String> {
        let profile: Profile = toml::from_str(text).expect("it is a profile");
        let layout = Layout::of(&profile, History::ByStream);
        let places = layout.places.iter().filter(|planned| {
            let rows = planned.row_query(window, None);
            let copies = planned.copy_query(&profile, window, None);
            rows.is_some_and(|query| query.columns.compare.is_some())
                || copies.is_some_and(|query| query.compare.is_some())
        });
        places.map(|planned| planned.place.name.clone()).collect()
    };
    assert_eq!(compared(PROFILE), Vec::<String>::new());
    let asked = PROFILE.replacen(
        "audit-stream",
        "compare = { ignore = [\"/at\"] }\naudit-stream",
        1,
    );
    assert_eq!(compared(&asked), ["shop.outbox", "product-events"]);
}

#[test]
fn an_inbox_that_cannot_be_asked_by_id_is_read_in_any_zone() {
    const HOUR: i64 = 3_600_000_000;
    let window = Window {
        from: Micros(100 * HOUR),
        to: Micros(101 * HOUR),
    };
    let read = |text: &str| {
        let profile: Profile = toml::from_str(text).expect("it is a profile");
        let layout = Layout::of(&profile, History::ByStream);
        let mut inboxes = layout.with_role(|role| matches!(role, PlaceRole::Inbox(_)));
        let query = inboxes.next().and_then(|it| it.row_query(window, None));
        query.expect("it is read").window
    };
    assert_eq!(read(PROFILE), window);
    let inside = PROFILE.replace(
        "id = \"id\"\nprocessed-at",
        "key = \"no\"\nid = \"body#/id\"\nprocessed-at",
    );
    assert_ne!(inside, PROFILE);
    let wide = Window {
        from: Micros(85 * HOUR),
        to: Micros(116 * HOUR),
    };
    assert_eq!(read(&inside), wide);
}
