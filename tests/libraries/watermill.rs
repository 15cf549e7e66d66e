//! Watermill's SQL queue (Go) on MariaDB, forwarded to RabbitMQ by the library's router.

use waybill_tests::rabbit::Vhost;

use crate::REFUSE;
use crate::database::Database;
use crate::host::{Host, Recipe};
use crate::look::{Look, all, row_key};
use crate::toolchain::GO;

const HOST: Recipe = Recipe {
    folder: "watermill",
    make: &[&["go", "build", "-buildvcs=false", "-o", "host", "."]],
    start: &["./host"],
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_router_gave_up_or_never_took_is_found_and_forwarded() {
    if !GO.is_wanted() {
        return;
    }
    let vhost = Vhost::new("watermill");
    vhost.exchange("products", "fanout", serde_json::json!({}));
    vhost.queue("products.audit", "stream", serde_json::json!({}));
    vhost.bind("products", "", "products.audit");
    let database = Database::mariadb("watermill").await;
    let broker = vhost.url_with_password();
    let host = Host::install(&HOST, dsn(&database), broker, "products");
    let look = Look::at_rabbitmq(&database, &vhost);

    host.run(&["setup"]);
    // A stream knows the past from its first message on, and clocks may be two seconds apart.
    host.run(&["write", "1"]);
    host.run(&["relay"]);
    database.seconds_pass(4).await;
    // Two messages end in the poison queue, and are acknowledged all the same.
    let first = host.run(&["write", "12", "3", "7"]);
    host.run(&["relay", "-refuse", REFUSE]);
    // `created_at` counts whole seconds: what is written later must look later.
    database.seconds_pass(1).await;
    // Two more have left when the power is cut, but are not acknowledged yet.
    let second = host.run(&["write", "5"]);
    host.run_into_the_dark(&["relay", "-die-after", "2"]);
    let poisoned = [&first[3], &first[7]];
    let cut_off: Vec<&String> = second[2..].iter().collect();
    let mut expected = all(&cut_off, "stuck/relay-idle");
    expected.extend(all(&poisoned, "lost-in-publish"));
    look.has_a_profile_made(
        &[],
        &[
            "The outbox of Watermill",
            "audit-stream = \"products.audit\"",
            "id = [\"header:_watermill_message_uuid\"]",
        ],
    );
    let document = look.finds(&expected, 13);

    let requeue = look.recognises(&database, "watermill-queue", "done");
    // What is not acknowledged is taken anyway, and nothing is to be changed about it.
    for id in cut_off {
        let waits = requeue.of(&database, row_key(&document, id)).await;
        waits.leaves_alone(&database).await;
    }
    for id in poisoned {
        let key = row_key(&document, id);
        requeue.put_back(&database, key).await;
    }
    host.run(&["relay"]);
    look.finds_nothing(18, 2);
    database.remove().await;
}

/// The database as Go's driver spells it.
fn dsn(database: &Database) -> String {
    let url = database.url();
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    let host = url.host_str().unwrap_or_default();
    let port = url.port().unwrap_or_default();
    format!("{user}:{password}@tcp({host}:{port}){}", url.path())
}
