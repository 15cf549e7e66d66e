//! Wrong profiles, servers and passwords: a clear word, exit code 2, nothing sent, no secret told.

use std::time::Duration;

use waybill_model::{Access, Profile};
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, Membership, Planted, World, WorldConfig,
};

use waybill_tests::waybill::{Ended, Waybill};

/// A world on PostgreSQL and Kafka with one event that is missing.
async fn world(name: &str) -> World {
    let servers = waybill_services::endpoints().expect("the servers run");
    let world = World::create(WorldConfig {
        seed: 3,
        database: DatabaseKind::Postgres {
            url: servers.postgres_url,
        },
        broker: BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
        prefix: format!("refused-{name}-{}-", std::process::id()),
        membership: Membership::Assigned,
    })
    .await
    .expect("the world can be made");
    let planted = Planted {
        fault: Fault::PublishFailsAfterCommit,
        events: 1,
        consumer: None,
    };
    let span = HistorySpan {
        events: 20,
        span: Duration::from_secs(1200),
        end: None,
    };
    world
        .history(span, &[planted])
        .await
        .expect("a past can be written");
    world
}

/// Makes one thing wrong in a profile.
type Spoil<'a> = &'a dyn Fn(&mut Profile);

fn check(world: &World, profile: &Profile) -> Ended {
    let waybill = Waybill::with_profile(profile, world.secrets().0);
    let ended = waybill.run(&["check", "--profile", &profile.name]);
    for password in world.secrets().0.values() {
        let told =
            ended.stdout.contains(password.as_str()) || ended.stderr.contains(password.as_str());
        assert!(!told, "a password was printed");
    }
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_profile_sends_nothing() {
    let world = world("ro").await;
    let profile = world.profile(Access::ReadOnly);
    let waybill = Waybill::with_profile(&profile, world.secrets().0);
    let resend = waybill.run(&[
        "resend",
        "--profile",
        &profile.name,
        "--filter",
        "verdict:stuck",
        "--yes",
    ]);
    assert_eq!(resend.code, Some(2), "{}", resend.stdout);
    assert!(resend.stderr.contains("read-only"), "{}", resend.stderr);
    assert_eq!(world.ledger().missing().len(), 1);
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_connection_is_said() {
    let world = world("conn").await;
    let fine = world.profile(Access::ReadOnly);
    let wrong_table = |profile: &mut Profile| {
        if let Some(outbox) = &mut profile.outbox {
            "outbx".clone_into(&mut outbox.table);
        }
    };
    let unreachable = |profile: &mut Profile| {
        "postgres://waybill@127.0.0.1:1/shop".clone_into(&mut profile.database.url)
    };
    let no_broker =
        |profile: &mut Profile| "kafka://127.0.0.1:1".clone_into(&mut profile.broker.url);
    let no_topic = |profile: &mut Profile| profile.flows[0].destination.push('x');
    let no_password =
        |profile: &mut Profile| profile.database.secret = Some("not-there".to_owned());
    let cases: [(Spoil<'_>, &str); 5] = [
        (&wrong_table, "did you mean 'outbox'"),
        (&unreachable, "127.0.0.1:1"),
        (&no_broker, "127.0.0.1:1"),
        (&no_topic, "product-eventsx"),
        (&no_password, "not-there"),
    ];
    for (spoil, told) in cases {
        let mut profile = fine.clone();
        spoil(&mut profile);
        let ended = check(&world, &profile);
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(2), "{told}: {text}");
        assert!(text.contains(told), "'{told}' is not said: {text}");
    }
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

#[test]
fn a_wrong_key_in_a_profile_is_shown_with_its_line_and_what_was_meant() {
    let waybill = Waybill::new();
    std::fs::create_dir_all(waybill.config()).expect("the config folder can be made");
    let text = "name = \"shop\"\n[database]\nurl = \"sqlite:x.db\"\n[broker]\nurll = \"kafka://127.0.0.1:1\"\n";
    std::fs::write(waybill.config().join("shop.toml"), text).expect("it can be written");
    let ended = waybill.run(&["profiles", "check", "shop", "--offline"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("line 5") && ended.stdout.contains("'url'"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_wrong_filter_is_pointed_at_before_anything_is_opened() {
    let ended = Waybill::new().run(&["check", "--demo", "--filter", "verdct:missing"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("^^^^^^") && ended.stderr.contains("'verdict'"),
        "{}",
        ended.stderr
    );
}
