//! The seam between the engine and the systems it inspects.
//!
//! No type of a client library crosses this line: the next broker will not look like AMQP and the
//! next database will not come through sqlx. The contract in words is in this crate's README;
//! [`conformance`] holds it as checks that every implementation runs, the [`fake`] first.

mod driver;
pub use driver::{Driver, Secret, Source, Target};
pub use waybill_model::{ProbeOutcome, ProbeStep};

mod database;
pub use database::{
    Attachment, AttachmentKind, ColumnInfo, Database, DatabaseCapabilities, DestinationColumn,
    DueColumns, Row, RowColumns, RowKey, RowQuery, Said, SaidBy, Sample, ServerInfo, TableInfo,
    Times, Zoning, destination_name,
};

mod text_at;
pub use text_at::text_at;

mod whose;
pub use whose::Whose;

mod broker;
pub use broker::{
    Binding, Broker, BrokerCapabilities, Channel, ChannelKind, ConsumerProgress, ConsumerRef,
    CopyQuery, CopyRole, History, PartitionProgress, QueueProgress, Topology,
};

mod operator;
pub use operator::Operator;

mod chunk;
pub use chunk::{Chunk, ChunkStream, Cursor};

mod error;
pub use error::{BoxError, Error, Result};

pub mod address;
pub mod carry;
pub mod conformance;
pub mod content;

pub mod fake;
pub mod form;
