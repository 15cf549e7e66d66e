//! A server of one's own can be killed, comes back with its data, and leaves nothing behind.

use waybill_services::{Kind, OwnServer};

#[test]
fn postgres_comes_back() {
    comes_back(Kind::Postgres);
}

#[test]
fn mariadb_comes_back() {
    comes_back(Kind::MariaDb);
}

#[test]
fn rabbitmq_comes_back() {
    comes_back(Kind::RabbitMq);
}

#[test]
fn kafka_comes_back() {
    comes_back(Kind::Kafka);
}

fn comes_back(kind: Kind) {
    let mut server = OwnServer::start(kind).expect("it starts");
    let (url, pids) = (server.record().url(), server.record().pids());
    let folder = server.record().folder().to_owned();

    server.kill().expect("it can be killed");
    assert!(!server.record().runs(), "it was killed");
    assert!(
        server.record().answers().is_err(),
        "nobody else answers on its port"
    );

    server.revive().expect("it comes back");
    server.record().answers().expect("it answers again");
    assert_eq!(server.record().url(), url, "clients find it where it was");
    assert_ne!(server.record().pids(), pids, "it is a new process");

    let last = server.record().clone();
    drop(server);
    assert!(!last.runs(), "its process went with it");
    assert!(!folder.exists(), "its data went with it");
}
