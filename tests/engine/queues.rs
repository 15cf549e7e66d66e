//! A broker with queues: what only such a broker can do is resend to one consumer alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use waybill_engine::profiles::MemorySecrets;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::{
    Access, AttemptState, Coordinate, Copy, Mode, Pace, Parcel, ProbeStep, Receipt, Route,
    RouteCheck, Warning,
};
use waybill_protocol::{Code, DryRun, GetRows, MakePlan};
use waybill_source::conformance::broker::Letter;
use waybill_source::fake::broker::FakeBroker;
use waybill_source::{
    Broker, BrokerCapabilities, ChunkStream, ConsumerProgress, ConsumerRef, CopyQuery, Driver,
    History, Operator, QueueProgress, Result, ServerInfo, Source, Target, Topology,
};
use waybill_tests::wait::wait_for;

use crate::company::{Company, Fate, LIMIT, body, id, now, open, order, scan};
use crate::memory::MemoryDatabase;

const STREAM: &str = "product-events.audit";

const PROFILE: &str = r#"
name = "toys"
access = "resend"
database.url = "memory://toys"
broker.url = "queues://memory"
[outbox]
table = "outbox"
key = "id"
id = "event_id"
aggregate-type = "aggregate_type"
aggregate-id = "aggregate_id"
version = "version"
type = "type"
payload = "payload"
created-at = "created_at"
sent-at = "sent_at"
[[flow]]
name = "products"
destination = "product-events"
audit-stream = "product-events.audit"
routing-key = "{aggregate-type}.{type}"
[[flow.consumer]]
name = "search"
queue = "search.products"
[flow.consumer.inbox]
table = "search_inbox"
id = "event_id"
processed-at = "processed_at"
[grace]
publish-secs = 60
consume-secs = 60
confirm-secs = 1
"#;

/// Queues in front of a stream that keeps what was published.
#[derive(Debug, Clone)]
struct Queues {
    stream: FakeBroker,
    sent: Arc<Mutex<Vec<Parcel>>>,
    access: Access,
}

impl Queues {
    fn sent(&self) -> Vec<Parcel> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Driver for Queues {
    fn name(&self) -> &'static str {
        "queues"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["queues"]
    }

    async fn open(&self, target: &Target) -> Result<Source> {
        let opened = Self {
            access: target.access,
            ..self.clone()
        };
        Ok(Source::Broker(Arc::new(opened)))
    }

    fn probe(&self, _target: &Target) -> BoxStream<'static, ProbeStep> {
        Box::pin(futures::stream::empty())
    }
}

#[async_trait]
impl Broker for Queues {
    fn capabilities(&self) -> BrokerCapabilities {
        BrokerCapabilities {
            history: History::ByStream,
            one_consumer: true,
            max_message_bytes: None,
        }
    }

    async fn server(&self) -> Result<ServerInfo> {
        self.stream.server().await
    }

    async fn topology(&self) -> Result<Topology> {
        self.stream.topology().await
    }

    fn scan(&self, query: CopyQuery) -> ChunkStream {
        self.stream.scan(query)
    }

    fn follow(&self, query: CopyQuery) -> ChunkStream {
        self.stream.follow(query)
    }

    /// Every queue is empty: whatever was routed to it has been taken.
    async fn progress(&self, consumers: &[ConsumerRef]) -> Result<Vec<ConsumerProgress>> {
        let empty = |consumer: &ConsumerRef| ConsumerProgress {
            consumer: consumer.consumer,
            at: now(),
            partitions: Vec::new(),
            queue: Some(QueueProgress {
                ready: 0,
                unacked: 0,
                consumers: 1,
                bound: true,
                may_drop: None,
            }),
            members: None,
        };
        Ok(consumers.iter().map(empty).collect())
    }

    async fn copies(&self, at: &[Coordinate], max_bytes: u64) -> Result<Vec<Option<Copy>>> {
        let record = |at: &Coordinate| match at {
            Coordinate::StreamEntry { stream, offset } => Coordinate::Record {
                topic: stream.clone(),
                partition: 0,
                offset: *offset,
            },
            other => other.clone(),
        };
        let records: Vec<Coordinate> = at.iter().map(record).collect();
        let copies = self.stream.copies(&records, max_bytes).await?;
        let entry = |(copy, at): (Option<Copy>, &Coordinate)| {
            let copy = copy?;
            let (_, id) = copy.headers.iter().find(|(name, _)| name == "id")?;
            let id = String::from_utf8_lossy(id.as_deref().unwrap_or_default()).into_owned();
            let properties = [
                ("message_id", id.as_str()),
                ("type", "ProductChanged"),
                ("expiration", "7"),
            ];
            Some(Copy {
                coordinate: at.clone(),
                key: Some(b"product.ProductChanged".to_vec()),
                properties: properties
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                ..copy
            })
        };
        Ok(copies.into_iter().zip(at).map(entry).collect())
    }

