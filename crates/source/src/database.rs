//! A database, to look at.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use waybill_model::{
    Clock, DUE_LATER, Micros, NO_DESTINATION, NO_DUE, OTHER_DESTINATION, PlaceId, Wanted, Window,
    Zone, is_same_state,
};

use crate::content::Compare;
use crate::{ChunkStream, Cursor, Result};

/// A database, read-only. Reading MUST happen in read-only sessions with statement time-outs, in
/// short statements without a transaction that stays open between pages.
#[async_trait]
pub trait Database: fmt::Debug + Send + Sync {
    /// What it can do and what that would disturb.
    fn capabilities(&self) -> DatabaseCapabilities;

    /// One round trip: who is there, and how its clock stands.
    async fn server(&self) -> Result<ServerInfo>;

    /// All tables we may read, with their columns and what hangs on them.
    async fn tables(&self) -> Result<Vec<TableInfo>>;

    /// Some of a table's newest rows as text, long values cut short: enough to see what its
    /// columns hold. At most `n_rows`, in an order that costs nothing.
    async fn sample(&self, table: &str, n_rows: u32) -> Result<Sample>;

    /// How the times of a table are written, asked of some of its newest rows. A database whose
    /// times all name their zone says so.
    async fn times(&self, columns: &RowColumns) -> Result<Times>;

    /// Reads the observations of one table in keyset pages, oldest first; ends when the table's
    /// end is reached. The last chunks are the coverage, whose upper end is the settled horizon
    /// (rows of transactions that were open are never skipped), and a resume cursor. A read that
    /// resumes also yields rows that committed late and rows whose state changed.
    ///
    /// A row that cannot be understood is yielded with its marks, never left out.
    fn read(&self, query: RowQuery) -> ChunkStream;

    /// Whole rows by key, bodies included (head only above `max_bytes`), in the order asked for;
    /// `None` where there is no such row any more; of several with that key the youngest.
    async fn rows(
        &self,
        columns: &RowColumns,
        keys: &[RowKey],
        max_bytes: u64,
    ) -> Result<Vec<Option<Row>>>;

    /// Ends all sessions.
    async fn close(&self);
}

/// What a database offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCapabilities {
    /// Late commits are found exactly (snapshot horizon, single writer) rather than by waiting.
    pub exact_horizon: bool,
    /// How long, in seconds, a late commit can hide where the horizon is not exact.
    pub late_commit_secs: u32,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// `PostgreSQL`, `MariaDB`, `RabbitMQ`, `Apache Kafka`, …
    pub product: String,
    /// Its version as it says.
    pub version: String,
    /// Its clock minus ours in microseconds, where it tells.
    pub clock_offset_micros: Option<i64>,
    /// Half the round trip of the measurement, in microseconds: the offset is no better known.
    pub clock_error_micros: Option<i64>,
}

/// A table as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableInfo {
    /// Schema, `""` where there are none.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<ColumnInfo>,
    /// Rows, as the catalogue estimates.
    pub estimated_rows: Option<u64>,
    /// It is a part of another table, which has its rows, too.
    pub partition: bool,
    /// What hangs on it.
    pub attached: Vec<Attachment>,
    /// What its definition says of the values of its columns.
    pub said: Vec<Said>,
}

/// Something a table's definition says beside the names and types of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The column it is about; `None` for the whole table.
    pub column: Option<String>,
    /// What says it.
    pub by: SaidBy,
    /// What is said, in the database's words; cut off where it is long.
    pub text: String,
}

/// What says something about a table's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaidBy {
    /// The value a column has when none is given.
    Default,
    /// A comment.
    Comment,
    /// One of the words of an enumerated type.
    Label,
    /// A condition every row fulfils.
    Check,
    /// The condition of an index over some of the rows.
    Index,
}

/// Something that hangs on a table, and whose name tells who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// Its name.
    pub name: String,
}

/// What hangs on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// An index.
    Index,
    /// A constraint.
    Constraint,
    /// A trigger.
    Trigger,
    /// PostgreSQL: a publication that names the table, through which its changes are read from
    /// the log.
    Publication,
}

