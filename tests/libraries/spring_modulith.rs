//! Spring Modulith's event publication registry (Java) on PostgreSQL, externalised to Kafka by the
//! library itself.

use waybill_tests::kafka::Kafka;

use crate::REFUSE;
use crate::database::Database;
use crate::host::{Host, Recipe, jdbc};
use crate::look::{Look, all, row_key};
use crate::toolchain::JAVA;

const HOST: Recipe = Recipe {
    folder: "spring_modulith",
    make: &[&[
        "mvn",
        "--batch-mode",
        "--quiet",
        "package",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        "-DoutputDirectory=target/lib",
    ]],
    start: &[
        "java",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        "target/classes:target/lib/*",
        "host.Host",
    ],
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_did_not_publish_is_found_and_resubmitted() {
    if !JAVA.is_wanted() {
        return;
    }
    let kafka = Kafka::shared();
    let topic = kafka.topic("modulith", 2, &[]).await;
    let database = Database::postgres("modulith").await;
    let broker = kafka.bootstrap().to_owned();
    let host = Host::install(&HOST, jdbc(&database), broker, &topic);
    let look = Look::at_kafka(&database, &kafka, &topic);

    host.run(&["setup"]);
    // Two records are larger than the producer may send; then the process is gone after two more.
    let first = host.run(&["write", "12", "3", "7", "--refuse", REFUSE]);
    let second = host.run_into_the_dark(&["write", "5", "--die-after", "2"]);
    let refused = all(&[&first[3], &first[7]], "stuck/attempts-exhausted");
    let cut_off: Vec<&String> = second[2..].iter().collect();
    let mut expected = all(&cut_off, "stuck/relay-idle");
    expected.extend(refused);
    look.has_a_profile_made(
        &[],
        &[
            "The outbox of Spring Modulith",
            "id = \"serialized_event#/id\"",
            "id = [\"json:/id\"]",
        ],
    );
    let document = look.finds(&expected, 12);

    let requeue = look.recognises(&database, "spring-modulith-v2", "pending");
    // FAILED ones are taken as they are, and nothing is to be changed about them.
    for id in [&first[3], &first[7]] {
        let failed = requeue.of(&database, row_key(&document, id)).await;
        failed.leaves_alone(&database).await;
    }
    // The others have to be called that first.
    let mut before = Vec::new();
    for id in cut_off {
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
