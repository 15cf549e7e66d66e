//! The headers of a record as bytes.
#![expect(
    unsafe_code,
    reason = "the wrapper panics on a header name that is not UTF-8, and a producer may write one"
)]

use std::ffi::CStr;
use std::ptr;

use rdkafka_sys::rd_kafka_resp_err_t as Code;

use super::raw::RawRecord;

/// Name and value of a header; a value may be null.
type Header<'m> = (&'m [u8], Option<&'m [u8]>);

/// Records rarely have more headers than this; the rest is allocated.
const FEW: usize = 8;

/// All headers of one record in order, read once.
#[derive(Debug)]
pub(crate) struct HeaderList<'m> {
    few: [Header<'m>; FEW],
    n_few: usize,
    more: Vec<Header<'m>>,
    malformed: bool,
}

impl<'m> HeaderList<'m> {
    /// Reads the headers; the slices point into the record.
    pub(crate) fn of(record: RawRecord<'m>) -> Self {
        let mut list = Self {
            few: [(&[], None); FEW],
            n_few: 0,
            more: Vec::new(),
            malformed: false,
        };
        let mut headers = ptr::null_mut();
        // SAFETY: the record is alive and borrowed for 'm. librdkafka parses its headers once and
        // keeps them inside the message, so what `headers` points to lives as long.
        let code = unsafe { rdkafka_sys::rd_kafka_message_headers(record.native(), &mut headers) };
        match code {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => {}
            Code::RD_KAFKA_RESP_ERR__NOENT => return list,
            _ => {
                list.malformed = true;
                return list;
            }
        }
        // SAFETY: `headers` was filled by the call above and is valid for 'm.
        let n = unsafe { rdkafka_sys::rd_kafka_header_cnt(headers) };
        for idx in 0..n {
            let (mut name, mut value, mut len) = (ptr::null(), ptr::null(), 0);
            // SAFETY: `headers` is valid, and the three places to write to are locals.
            let code = unsafe {
                rdkafka_sys::rd_kafka_header_get_all(headers, idx, &mut name, &mut value, &mut len)
            };
            if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                break;
            }
            // SAFETY: librdkafka ends every name with a NUL and keeps it in the message for 'm.
            let name = unsafe { CStr::from_ptr(name) }.to_bytes();
            let value = (!value.is_null())
                // SAFETY: a value that is not null has `len` bytes inside the message, for 'm.
                .then(|| unsafe { std::slice::from_raw_parts(value.cast::<u8>(), len) });
            list.push((name, value));
        }
        list
    }

    fn push(&mut self, header: Header<'m>) {
        match self.few.get_mut(self.n_few) {
            Some(slot) => {
                *slot = header;
                self.n_few += 1;
            }
            None => self.more.push(header),
        }
    }

    /// Whether the record's headers could not be parsed at all.
    pub(crate) fn malformed(&self) -> bool {
        self.malformed
    }

    /// Name and value of each header in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Header<'m>> + Clone + '_ {
        self.few[..self.n_few].iter().chain(&self.more).copied()
    }

    /// The value of the last header of that name that holds anything, as `lastHeader` of Kafka's own
    /// clients finds it; what is empty says nothing.
    pub(crate) fn last(&self, name: &str) -> Option<&'m [u8]> {
        let named = self.iter().filter(|(n, _)| *n == name.as_bytes());
        named
            .filter_map(|(_, value)| value.filter(|value| !value.is_empty()))
            .last()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer as _};
    use rdkafka::producer::{BaseProducer, Producer as _};
    use rdkafka::{Offset, TopicPartitionList};

    use super::*;

    const TOPIC: &CStr = c"headers";

    /// Writes a record whose headers no careful client would write.
    fn write(producer: &BaseProducer, headers: &[(&[u8], Option<&[u8]>)]) {
        let kafka = producer.client().native_ptr();
        // SAFETY: all pointers live to the end of the block; librdkafka copies names and values,
        // and takes the headers over when it accepts the message.
        unsafe {
            let list = rdkafka_sys::rd_kafka_headers_new(headers.len());
            for (name, value) in headers {
                rdkafka_sys::rd_kafka_header_add(
                    list,
                    name.as_ptr().cast(),
                    isize::try_from(name.len()).expect("it is short"),
                    value.map_or(ptr::null(), |value| value.as_ptr().cast()),
                    isize::try_from(value.map_or(0, <[u8]>::len)).expect("it is short"),
                );
            }
            let code = rdkafka_sys::rd_kafka_producev(
                kafka,
                rdkafka_sys::rd_kafka_vtype_t::RD_KAFKA_VTYPE_TOPIC,
                TOPIC.as_ptr(),
                rdkafka_sys::rd_kafka_vtype_t::RD_KAFKA_VTYPE_HEADERS,
                list,
                rdkafka_sys::rd_kafka_vtype_t::RD_KAFKA_VTYPE_END,
            );
            assert_eq!(code, Code::RD_KAFKA_RESP_ERR_NO_ERROR);
        }
        producer
            .flush(Duration::from_secs(20))
            .expect("it is delivered");
    }

    #[test]
    fn names_need_not_be_text_and_values_may_be_null_empty_or_repeated() {
        let producer: BaseProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .create()
            .expect("a mock cluster starts");
        let cluster = producer.client().mock_cluster().expect("it has one");
        cluster.create_topic("headers", 1, 1).expect("it is made");
        let mut written: Vec<(&[u8], Option<&[u8]>)> = vec![
            (b"\xff\xfe", Some(b"crooked")),
            (b"id", None),
            (b"id", Some(b"1")),
            (b"id", Some(b"2")),
            (b"empty", Some(b"")),
        ];
        written.extend((0..FEW).map(|_| (&b"more"[..], Some(&b"x"[..]))));
        write(&producer, &written);

        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("group.id", "test")
            .create()
            .expect("a consumer");
        let mut all = TopicPartitionList::new();
        all.add_partition_offset("headers", 0, Offset::Beginning)
            .expect("an offset");
        consumer.assign(&all).expect("it is assigned");
        let message = consumer
            .poll(Duration::from_secs(20))
            .expect("there is a record")
            .expect("it can be read");
        let headers = HeaderList::of(RawRecord::of(&message));
        assert_eq!(headers.iter().collect::<Vec<_>>(), written);
        assert_eq!(headers.last("id"), Some(&b"2"[..]));
        assert_eq!([headers.last("none"), headers.last("empty")], [None; 2]);
        assert!(!headers.malformed());
    }
}
