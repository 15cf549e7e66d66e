//! django-outbox-pattern (Python) on PostgreSQL, sent over STOMP to RabbitMQ by the library itself.

use waybill_services::{Kind, OwnServer};
use waybill_tests::rabbit::Vhost;

use crate::REFUSE;
use crate::database::Database;
use crate::host::{Host, Recipe};
use crate::look::{Look, all, row_key};
use crate::toolchain::PYTHON;

const PIP: &[&str] = &[
    "venv/bin/python",
    "-m",
    "pip",
    "install",
    "--quiet",
    "--requirement",
    "requirements.txt",
];

const HOST: Recipe = Recipe {
    folder: "django_outbox_pattern",
    make: &[&["python3", "-m", "venv", "venv"], PIP],
    start: &["venv/bin/python", "host.py"],
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_producer_failed_or_never_took_is_found_and_sent() {
    if !PYTHON.is_wanted() {
        return;
    }
    let server = OwnServer::start(Kind::RabbitMq).expect("a RabbitMQ that speaks STOMP");
    let vhost = Vhost::on(server.record(), "django");
    vhost.exchange("products", "topic", serde_json::json!({}));
    vhost.queue("products.audit", "stream", serde_json::json!({}));
    vhost.bind("products", "#", "products.audit");
    let database = Database::postgres("django").await;
    let port = server.record().stomp_port().expect("it speaks STOMP");
    let (user, password, name) = (vhost.user(), vhost.password(), vhost.name());
    let broker = format!("stomp://{user}:{password}@127.0.0.1:{port}/{name}");
    let host = Host::install(&HOST, database.url().to_string(), broker, "products");
    let look = Look::at_rabbitmq(&database, &vhost);

    host.run(&["setup"]);
    // Two messages fail for good after two attempts each.
    let first = host.run(&["write", "12", "3", "7"]);
    host.run(&["relay", "--refuse", REFUSE]);
    // Two more have left when the power is cut; the transaction that noted it is gone with it.
    let second = host.run(&["write", "5"]);
    host.run_into_the_dark(&["relay", "--die-after", "2"]);
    let failed = [&first[3], &first[7]];
    let cut_off: Vec<&String> = second[2..].iter().collect();
    let mut expected = all(&cut_off, "stuck/relay-idle");
    expected.extend(all(&failed, "stuck/attempts-exhausted"));
    look.has_a_profile_made(
        &[],
        &[
            "The outbox of django-outbox-pattern",
            "audit-stream = \"products.audit\"",
            "id = [\"header:dop-msg-id\"]",
        ],
    );
    let document = look.finds(&expected, 12);

    let requeue = look.recognises(&database, "django-outbox-pattern-published", "failed");
    // What is still scheduled is taken anyway.
    let mut before = Vec::new();
    for id in failed {
        let key = row_key(&document, id);
        before.push(requeue.put_back(&database, key).await);
    }
    host.run(&["relay"]);
    look.finds_nothing(17, 2);
    // What was sent since is not what was last seen.
    for seen in before {
        seen.leaves_alone(&database).await;
    }
    database.remove().await;
}
