//! Takes records from librdkafka many at a time.
//!
//! The wrapper hands them out one by one, each in an event of its own: two allocations, two locks
//! and two looks at the clock per record, which is most of what a scan costs.
#![expect(
    unsafe_code,
    reason = "the wrapper cannot take more than one record at a time"
)]

use std::ffi::CString;
use std::marker::PhantomData;
use std::ptr;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka_sys as sys;

use super::owned::Owned;
use super::raw::RawRecord;
use crate::connect::Reader;

/// Records taken at once.
const MOST: usize = 1024;

/// What one entry is.
pub(crate) enum Taken<'m> {
    Record(RawRecord<'m>),
    /// A partition has nothing more for now; the offset is where it ends.
    End {
        partition: i32,
        offset: i64,
    },
    /// A partition is in trouble.
    Trouble(KafkaError),
}

/// The records of some partitions of a reader, which no longer come through its `poll`.
pub(crate) struct Fetched<'r> {
    queue: Owned<sys::rd_kafka_queue_t>,
    /// Those of the last turn; all of them are ours to destroy.
    messages: Vec<*mut sys::rd_kafka_message_t>,
    _reader: PhantomData<&'r Reader>,
}

impl<'r> Fetched<'r> {
    /// Leads these partitions' records here. To be called before they are assigned; a partition
    /// that is assigned later stays led here.
    pub(crate) fn lead(
        reader: &'r Reader,
        topic: &str,
        partitions: impl Iterator<Item = i32>,
    ) -> Result<Self, KafkaError> {
        let topic = CString::new(topic).map_err(KafkaError::Nul)?;
        let kafka = reader.client().native_ptr();
        // SAFETY: `kafka` lives as long as the reader, which outlives us.
        let queue = unsafe { sys::rd_kafka_queue_new(kafka) };
        let queue = Owned::take(queue, sys::rd_kafka_queue_destroy).ok_or(KafkaError::Canceled)?;
        for partition in partitions {
            // SAFETY: as above; `topic` ends with a NUL.
            let source =
                unsafe { sys::rd_kafka_queue_get_partition(kafka, topic.as_ptr(), partition) };
            let source =
                Owned::take(source, sys::rd_kafka_queue_destroy).ok_or(KafkaError::Canceled)?;
            // SAFETY: both queues are alive; librdkafka keeps its own reference to the target.
            unsafe { sys::rd_kafka_queue_forward(source.ptr(), queue.ptr()) };
        }
        Ok(Self {
            queue,
            messages: Vec::with_capacity(MOST),
            _reader: PhantomData,
        })
    }

    /// Takes what has arrived, or waits until something does. Returns how many entries there are;
    /// 0 when nothing came.
    pub(crate) fn turn(&mut self, wait: Duration) -> usize {
        self.release();
        // With a time-out it would wait until all places are filled, so first without.
        self.fill(MOST, Duration::ZERO);
        if self.messages.is_empty() {
            self.fill(1, wait);
        }
        self.messages.len()
    }

    /// The entries of the last turn.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Taken<'_>> {
        self.messages.iter().map(|message| {
            // SAFETY: these are messages librdkafka gave us and we have not destroyed yet; the
            // next turn, which destroys them, needs us exclusively.
            let message = unsafe { &**message };
            match message.err {
                sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => {
                    Taken::Record(RawRecord::from_native(message))
                }
                sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__PARTITION_EOF => Taken::End {
                    partition: message.partition,
                    offset: message.offset,
                },
                code => Taken::Trouble(KafkaError::MessageConsumption(code.into())),
            }
        })
    }

    fn fill(&mut self, most: usize, wait: Duration) {
        let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        self.messages.resize(most, ptr::null_mut());
        // SAFETY: the queue is alive, and the array has room for `most` pointers.
        let n = unsafe {
            sys::rd_kafka_consume_batch_queue(
                self.queue.ptr(),
                millis,
                self.messages.as_mut_ptr(),
                most,
            )
        };
        // Below zero is an error, which this call has no other way to tell; nothing was filled.
        self.messages.truncate(usize::try_from(n).unwrap_or(0));
    }

    fn release(&mut self) {
        for message in self.messages.drain(..) {
            // SAFETY: each was given to us once and is destroyed once; nothing borrows from it,
            // because we are borrowed exclusively.
            unsafe { sys::rd_kafka_message_destroy(message) };
        }
    }
}

impl Drop for Fetched<'_> {
    fn drop(&mut self) {
        self.release();
    }
}