    fn operator(&self) -> Option<&dyn Operator> {
        (self.access == Access::Resend).then_some(self)
    }

    async fn close(&self) {}
}

#[async_trait]
impl Operator for Queues {
    async fn check(&self, route: &Route, _payload_len: u64) -> Result<RouteCheck> {
        let queue = route.routing_key.clone().unwrap_or_default();
        let everyone = ["search.products", "audit.products"]
            .map(str::to_owned)
            .to_vec();
        Ok(RouteCheck {
            reachable: true,
            reaches: if route.destination.is_empty() {
                vec![queue]
            } else {
                everyone
            },
            notes: Vec::new(),
        })
    }

    async fn send(&self, parcel: &Parcel, _within: Duration) -> Receipt {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(parcel.clone());
        if !parcel.route.destination.is_empty() {
            let letter = Letter {
                key: None,
                headers: parcel.headers.clone(),
                payload: parcel.payload.clone(),
            };
            let id = ("id".to_owned(), Some(parcel.event.0.clone().into_bytes()));
            let headers = letter.headers.iter().cloned().chain([id]).collect();
            self.stream.publish(STREAM, &Letter { headers, ..letter });
        }
        Receipt::Sent { coordinate: None }
    }
}

struct Shop {
    company: Company,
    queues: Queues,
    core: Core,
}

impl Shop {
    /// What the index calls these events.
    async fn numbers(&self, events: &[i64]) -> Vec<u32> {
        let all = GetRows {
            filter: String::new(),
            within: None,
            descending: false,
            offset: 0,
            limit: 100,
        };
        let rows = self
            .core
            .rows(all)
            .await
            .expect("a scan has been made")
            .rows;
        let no = |nth: &i64| rows.iter().find(|row| row.id == id(*nth)).map(|row| row.no);
        events.iter().filter_map(no).collect()
    }
}

/// The company with queues instead of a log; event 0 is lost by search, event 1 never published.
async fn shop() -> Shop {
    let company = Company::new("resend");
    std::fs::write(company.folder.path().join("config/toys.toml"), PROFILE).expect("it is ours");
    let stream = FakeBroker::default();
    stream.add_channel(STREAM, 1);
    let at = now().plus(-600_000_000);
    company.outbox_row(0, at, true);
    let header = |name: &str, text: String| (name.to_owned(), Some(text.into_bytes()));
    let letter = Letter {
        key: None,
        headers: vec![header("id", id(0).0), header("CC", "other".to_owned())],
        payload: Some(body(0).into_bytes()),
    };
    stream.publish_at(STREAM, &letter, at.plus(10_000));
    company.play_one(1, Fate::Lost, at.plus(1_000_000));
    // What else its relay has sent.
    for nth in 2..5 {
        let at = at.plus(nth * 1_000_000);
        company.outbox_row(nth, at, true);
        let letter = Letter {
            headers: vec![header("id", id(nth).0)],
            payload: Some(body(nth).into_bytes()),
            ..letter.clone()
        };
        stream.publish_at(STREAM, &letter, at.plus(10_000));
        company.process(nth, at.plus(20_000));
    }
    let queues = Queues {
        stream,
        sent: Arc::default(),
        access: Access::ReadOnly,
    };
    let database = MemoryDatabase(company.database.clone());
    let drivers = Drivers::new(vec![Arc::new(database), Arc::new(queues.clone())]);
    let dirs = Dirs::under(company.folder.path());
    let core = Core::new(drivers, Arc::new(MemorySecrets::default()), dirs, None);
    open(&core).await;
    scan(&core).await;
    Shop {
        company,
        queues,
        core,
    }
}

fn asked(events: Vec<u32>, mode: Mode) -> MakePlan {
    MakePlan {
        events,
        mode,
        pace: Pace::default(),
        unproven_form: None,
        samples: Vec::new(),
    }
}

fn only_search() -> Mode {
    Mode::OneConsumer {
        consumer: "search".to_owned(),
    }
}

