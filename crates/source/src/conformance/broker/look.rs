//! Checks of looking around.

use futures::StreamExt as _;

use super::reading::{drain, query, scan};
use super::{Letter, Stage};
use crate::{ConsumerProgress, ConsumerRef, CopyRole, Error};

/// A product and its version, for the user to recognise.
pub async fn it_says_who_it_is(stage: &dyn Stage) {
    let server = stage.broker().server().await.expect("it answers");
    assert!(!server.product.is_empty(), "{server:?}");
}

/// A misspelt channel is an error that names it, in every operation that takes one.
pub async fn a_channel_that_is_not_there_is_named(stage: &dyn Stage) {
    let missing = "waybill-conformance-missing";
    let broker = stage.broker();
    let scanned = drain(broker.scan(query(stage, missing))).await.error;
    let followed = drain(broker.follow(query(stage, missing))).await.error;
    for error in [scanned, followed] {
        let error = error.expect("there is nothing to read");
        assert!(
            matches!(&error, Error::NotFound { name, .. } if name == missing),
            "{error:?}"
        );
    }
}

/// While we read everything in every way, consumers stay where they are.
pub async fn looking_moves_nobody(stage: &dyn Stage) {
    let channel = stage.channel("undisturbed").await;
    let letters: Vec<_> = (0..30)
        .map(|id| Letter::with_id(&format!("event-{id:05}")))
        .collect();
    stage.publish(&channel, &letters).await;
    let consumers = [stage.consumer(&channel, 4).await];
    let before = progress(stage, &consumers).await;
    assert_eq!(before.len(), 1, "{before:?}");
    let broker = stage.broker();
    broker.topology().await.expect("it has a topology");
    if stage.role() != CopyRole::Tap {
        scan(stage, &channel).await;
    }
    let mut follow = broker.follow(query(stage, &channel));
    let first = follow.next().await;
    assert!(matches!(first, Some(Ok(_))), "{first:?}");
    let during = progress(stage, &consumers).await;
    drop(follow);
    let after = progress(stage, &consumers).await;
    assert_eq!(during, before, "looking moved a consumer");
    assert_eq!(after, before, "looking moved a consumer");
}

/// Progress without the time it was asked at.
async fn progress(stage: &dyn Stage, consumers: &[ConsumerRef]) -> Vec<ConsumerProgress> {
    let mut progress = stage
        .broker()
        .progress(consumers)
        .await
        .expect("progress can be asked for");
    for one in &mut progress {
        one.at = waybill_model::Micros(0);
    }
    progress
}
