//! What every broker must do, as checks. [`check_all`] runs them one after the other.
//!
//! Each check makes a channel of its own, so they may also run on a server that others use.

mod act;
mod contents;
mod counting;
mod look;
mod reading;

use async_trait::async_trait;
use waybill_model::Route;

use crate::{Broker, ConsumerRef, CopyRole};

pub use act::{a_send_arrives_as_it_was, a_send_to_nowhere_is_refused};
pub use contents::what_bodies_say_is_told_when_asked_for;
pub use counting::what_is_another_services_is_left_out_and_counted;
pub use look::{a_channel_that_is_not_there_is_named, it_says_who_it_is, looking_moves_nobody};
pub use reading::{
    a_follow_shows_what_arrives, a_scan_sees_everything_once_and_says_so,
    an_empty_channel_is_covered, copies_come_back_whole, dropping_a_read_leaves_the_rest_working,
    the_next_scan_goes_on_where_the_last_one_ended, what_is_odd_is_marked_and_never_left_out,
};

/// What a check needs besides the broker: somebody who publishes and consumes for real.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The broker under test, opened with the right to resend.
    fn broker(&self) -> &dyn Broker;

    /// What a channel made by [`Stage::channel`] is to the reader.
    fn role(&self) -> CopyRole;

    /// Makes an empty channel for one check, named so that it can be told whose it is; returns its
    /// real name.
    async fn channel(&self, name: &str) -> String;

    /// Publishes in order, as any producer would; returns when the broker has all of them.
    async fn publish(&self, channel: &str, letters: &[Letter]);

    /// Lets a consumer read `n` messages of the channel, acknowledge them, and stand still.
    async fn consumer(&self, channel: &str, n: usize) -> ConsumerRef;

    /// How a message is sent to everybody who reads the channel.
    fn route(&self, channel: &str) -> Route;
}

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// Kafka key; elsewhere ignored.
    pub key: Option<Vec<u8>>,
    /// Headers in order; a value may be null where the broker knows null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// The body; `None` is a tombstone where the broker knows one, else an empty body.
    pub payload: Option<Vec<u8>>,
}

impl Letter {
    /// A message with its id in the header `id`, which is its key too.
    pub fn with_id(id: &str) -> Self {
        Self {
            key: Some(id.as_bytes().to_vec()),
            headers: vec![("id".to_owned(), Some(id.as_bytes().to_vec()))],
            payload: Some(format!("{{\"id\":\"{id}\"}}").into_bytes()),
        }
    }
}

/// Runs every check.
///
/// # Panics
/// At the first expectation that is not met.
pub async fn check_all(stage: &dyn Stage) {
    it_says_who_it_is(stage).await;
    a_channel_that_is_not_there_is_named(stage).await;
    an_empty_channel_is_covered(stage).await;
    a_scan_sees_everything_once_and_says_so(stage).await;
    the_next_scan_goes_on_where_the_last_one_ended(stage).await;
    what_is_odd_is_marked_and_never_left_out(stage).await;
    copies_come_back_whole(stage).await;
    what_bodies_say_is_told_when_asked_for(stage).await;
    what_is_another_services_is_left_out_and_counted(stage).await;
    a_follow_shows_what_arrives(stage).await;
    dropping_a_read_leaves_the_rest_working(stage).await;
    looking_moves_nobody(stage).await;
    a_send_arrives_as_it_was(stage).await;
    a_send_to_nowhere_is_refused(stage).await;
}
