//! The company on real servers: what is planted is there, what is resent arrives.
//!
//! Waybill itself has no part in these tests; they prove the world that the others rely on.

mod company;

mod counts;

mod dead_letters;

mod hand;

mod restart;

mod small;

use waybill_world::{BrokerKind, DatabaseKind, Fault, Membership};

use company::{Company, check_faults, check_live};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_and_kafka() {
    let company = Company::new("pk", postgres(), kafka(), Membership::Subscribed).await;
    check_faults(
        &company,
        &[
            Fault::RetentionPassed,
            Fault::TransactionAborted,
            Fault::GroupReset,
            Fault::CommitBeforeProcessing,
            Fault::EqualPayload,
            Fault::NewSchema,
            Fault::ConsumerClockOff,
            Fault::RelayClockOff,
            Fault::TwoRelays,
        ],
    )
    .await;
    company.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_and_rabbitmq() {
    let company = Company::new("pr", postgres(), rabbitmq(), Membership::Assigned).await;
    check_faults(
        &company,
        &[Fault::Unroutable, Fault::QueueTtl, Fault::QueueOverflow],
    )
    .await;
    company.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_and_kafka() {
    let company = Company::new("mk", mariadb(), kafka(), Membership::Assigned).await;
    check_faults(&company, &[Fault::OddSpelling]).await;
    company.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_and_rabbitmq() {
    let company = Company::new("mr", mariadb(), rabbitmq(), Membership::Assigned).await;
    check_faults(&company, &[]).await;
    company.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_and_rabbitmq() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = DatabaseKind::Sqlite {
        dir: folder.path().to_owned(),
    };
    let company = Company::new("sr", database, rabbitmq(), Membership::Assigned).await;
    check_faults(&company, &[]).await;
    company.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_worlds() {
    let company = async |name| {
        let (database, broker) = (postgres(), kafka());
        Company::new(name, database, broker, Membership::Assigned).await
    };
    let anew = company("sa").await;
    small::check_topic_anew(&anew).await;
    anew.close().await;
    let idle = company("si").await;
    small::check_never_started(&idle).await;
    idle.close().await;
    let counting = company("sn").await;
    small::check_numbers(&counting).await;
    counting.close().await;
    let elsewhere = company("se").await;
    small::check_wrong_destination(&elsewhere).await;
    elsewhere.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_on_postgres_and_rabbitmq() {
    let company = Company::new("lr", postgres(), rabbitmq(), Membership::Assigned).await;
    check_live(&company, &[Fault::Unroutable, Fault::LateCommit]).await;
    company.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_on_mariadb_and_kafka() {
    let company = Company::new("lk", mariadb(), kafka(), Membership::Subscribed).await;
    check_live(&company, &[Fault::LateCommit]).await;
    company.close().await;
}

fn servers() -> waybill_services::Endpoints {
    waybill_services::endpoints().expect("the servers run")
}

fn postgres() -> DatabaseKind {
    DatabaseKind::Postgres {
        url: servers().postgres_url,
    }
}

fn mariadb() -> DatabaseKind {
    DatabaseKind::MySql {
        url: servers().mysql_url,
    }
}

fn kafka() -> BrokerKind {
    BrokerKind::Kafka {
        bootstrap: servers().kafka_bootstrap,
    }
}

fn rabbitmq() -> BrokerKind {
    let servers = servers();
    BrokerKind::RabbitMq {
        amqp_url: servers.amqp_url,
        management_url: servers.rabbit_management_url,
    }
}
