//! pg-transactional-outbox (TypeScript) on PostgreSQL: its polling listener hands messages to a
//! handler, which publishes to Kafka.

use waybill_tests::kafka::Kafka;

use crate::REFUSE;
use crate::database::Database;
use crate::host::{Host, Recipe};
use crate::look::{Look, Outbox, all, row_key};
use crate::toolchain::NODE;

const HOST: Recipe = Recipe {
    folder: "pg_transactional_outbox",
    make: &[&["npm", "ci", "--no-audit", "--no-fund"]],
    start: &["node", "host.js"],
};

const OUTBOX: Outbox = Outbox {
    table: "outbox",
    layout: "pg-transactional-outbox",
    by_hand: &[],
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
    let profile = include_str!("pg_transactional_outbox/profile.toml");
    host.run(&["setup"]);
    let look = Look::at_kafka((profile, &OUTBOX), &database, &kafka, &topic);

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
    let document = look.finds(&expected, 12);

    // What was never finished is taken anyway, when its lock has run out.
    for id in abandoned {
        let key = row_key(&document, id);
        look.requeue.put_back(&database, key).await;
    }
    host.run(&["relay"]);
    look.finds_nothing(17);
    database.remove().await;
}
