//! The broker in memory keeps the contract, and its faults do what they say.

use futures::StreamExt as _;
use waybill_model::{
    Access, Carriers, ConsumerNo, EventId, GapReason, Micros, Parcel, PlaceId, Receipt, ResendId,
    Route, Window,
};

use super::{FakeBroker, SendFault};
use crate::conformance::broker::{self as conformance, Letter, Stage};
use crate::{Broker, Chunk, ConsumerRef, CopyQuery, CopyRole, Operator as _};

struct Memory(FakeBroker);

#[async_trait::async_trait]
impl Stage for Memory {
    fn broker(&self) -> &dyn Broker {
        &self.0
    }

    fn role(&self) -> CopyRole {
        CopyRole::Destination
    }

    async fn channel(&self, name: &str) -> String {
        self.0.add_channel(name, 3);
        name.to_owned()
    }

    async fn publish(&self, channel: &str, letters: &[Letter]) {
        for letter in letters {
            self.0.publish(channel, letter);
        }
    }

    async fn consumer(&self, channel: &str, n: usize) -> ConsumerRef {
        let group = format!("{channel}-group");
        for partition in 0..3 {
            self.0
                .commit(&group, channel, partition, i64::try_from(n).expect("few"));
        }
        ConsumerRef {
            consumer: ConsumerNo(0),
            destination: channel.to_owned(),
            group: Some(group),
            queue: None,
        }
    }

    fn route(&self, channel: &str) -> Route {
        Route {
            destination: channel.to_owned(),
            key: Some(b"k".to_vec()),
            partition: None,
            routing_key: None,
        }
    }
}

fn query(channel: &str) -> CopyQuery {
    CopyQuery {
        place: PlaceId(0),
        role: CopyRole::Destination,
        channel: channel.to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: None,
        only: Vec::new(),
        whose: crate::Whose::default(),
        compare: None,
        window: Window {
            from: Micros(0),
            to: Micros(i64::MAX),
        },
        after: None,
        max_messages: None,
    }
}

#[tokio::test]
async fn it_keeps_the_contract() {
    conformance::check_all(&Memory(FakeBroker::default())).await;
}

#[test]
fn read_only_access_has_no_operator() {
    let broker = FakeBroker::default().with_access(Access::ReadOnly);
    assert!(broker.operator().is_none());
}

#[tokio::test]
async fn a_read_that_dies_keeps_what_it_saw_and_says_what_it_missed() {
    let broker = FakeBroker::default();
    broker.add_channel("orders", 1);
    for id in 0..10 {
        broker.publish("orders", &Letter::with_id(&id.to_string()));
    }
    broker.die_after(Some(4));
    let chunks: Vec<_> = broker.scan(query("orders")).collect().await;
    let seen: usize = chunks
        .iter()
        .map(|chunk| match chunk {
            Ok(Chunk::Evidence(batch)) => batch.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(seen, 4);
    let failed = chunks.iter().any(|chunk| {
        matches!(chunk, Ok(Chunk::Covered(covered))
            if covered.gaps.iter().any(|gap| matches!(gap.reason, GapReason::Failed(_))))
    });
    assert!(failed, "{chunks:?}");
    assert!(matches!(chunks.last(), Some(Err(_))), "{chunks:?}");
}

#[tokio::test]
async fn scripted_sends_come_out_as_scripted_and_are_all_recorded() {
    let broker = FakeBroker::default();
    broker.add_channel("orders", 1);
    broker.script_sends([
        SendFault::Refused("too large".to_owned()),
        SendFault::UnknownStored("gone".to_owned()),
        SendFault::UnknownLost("gone".to_owned()),
    ]);
    let parcel = Parcel {
        resend: ResendId(uuid::Uuid::nil()),
        event: EventId("1".to_owned()),
        route: Memory(broker.clone()).route("orders"),
        headers: Vec::new(),
        properties: Vec::new(),
        payload: None,
    };
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        let receipt = broker
            .send(&parcel, std::time::Duration::from_secs(1))
            .await;
        outcomes.push(match receipt {
            Receipt::Sent { .. } => "sent",
            Receipt::Refused { .. } => "refused",
            Receipt::Unknown { .. } => "unknown",
        });
    }
    assert_eq!(outcomes, ["refused", "unknown", "unknown", "sent"]);
    assert_eq!(broker.submitted().len(), 4);
    let topology = broker.topology().await.expect("it answers");
    // The unknown one that was stored, and the last.
    assert_eq!(topology.channels[0].depth, Some(2));
}
