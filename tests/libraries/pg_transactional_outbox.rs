//! pg-transactional-outbox (TypeScript) on PostgreSQL: its polling listener hands messages to a
//! handler, which publishes to Kafka.

use waybill_tests::kafka::Kafka;

use crate::REFUSE;
use crate::database::Database;
use crate::host::{Host, Recipe};
use crate::look::{Look, all, row_key};
use crate::toolchain::NODE;

const HOST: Recipe = Recipe {
    folder: "pg_transactional_outbox",
    make: &[&["npm", "ci", "--no-audit", "--no-fund"]],
    start: &["node", "host.js"],
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_listener_abandoned_or_never_took_is_found_and_handled() {
    if !NODE.is_wanted() {
        return;
    }
    let kafka = Kafka::shared();
    let topic = kafka.topic("pg-outbox", 2, &[]).await;
    let database = Database::postgres("pg_outbox").await;
    let broker = kafka.bootstrap().to_owned();
    let host = Host::install(&HOST, database.url().to_string(), broker, &topic);
    let look = Look::at_kafka(&database, &kafka, &topic);

    host.run(&["setup"]);
    // Two messages are abandoned after two attempts each.
    let first = host.run(&["write", "12", "3", "7"]);
    host.run(&["relay", "--refuse", REFUSE]);
    // Two more have left when the power is cut.
    let second = host.run(&["write", "5"]);
    host.run_into_the_dark(&["relay", "--die-after", "2"]);
    let abandoned = [&first[3], &first[7]];
    let cut_off: Vec<&String> = second[2..].iter().collect();
    let mut expected = all(&cut_off, "stuck/relay-idle");
    expected.extend(all(&abandoned, "stuck/attempts-exhausted"));
    look.has_a_profile_made(
        &[],
        &[
            "The outbox of pg-transactional-outbox",
            "id = [\"header:message-id\"]",
        ],
    );
    let document = look.finds(&expected, 12);

    let requeue = look.recognises(&database, "pg-transactional-outbox", "failed");
    // One that somebody else has put back since it was looked at, so that a listener has it again,
    // is left to that listener.
    let taken = row_key(&document, abandoned[0]);
    let unlocked = requeue.of(&database, taken).await;
    let lock = |attempts: &str| {
        format!(
            "UPDATE outbox SET started_attempts = started_attempts {attempts} WHERE id = '{taken}'"
        )
    };
    assert_eq!(database.hits(&lock("+ 1")).await, 1);
    unlocked.leaves_alone(&database).await;
    assert_eq!(database.hits(&lock("- 1")).await, 1);
    // What was never finished is taken anyway, when its lock has run out; no statement is for it.
    let waiting = requeue.of(&database, row_key(&document, cut_off[0])).await;
    waiting.leaves_alone(&database).await;
    let mut before = Vec::new();
    for id in abandoned {
        let key = row_key(&document, id);
        before.push(requeue.put_back(&database, key).await);
    }
    host.run(&["relay"]);
    look.finds_nothing(17, 0);
    // What was sent since is not what was last seen.
    for seen in before {
        seen.leaves_alone(&database).await;
    }
    database.remove().await;
}