/// Rows of a table as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// A value per column; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A column as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// Name.
    pub name: String,
    /// Type in the database's words.
    pub sql_type: String,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether it belongs to the primary key.
    pub primary_key: bool,
    /// Whether our user may read it: rights may be granted by column.
    pub readable: bool,
}

/// Which column plays which role in a table. Every name is a column of `table`; event id, event
/// type and aggregate may stand inside a JSON column instead: `column#/pointer`, see [`waybill_model::InColumn`].
///
/// Serves outbox, inbox and business tables alike: a role a table does not have is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowColumns {
    /// Table, `schema.table` allowed; every part is quoted by the source.
    pub table: String,
    /// Orders and identifies rows.
    pub key: String,
    /// Event id; `None` for business tables, which are matched by aggregate and version.
    pub id: Option<String>,
    /// Aggregate type column.
    pub aggregate_type: Option<String>,
    /// Aggregate type where it is the same for the whole table.
    pub fixed_aggregate_type: Option<String>,
    /// Aggregate id.
    pub aggregate_id: Option<String>,
    /// Aggregate version.
    pub version: Option<String>,
    /// Event type.
    pub kind: Option<String>,
    /// The time that places the row on the timeline; `None` where no column holds one. Such rows
    /// belong to every window, and are of the time of their message.
    pub at: Option<String>,
    /// The zone of times that are written without one.
    pub zone: Zoning,
    /// Filled (or true) when sent; of an inbox, when processed.
    pub sent_at: Option<String>,
    /// Filled (or true) when given up, or when processing failed.
    pub failed_at: Option<String>,
    /// State column with the values that mean sent (of an inbox: processed) and failed.
    pub status: Option<(String, Vec<String>, Vec<String>)>,
    /// Number of attempts.
    pub attempts: Option<String>,
    /// Where a row is to be sent.
    pub destination: Option<DestinationColumn>,
    /// From when on a row is to be sent.
    pub due: Option<DueColumns>,
    /// Only rows whose values in these columns are wanted. A row that is asked for by its key is
    /// found all the same.
    pub wanted: BTreeMap<String, Wanted>,
    /// Only rows where this column has this value.
    pub only: Option<(String, String)>,
    /// The body; read by [`Database::rows`], and by [`Database::read`] with `compare`.
    pub payload: Option<String>,
    /// With it a read yields what the bodies say; without, it touches none.
    pub compare: Option<Compare>,
}

/// What says of an outbox row where it is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationColumn {
    /// The column, or `column#/pointer` where it stands inside of an envelope.
    pub column: String,
    /// Topics and exchanges that flows go to, each with what an observation says for it.
    pub known: BTreeMap<String, u32>,
}

impl DestinationColumn {
    /// What an observation says of a row with this value: a topic, an exchange, or an address that
    /// ends in one.
    pub fn number(&self, value: Option<&str>) -> u32 {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
            return NO_DESTINATION;
        };
        let known = self.known.get(value);
        let known = known.or_else(|| self.known.get(&destination_name(value)));
        known.copied().unwrap_or(OTHER_DESTINATION)
    }
}

/// The topic or exchange that an address names: `rabbitmq://host/vhost/name?bind=true` and
/// `exchange:name` name what comes last; anything else is a name.
pub fn destination_name(address: &str) -> String {
    const SHORT: [&str; 3] = ["exchange:", "topic:", "queue:"];
    let bare = address.split('?').next().unwrap_or(address);
    if let Some((_, path)) = bare.split_once("://") {
        let name = path.rsplit('/').next().unwrap_or(path);
        return name.replace("%3A", ":").replace("%3a", ":");
    }
    let short = SHORT.iter().find_map(|prefix| bare.strip_prefix(prefix));
    short.unwrap_or(address).to_owned()
}

/// By what an outbox row says that it is to be sent later than it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueColumns {
    /// The column with the time; without one, such a row does not say when.
    pub at: Option<String>,
    /// Values of the state column that mean it; none where the time alone says so.
    pub states: Vec<String>,
}

