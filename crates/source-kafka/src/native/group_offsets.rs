//! The committed offsets of a consumer group, asked for from outside the group.
#![expect(
    unsafe_code,
    reason = "the wrapper can only ask for a group's offsets as a consumer of that group"
)]

use std::ffi::CString;
use std::os::raw::c_char;
use std::ptr;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka_sys as sys;

use super::owned::Owned;

/// The committed offset of one group in each partition asked for: the next one it will read.
/// `None`: never committed, or expired.
///
/// Blocks for `within` at most. The group does not notice: one OffsetFetch to its coordinator,
/// from a client that is not a consumer and so could not commit.
pub(crate) fn committed<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    topic: &str,
    partitions: &[i32],
    within: Duration,
) -> Result<Vec<(i32, Option<i64>)>, KafkaError> {
    let group = CString::new(group).map_err(KafkaError::Nul)?;
    let mut wanted = TopicPartitionList::with_capacity(partitions.len());
    for &partition in partitions {
        wanted.add_partition(topic, partition);
    }
    // SAFETY: both arguments are alive; librdkafka copies them.
    let request =
        unsafe { sys::rd_kafka_ListConsumerGroupOffsets_new(group.as_ptr(), wanted.ptr()) };
    let request = Owned::take(request, sys::rd_kafka_ListConsumerGroupOffsets_destroy)
        .ok_or(KafkaError::Canceled)?;
    let answer = ask(client, &request, within)?;
    read(&answer)
}

/// Sends the request and waits for the answer.
fn ask<C: ClientContext>(
    client: &Client<C>,
    request: &Owned<sys::rd_kafka_ListConsumerGroupOffsets_t>,
    within: Duration,
) -> Result<Owned<sys::rd_kafka_event_t>, KafkaError> {
    let millis = i32::try_from(within.as_millis()).unwrap_or(i32::MAX);
    let kafka = client.native_ptr();
    // SAFETY: `kafka` lives as long as `client`, which outlives this call.
    let queue = unsafe { sys::rd_kafka_queue_new(kafka) };
    let queue = Owned::take(queue, sys::rd_kafka_queue_destroy).ok_or(KafkaError::Canceled)?;
    // SAFETY: as above; the operation named is the one the options are used for below.
    let options = unsafe {
        sys::rd_kafka_AdminOptions_new(
            kafka,
            sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
        )
    };
    let options =
        Owned::take(options, sys::rd_kafka_AdminOptions_destroy).ok_or(KafkaError::Canceled)?;
    let mut why = [0 as c_char; 256];
    // SAFETY: `options` is alive and `why` is as long as we say.
    let code = unsafe {
        sys::rd_kafka_AdminOptions_set_request_timeout(
            options.ptr(),
            millis,
            why.as_mut_ptr(),
            why.len(),
        )
    };
    accept(code)?;
    let mut requests = [request.ptr()];
    // SAFETY: all five are alive; the array has the one element we say, as the call demands.
    // librdkafka copies the request and keeps its own reference to the queue.
    unsafe {
        sys::rd_kafka_ListConsumerGroupOffsets(
            kafka,
            requests.as_mut_ptr(),
            requests.len(),
            options.ptr(),
            queue.ptr(),
        );
    }
    // The request has the same time-out and reports it through the queue; the extra second is for
    // that report.
    // SAFETY: the queue is alive; an event it returns is ours to destroy.
    let event = unsafe { sys::rd_kafka_queue_poll(queue.ptr(), millis.saturating_add(1000)) };
    Owned::take(event, sys::rd_kafka_event_destroy)
        .ok_or(KafkaError::OffsetFetch(RDKafkaErrorCode::OperationTimedOut))
}

/// Takes the offsets out of the answer.
fn read(answer: &Owned<sys::rd_kafka_event_t>) -> Result<Vec<(i32, Option<i64>)>, KafkaError> {
    // SAFETY: the event is alive.
    accept(unsafe { sys::rd_kafka_event_error(answer.ptr()) })?;
    // SAFETY: the event is alive; null is returned when it is of another kind.
    let result = unsafe { sys::rd_kafka_event_ListConsumerGroupOffsets_result(answer.ptr()) };
    if result.is_null() {
        return Err(KafkaError::Canceled);
    }
    let mut n_groups = 0;
    // SAFETY: `result` lives as long as the event; `n_groups` is a local.
    let groups = unsafe {
        sys::rd_kafka_ListConsumerGroupOffsets_result_groups(result, ptr::addr_of_mut!(n_groups))
    };
    if groups.is_null() || n_groups == 0 {
        return Err(KafkaError::Canceled);
    }
    // SAFETY: the array has at least one element, which lives as long as the event.
    let group = unsafe { *groups };
    // SAFETY: `group` is alive; its error is null when there is none, else alive like the group.
    let code = unsafe {
        let error = sys::rd_kafka_group_result_error(group);
        if error.is_null() {
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        } else {
            sys::rd_kafka_error_code(error)
        }
    };
    accept(code)?;
    // SAFETY: `group` is alive, and its list with it.
    let list = unsafe { sys::rd_kafka_group_result_partitions(group).as_ref() };
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let n = usize::try_from(list.cnt).unwrap_or(0);
    if list.elems.is_null() || n == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the list says it has `cnt` elements; they live as long as the event.
    let elements = unsafe { std::slice::from_raw_parts(list.elems, n) };
    elements
        .iter()
        .map(|element| {
            accept(element.err)?;
            // Below zero stands for "no offset" (-1001).
            Ok((
                element.partition,
                (element.offset >= 0).then_some(element.offset),
            ))
        })
        .collect()
}

fn accept(code: sys::rd_kafka_resp_err_t) -> Result<(), KafkaError> {
    match code {
        sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        code => Err(KafkaError::OffsetFetch(code.into())),
    }
}
