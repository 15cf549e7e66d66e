//! `kill -9` in the middle of a resend of 200 events.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use waybill_model::Access;
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, LiveOptions, Membership, Planted, World,
    WorldConfig,
};

use crate::ledger::list;
use waybill_tests::waybill::Waybill;

const LOST: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_resend_is_continued_without_sending_anything_twice() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let world = World::create(WorldConfig {
        seed: 9,
        database: DatabaseKind::Postgres {
            url: servers.postgres_url,
        },
        broker: BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
        prefix: format!("kill-{}-", std::process::id()),
        membership: Membership::Assigned,
    })
    .await
    .expect("the world can be made");
    let span = HistorySpan {
        events: 600,
        span: Duration::from_secs(1800),
        end: None,
    };
    let planted = Planted {
        fault: Fault::PublishFailsAfterCommit,
        events: LOST,
        consumer: None,
    };
    world
        .history(span, &[planted])
        .await
        .expect("a past can be written");
    let live = world
        .run_live(LiveOptions::IDLE)
        .expect("the company works");
    let profile = world.profile(Access::Resend);
    let waybill = Waybill::with_profile(&profile, world.secrets().0);

    kill_it_in_the_middle(&waybill, &profile.name, &world).await;
    let run = journal(&waybill);
    let states = states_of(&run);
    assert_eq!(
        states.values().sum::<usize>(),
        LOST as usize,
        "every event is named: {states:?}"
    );
    assert!(
        states.contains_key("planned"),
        "some were not sent: {states:?}"
    );
    let n_unknown = states.get("unknown").copied().unwrap_or(0);
    assert!(
        n_unknown <= 1,
        "at most the one that was on its way is unknown: {states:?}"
    );

    let id = run["id"].as_str().expect("a run has an id");
    let resumed = waybill.run(&[
        "resend",
        "--profile",
        &profile.name,
        "--resume",
        id,
        "--rate",
        "500",
    ]);
    assert!(
        matches!(resumed.code, Some(0 | 1)),
        "{}\n{}",
        resumed.stdout,
        resumed.stderr
    );
    live.settle(Duration::from_secs(30))
        .await
        .expect("the consumers come to rest");

    let states = states_of(&journal(&waybill));
    assert!(
        !states.contains_key("planned"),
        "all others were sent: {states:?}"
    );
    let ledger = world.ledger();
    let twice = ledger
        .entries()
        .iter()
        .filter(|entry| entry.resends() > 1)
        .count();
    assert_eq!(twice, 0, "nothing was sent twice");
    assert!(
        ledger.missing().len() <= n_unknown,
        "only unknown ones may still be missing"
    );
    live.stop().await;
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

/// Starts the resend, waits until some events have gone out, and kills it.
async fn kill_it_in_the_middle(waybill: &Waybill, profile: &str, world: &World) {
    let args = [
        "resend",
        "--profile",
        profile,
        "--filter",
        "verdict:stuck",
        "--rate",
        "100",
        "--no-ramp",
        "--yes",
    ];
    let mut child = waybill.start(&args);
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let sent = world
            .ledger()
            .entries()
            .iter()
            .filter(|entry| entry.resends() > 0)
            .count();
        if sent >= 40 {
            break;
        }
        assert!(
            Instant::now() < patience,
            "only {sent} events were sent within a minute"
        );
        assert!(
            child.try_wait().expect("it can be asked").is_none(),
            "it ended by itself"
        );
        tokio::task::yield_now().await;
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

fn journal(waybill: &Waybill) -> Value {
    let journal = waybill.run(&["journal", "--json"]);
    assert_eq!(journal.code, Some(0), "{}", journal.stderr);
    list(&journal.json())
        .first()
        .expect("the run is in the journal")
        .clone()
}

fn states_of(run: &Value) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for attempt in list(&run["attempts"]) {
        let state = attempt["state"]["state"].as_str().unwrap_or("?").to_owned();
        *states.entry(state).or_default() += 1;
    }
    states
}
