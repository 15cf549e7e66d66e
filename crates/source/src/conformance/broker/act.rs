//! Checks of sending.

use std::time::Duration;

use uuid::Uuid;
use waybill_model::{EventId, HEADER_ID, Marks, Parcel, Receipt, ResendId, Route};

use super::Stage;
use super::reading::{coordinate, scan};
use crate::{CopyRole, Operator};

const WITHIN: Duration = Duration::from_secs(20);

fn operator(stage: &dyn Stage) -> &dyn Operator {
    stage
        .broker()
        .operator()
        .expect("the stage opens its broker with the right to resend")
}

fn parcel(route: Route) -> Parcel {
    Parcel {
        resend: ResendId(Uuid::from_u128(7)),
        event: EventId("event-1".to_owned()),
        route,
        headers: vec![
            ("id".to_owned(), Some(b"event-1".to_vec())),
            (HEADER_ID.to_owned(), Some(b"7".to_vec())),
        ],
        properties: Vec::new(),
        payload: Some(b"{\"price\":7}".to_vec()),
    }
}

/// A message that is reported as sent lies there byte for byte, and is recognised as ours.
pub async fn a_send_arrives_as_it_was(stage: &dyn Stage) {
    let channel = stage.channel("sent").await;
    let route = stage.route(&channel);
    let operator = operator(stage);
    let check = operator
        .check(&route, 100)
        .await
        .expect("a route can be checked");
    assert!(check.reachable, "{check:?}");
    let parcel = parcel(route);
    let receipt = operator.send(&parcel, WITHIN).await;
    assert!(matches!(receipt, Receipt::Sent { .. }), "{receipt:?}");
    if stage.role() == CopyRole::Tap {
        return;
    }
    let all = scan(stage, &channel).await;
    assert_eq!(all.seen.len(), 1, "sent once: {all:?}");
    assert_eq!(all.seen[0].id, "event-1");
    assert_eq!(all.seen[0].marks, Marks::OWN_RESEND);
    let at = coordinate(stage, &channel, &all.seen[0]);
    let copies = stage.broker().copies(std::slice::from_ref(&at), 1000).await;
    let copies = copies.expect("copies can be fetched");
    let copy = copies[0].as_ref().expect("it is there");
    assert_eq!(copy.payload, parcel.payload);
    for header in &parcel.headers {
        assert!(copy.headers.contains(header), "{header:?} in {copy:?}");
    }
    if let Receipt::Sent {
        coordinate: Some(told),
    } = receipt
    {
        assert_eq!(told, at, "the receipt says where it lies");
    }
}

/// What has nowhere to go is refused before and while sending; it is not in doubt.
pub async fn a_send_to_nowhere_is_refused(stage: &dyn Stage) {
    let route = stage.route("waybill-conformance-missing");
    let operator = operator(stage);
    let check = operator.check(&route, 1).await.expect("it can be checked");
    assert!(!check.reachable, "{check:?}");
    assert!(!check.notes.is_empty(), "it says why: {check:?}");
    let receipt = operator.send(&parcel(route), WITHIN).await;
    assert!(matches!(receipt, Receipt::Refused { .. }), "{receipt:?}");
}