impl DueColumns {
    /// From when on a row is to be sent that has this state and this time in its column.
    pub fn due(&self, state: Option<&str>, at: Option<Micros>) -> i64 {
        let is_meant = self.states.is_empty()
            || state.is_some_and(|state| self.states.iter().any(|it| is_same_state(it, state)));
        match (is_meant, &self.at, at) {
            (false, ..) | (true, Some(_), None) => NO_DUE,
            (true, None, _) => DUE_LATER,
            (true, Some(_), Some(at)) => at.0,
        }
    }
}

/// The zone of times that name none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zoning {
    /// It is this one.
    Known(Zone),
    /// Nobody knows, for this reason. Such rows are read as far as they may lie in the window in
    /// any zone, and carry no time; nothing is proven by their absence.
    Unknown(String),
}

impl Zoning {
    /// The zone, where it is known.
    pub fn zone(&self) -> Option<Zone> {
        match self {
            Self::Known(zone) => Some(*zone),
            Self::Unknown(_) => None,
        }
    }
}

impl Default for Zoning {
    fn default() -> Self {
        Self::Known(Zone::UTC)
    }
}

/// How the times of a table are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// They name no zone: what they mean depends on who wrote them.
    pub local: bool,
    /// Some of the newest, taken for UTC, in no order; those alone that name no zone.
    pub newest: Vec<Micros>,
    /// The server's clock.
    pub now: Option<Micros>,
    /// What the column's own definition says of the zone, with its words as a clause: `the default
    /// of created_at is CURRENT_TIMESTAMP`.
    pub defined: Option<(Zone, String)>,
    /// The server's own zone, which whoever writes may share or not: `the server's zone is UTC`.
    pub server: Option<(Zone, String)>,
}

/// A read of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowQuery {
    /// The place its observations belong to.
    pub place: PlaceId,
    /// Whose clock `at` is.
    pub clock: Clock,
    /// The table.
    pub columns: RowColumns,
    /// Rows whose time lies inside; rows without a readable time are yielded in any window.
    pub window: Window,
    /// Go on after this.
    pub after: Option<Cursor>,
    /// Rows per page.
    pub page_rows: u32,
}

/// A row's key as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowKey(pub String);

/// A whole row, values as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: RowKey,
    /// When, if its time can be read.
    pub at: Option<Micros>,
    /// The time in the column that says from when on it is to be sent, if it can be read.
    pub due_at: Option<Micros>,
    /// All columns but the body in table order; `None` is NULL.
    pub columns: Vec<(String, Option<String>)>,
    /// The body's bytes, at most as many as asked for.
    pub payload: Option<Vec<u8>>,
    /// The whole body's length in bytes.
    pub payload_len: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_what_comes_last() {
        for (address, name) in [
            (
                "rabbitmq://localhost/shop/Shop:ProductChanged",
                "Shop:ProductChanged",
            ),
            (
                "rabbitmq://localhost/Shop%3AChanged?bind=true",
                "Shop:Changed",
            ),
            ("exchange:products?type=topic", "products"),
            ("loopback://localhost/kafka/products", "products"),
            ("Shop:ProductChanged", "Shop:ProductChanged"),
            ("product-events", "product-events"),
        ] {
            assert_eq!(destination_name(address), name);
        }
    }

    #[test]
    fn a_row_says_one_of_the_known_destinations_or_another() {
        let column = DestinationColumn {
            column: "topic".to_owned(),
            known: BTreeMap::from([("orders".to_owned(), 3)]),
        };
        for (value, number) in [
            (Some("orders"), 3),
            (Some(" orders "), 3),
            (Some("rabbitmq://host/shop/orders?bind=true"), 3),
            (Some("bills"), OTHER_DESTINATION),
            (Some(""), NO_DESTINATION),
            (None, NO_DESTINATION),
        ] {
            assert_eq!(column.number(value), number, "{value:?}");
        }
    }
}
