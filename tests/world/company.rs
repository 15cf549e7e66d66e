//! One world on real servers, and what must hold for every one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use waybill_model::VerdictClass;
use waybill_world::{
    BrokerKind, DatabaseKind, Fault, HistorySpan, LiveOptions, Membership, Planted, World,
    WorldConfig,
};

use crate::counts::Tables;
use crate::hand::Hand;

const SOON: Duration = Duration::from_secs(40);

/// Works on every pair of database and broker.
const EVERYWHERE: [Fault; 9] = [
    Fault::PublishFailsAfterCommit,
    Fault::SentButLost,
    Fault::DualWriteWithoutOutbox,
    Fault::RolledBackAfterPublish,
    Fault::ConsumerSkips,
    Fault::ConsumerPoison,
    Fault::Duplicate,
    Fault::Reorder,
    Fault::PayloadChanged,
];

/// Each fault hits that many events.
const EACH: u32 = 3;

/// A world with what is needed to look at it and to send to it by hand.
pub(crate) struct Company {
    pub(crate) world: World,
    pub(crate) tables: Tables,
    pub(crate) hand: Hand,
}

impl Company {
    pub(crate) async fn new(
        name: &str,
        database: DatabaseKind,
        broker: BrokerKind,
        membership: Membership,
    ) -> Self {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let prefix = format!("w{name}{}-", &unique[..10]);
        let config = WorldConfig {
            seed: 5,
            database: database.clone(),
            broker: broker.clone(),
            prefix: prefix.clone(),
            membership,
        };
        let world = World::create(config).await.expect("the servers take it");
        Self {
            world,
            tables: Tables::connect(&database, &prefix).await,
            hand: Hand::new(&broker, &prefix).await,
        }
    }

    pub(crate) async fn close(self) {
        self.tables.close().await;
        self.world.remove().await.expect("it was ours to remove");
    }
}

/// A past with faults: the tables say what the ledger says; resent, everything arrives.
pub(crate) async fn check_faults(company: &Company, also: &[Fault]) {
    let world = &company.world;
    let planted: Vec<Planted> = EVERYWHERE
        .iter()
        .chain(also)
        .map(|fault| Planted {
            fault: *fault,
            events: EACH,
            consumer: None,
        })
        .collect();
    let span = HistorySpan {
        events: 600,
        span: Duration::from_secs(3600),
        end: None,
    };
    let report = world.history(span, &planted).await.expect("a past");
    assert_eq!(report.events, 600);
    check_tables(company).await;

    let live = world.run_live(LiveOptions::IDLE).expect("it is idle");
    for expected in world.ledger().missing() {
        company.hand.resend(&expected).await;
    }
    live.settle(SOON).await.expect("the consumers are quick");
    live.stop().await;
    check_only_phantoms(company);
    check_tables(company).await;
}

/// A company at work with every fault: the same holds.
pub(crate) async fn check_live(company: &Company, also: &[Fault]) {
    let world = &company.world;
    let live = world
        .run_live(LiveOptions {
            events_per_second: 60.0,
            relay: true,
        })
        .expect("it is idle");
    for fault in EVERYWHERE.iter().chain(also) {
        let broken = world.break_it(*fault, None, Some(EACH)).await;
        broken.expect("it works here");
    }
    let all_hit = async || {
        let hits = hits(world);
        let done = EVERYWHERE
            .iter()
            .chain(also)
            .all(|fault| hits.get(fault).is_some_and(|n| *n >= EACH as usize));
        (done && world.broken().is_empty()).then_some(())
    };
    waybill_tests::wait::wait_for("every fault to hit", SOON, all_hit).await;
    live.set_rate(0.0);
    // Held transactions commit, and their rows are sent, before the relay is idle for good.
    let nothing_held = async || {
        company
            .tables
            .outbox_rows()
            .await
            .eq(&in_outbox(world))
            .then_some(())
    };
    waybill_tests::wait::wait_for("late commits", SOON, nothing_held).await;
    live.settle(SOON).await.expect("the consumers are quick");
    check_tables(company).await;

    for expected in world.ledger().missing() {
        company.hand.resend(&expected).await;
    }
    live.settle(SOON).await.expect("the consumers are quick");
    live.stop().await;
    check_only_phantoms(company);
    check_tables(company).await;
}

fn hits(world: &World) -> BTreeMap<Fault, usize> {
    let mut hits = BTreeMap::new();
    for entry in world.ledger().entries() {
        for fault in &entry.faults {
            *hits.entry(*fault).or_default() += 1;
        }
    }
    hits
}

fn in_outbox(world: &World) -> i64 {
    count(world, |entry| entry.outbox)
}

fn count(world: &World, is_so: impl Fn(&waybill_world::Entry) -> bool) -> i64 {
    let ledger = world.ledger();
    let n = ledger.entries().iter().filter(|entry| is_so(entry)).count();
    i64::try_from(n).expect("few")
}

/// The tables hold what the ledger says they hold.
async fn check_tables(company: &Company) {
    let (world, tables) = (&company.world, &company.tables);
    let mut dead: Vec<String> = world
        .ledger()
        .entries()
        .iter()
        .filter(|it| it.consumers[1].dead_lettered)
        .map(|it| it.id.to_string())
        .collect();
    dead.sort();
    assert_eq!(company.hand.dead_letters("search", dead.len()).await, dead);
    assert_eq!(tables.changes().await, count(world, |it| it.stored));
    assert_eq!(tables.outbox_rows().await, in_outbox(world));
    assert_eq!(
        tables.unsent().await,
        count(world, |it| it.outbox && !it.sent)
    );
    for (idx, consumer) in ["inventory", "search", "storefront"].iter().enumerate() {
        assert_eq!(
            tables.processed(consumer).await,
            count(world, |it| it.consumers[idx].processed),
            "{consumer}"
        );
    }
}

fn check_only_phantoms(company: &Company) {
    let ledger = company.world.ledger();
    let left: Vec<_> = ledger
        .missing()
        .into_iter()
        .filter(|it| it.class != VerdictClass::Phantom)
        .collect();
    assert!(left.is_empty(), "still missing: {left:#?}");
    let phantoms = ledger.entries().iter().filter(|entry| {
        // Of what has expired an inbox may tell, and nothing else.
        let told = !entry.expired || entry.consumers.iter().any(|it| it.processed);
        entry.faults.contains(&Fault::RolledBackAfterPublish) && told
    });
    assert_eq!(ledger.missing().len(), phantoms.count());
    for entry in ledger.entries() {
        assert!(entry.resends() <= 1, "resent twice: {entry:?}");
    }
}
