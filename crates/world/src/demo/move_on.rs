//! Time in a demo's database: taking back what was never saved, and moving everything along.

use waybill_model::Micros;

use crate::store::Store;
use crate::{ConsumerName, Result};

/// Columns that hold times, by table.
fn times() -> Vec<(&'static str, &'static str)> {
    let mut times = vec![
        ("products", "changed_at"),
        ("product_changes", "changed_at"),
        ("outbox", "created_at"),
        ("outbox", "sent_at"),
    ];
    times.extend(ConsumerName::ALL.map(|consumer| (consumer.inbox(), "processed_at")));
    times
}

/// Takes back what happened after `saved`: a process that was killed left it behind, and the
/// messages that belong to it are gone.
pub(super) async fn take_back(store: &Store, saved: Micros) -> Result<()> {
    let mut deeds = vec![
        (
            "DELETE FROM product_changes WHERE changed_at > ?".to_owned(),
            saved,
        ),
        ("DELETE FROM outbox WHERE created_at > ?".to_owned(), saved),
        (
            "UPDATE outbox SET sent_at = NULL WHERE sent_at > ?".to_owned(),
            saved,
        ),
    ];
    for consumer in ConsumerName::ALL {
        let inbox = consumer.inbox();
        deeds.push((format!("DELETE FROM {inbox} WHERE processed_at > ?"), saved));
    }
    store.run("take back what was not saved", deeds).await
}

/// Moves every time by so many seconds. Whole ones: SQLite's own functions would round the rest.
pub(super) async fn move_by(store: &Store, secs: i64) -> Result<()> {
    let updates = times()
        .into_iter()
        .map(|(table, column)| {
            format!(
                "UPDATE {table} SET {column} =
                    strftime('%Y-%m-%dT%H:%M:%S', substr({column}, 1, 19), '{secs} seconds')
                    || substr({column}, 20)
                 WHERE {column} IS NOT NULL"
            )
        })
        .collect();
    store.run_plain("move the demo along", updates).await
}
