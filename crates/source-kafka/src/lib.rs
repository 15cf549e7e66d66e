//! Apache Kafka, looked at without joining a group or committing anything.
//!
//! Reading assigns partitions and offsets itself and never subscribes; librdkafka blocks, so every
//! call runs on a thread of its own. Start reading at [`KafkaDriver`], then `broker.rs`.

mod driver;
pub use driver::KafkaDriver;

mod address;

mod settings;

mod connect;

mod context;

mod error;

mod broker;

mod inspect;

mod offsets;

mod astray;
mod before;

mod span;

mod times;

mod cursor;

mod record;

mod batch;

mod pump;

mod scan;

mod open_tail;

mod follow;

mod copies;

mod progress;

mod operator;

mod dead_letters;

mod probe;

mod outlet;

mod native;