#[tokio::test]
async fn one_consumer_gets_what_it_lost_through_its_queue() {
    let shop = shop().await;
    let plan = shop
        .core
        .plan(asked(shop.numbers(&[0, 1]).await, only_search()))
        .await
        .expect("it can be made");
    assert_eq!(plan.refused, None);
    assert_eq!(plan.events.len(), 1, "{plan:?}");
    assert_eq!(
        plan.left_out,
        [(id(1), "nobody has it; send it to everyone".to_owned())]
    );
    let route = &plan.events[0].route;
    assert_eq!(
        (
            route.destination.as_str(),
            route.routing_key.as_deref(),
            route.partition
        ),
        ("", Some("search.products"), None)
    );
    let names: Vec<_> = plan
        .recipients
        .iter()
        .map(|r| (r.name.as_str(), r.expected))
        .collect();
    assert_eq!(names, [("search", true)]);
    let stripped = Warning::Stripped {
        names: vec!["CC".to_owned(), "expiration".to_owned()],
    };
    assert!(plan.warnings.contains(&stripped), "{:?}", plan.warnings);
    let watched = shop.core.send_and_watch(order(plan.id), |_| {});
    let consumer = async {
        wait_for("the resend", LIMIT, async || {
            (shop.queues.sent().len() == 1).then_some(())
        })
        .await;
        shop.company.process(0, now());
    };
    let (run, ()) = tokio::join!(watched, consumer);
    assert_eq!(
        run.expect("it is sent").attempts[0].state,
        AttemptState::Effective
    );
    let sent = &shop.queues.sent()[0];
    assert_eq!(sent.payload.as_deref(), Some(body(0).as_bytes()));
    let properties: Vec<_> = sent
        .properties
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    assert_eq!(
        properties,
        [
            format!("message-id={}", id(0)),
            "type=ProductChanged".to_owned(),
            "delivery-mode=2".to_owned()
        ]
    );
}

#[tokio::test]
async fn everyone_gets_it_by_the_flows_routing_key_and_all_queues_are_named() {
    let shop = shop().await;
    let plan = shop
        .core
        .plan(asked(shop.numbers(&[1]).await, Mode::Everyone))
        .await
        .expect("it can be made");
    let route = &plan.events[0].route;
    assert_eq!(route.destination, "product-events");
    assert_eq!(route.routing_key.as_deref(), Some("product.ProductChanged"));
    let names: Vec<_> = plan
        .recipients
        .iter()
        .map(|r| (r.name.as_str(), r.expected))
        .collect();
    assert_eq!(names, [("search", true), ("audit.products", false)]);
    let watched = shop.core.send_and_watch(order(plan.id), |_| {});
    let consumer = async {
        wait_for("the resend", LIMIT, async || {
            (shop.queues.sent().len() == 1).then_some(())
        })
        .await;
        shop.company.process(1, now());
    };
    let (run, ()) = tokio::join!(watched, consumer);
    assert_eq!(
        run.expect("it is sent").attempts[0].state,
        AttemptState::Effective
    );
    let sent = &shop.queues.sent()[0];
    let properties: Vec<_> = sent
        .properties
        .iter()
        .filter(|(name, _)| name != "timestamp")
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    assert!(sent.properties.iter().any(|(name, _)| name == "timestamp"));
    assert_eq!(
        properties,
        [
            format!("message-id={}", id(1)),
            "type=ProductChanged".to_owned(),
            "delivery-mode=2".to_owned()
        ]
    );
}

#[tokio::test]
async fn a_read_only_profile_may_look_whether_it_would_arrive() {
    let shop = shop().await;
    let profile = PROFILE.replace("access = \"resend\"", "access = \"read-only\"");
    std::fs::write(shop.company.folder.path().join("config/toys.toml"), profile)
        .expect("it is ours");
    open(&shop.core).await;
    scan(&shop.core).await;
    let plan = shop
        .core
        .plan(asked(shop.numbers(&[1]).await, Mode::Everyone))
        .await
        .expect("it can be made");
    let checked = shop
        .core
        .dry_run(DryRun { plan: plan.id })
        .await
        .expect("the map can be read");
    // The stream is on the map, the exchange is not.
    assert!(!checked[0].check.reachable, "{checked:?}");
    let refused = shop
        .core
        .send(order(plan.id))
        .await
        .expect_err("it is read-only");
    assert_eq!(refused.code, Code::ReadOnly);
}
