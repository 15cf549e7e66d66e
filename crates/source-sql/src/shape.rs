//! A table as the catalogue describes it, and which of its columns plays which role.

use std::collections::BTreeSet;

use waybill_model::{InColumn, Wanted, Zone};
use waybill_source::content::Compare;
use waybill_source::{
    ColumnInfo, DestinationColumn, DueColumns, Error, Result, RowColumns, TableInfo,
};

use crate::cell::Cell;
use crate::dialect::Dialect;
use crate::epoch::When;
use crate::forms::Forms;
use crate::suggest::suggestion;

/// What a column's values are, and how they are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Integers of any width; `true` when unsigned.
    Int(bool),
    /// Floating point; `true` for double precision.
    Real(bool),
    /// Decimals.
    Decimal,
    /// Booleans.
    Bool,
    /// Text.
    Text,
    /// `jsonb`: text behind a version byte.
    Jsonb,
    /// Binary data.
    Bytes,
    /// UUIDs.
    Uuid,
    /// Date and time without zone.
    Timestamp,
    /// Point in time.
    TimestampTz,
    /// Date.
    Date,
    /// SQLite: each value has its own type.
    Dynamic,
    /// Anything else, read as text.
    Other,
}

impl Kind {
    /// Whether values compare as the integers they are.
    pub(crate) fn is_int(self) -> bool {
        matches!(self, Self::Int(_))
    }

    /// Whether it is a date or time type of the database.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::Timestamp | Self::TimestampTz | Self::Date)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Name.
    pub(crate) name: String,
    /// What its values are.
    pub(crate) kind: Kind,
    /// As the catalogue says it.
    pub(crate) info: ColumnInfo,
}

impl Column {
    /// Whether its times may name no zone; of texts and numbers each value tells.
    pub(crate) fn is_local(&self, dialect: Dialect) -> bool {
        match self.kind {
            Kind::TimestampTz => false,
            // The session's zone is UTC, in which MySQL tells a `timestamp`.
            Kind::Timestamp => {
                dialect != Dialect::MySql || !self.info.sql_type.starts_with("timestamp")
            }
            Kind::Date
            | Kind::Text
            | Kind::Dynamic
            | Kind::Int(_)
            | Kind::Real(_)
            | Kind::Decimal
            | Kind::Other => true,
            Kind::Bool | Kind::Jsonb | Kind::Bytes | Kind::Uuid => false,
        }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Schema, `""` where there are none.
    pub(crate) schema: String,
    /// Name.
    pub(crate) name: String,
    /// Columns in order.
    pub(crate) columns: Vec<Column>,
    /// Rows, as the catalogue estimates.
    pub(crate) estimated_rows: Option<u64>,
    /// It is a part of another table.
    pub(crate) partition: bool,
    /// Columns some index without a condition begins with.
    pub(crate) indexed: BTreeSet<String>,
    /// Columns that are unique on their own.
    pub(crate) unique: BTreeSet<String>,
    /// SQLite: the name under which the row's number is reached.
    pub(crate) rowid: Option<Rowid>,
}

/// SQLite's row number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rowid {
    /// `rowid`, or another of its names where a column hides that one.
    pub(crate) name: &'static str,
    /// Numbers are never given out again (`AUTOINCREMENT`).
    pub(crate) never_reused: bool,
}

impl Shape {
    /// For the catalogue list.
    pub(crate) fn into_info(self) -> TableInfo {
        TableInfo {
            schema: self.schema,
            name: self.name,
            columns: self.columns.into_iter().map(|column| column.info).collect(),
            estimated_rows: self.estimated_rows,
            partition: self.partition,
            attached: Vec::new(),
            said: Vec::new(),
        }
    }

    /// The column of that name, if our user may read it.
    pub(crate) fn readable(&self, name: &str) -> Result<&Column> {
        let column = self.column(name)?;
        if column.info.readable {
            return Ok(column);
        }
        let (name, table) = (&column.name, &self.name);
        let some = self.columns.iter().any(|column| column.info.readable);
        let (what, grant) = match some {
            true => (
                format!("column {name} of table {table}"),
                format!("SELECT ({name})"),
            ),
            false => (format!("table {table}"), "SELECT".to_owned()),
        };
        Err(Error::Forbidden {
            action: "read",
            name: what,
            source: format!("permission denied; GRANT {grant} ON {table} gives it").into(),
        })
    }

    /// The column of that name: exactly, else in another case if only one has it.
    pub(crate) fn column(&self, name: &str) -> Result<&Column> {
        if let Some(column) = self.columns.iter().find(|column| column.name == name) {
            return Ok(column);
        }
        let mut alike = self
            .columns
            .iter()
            .filter(|column| column.name.eq_ignore_ascii_case(name));
        match (alike.next(), alike.next()) {
            (Some(column), None) => Ok(column),
            _ => Err(Error::NotFound {
                what: "column",
                name: name.to_owned(),
                place: format!("table {}", self.name),
                suggestion: suggestion(name, self.columns.iter().map(|c| c.name.as_str())),
            }),
        }
    }
}

/// A column as the catalogue lists it, beside its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CatalogueColumn {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) estimated_rows: Option<u64>,
    /// Its table is a part of another one.
    pub(crate) partition: bool,
    pub(crate) column: Column,
    /// An index without a condition begins with it.
    pub(crate) indexed: bool,
    /// It is unique on its own.
    pub(crate) unique: bool,
}

/// Columns, sorted by table, into tables.
pub(crate) fn shapes(columns: Vec<CatalogueColumn>) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    for entry in columns {
        let same = |last: &Shape| last.schema == entry.schema && last.name == entry.table;
        if !shapes.last().is_some_and(same) {
            shapes.push(Shape {
                schema: entry.schema,
                name: entry.table,
                columns: Vec::new(),
                estimated_rows: entry.estimated_rows,
                partition: entry.partition,
                indexed: BTreeSet::new(),
                unique: BTreeSet::new(),
                rowid: None,
            });
        }
        let shape = shapes.last_mut().expect("one was pushed just above");
        if entry.indexed {
            shape.indexed.insert(entry.column.name.clone());
        }
        if entry.unique {
            shape.unique.insert(entry.column.name.clone());
        }
        shape.columns.push(entry.column);
    }
    shapes
}

/// What orders a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// An integer that grows with every new row; state changes do not move a row.
    Number,
    /// The time column, then the key.
    Time,
    /// The key alone, because there is no time. A new row may have any key, so that each read is of
    /// the whole table.
    Key,
}

/// Where a role's value is: in a cell, or inside the JSON of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) idx: usize,
    /// A JSON pointer.
    pub(crate) pointer: Option<String>,
}

/// Which columns are read, and where each role's value is among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is selected, each column once.
    pub(crate) columns: Vec<Column>,
    /// What orders the read.
    pub(crate) order: Order,
    /// With [`Order::Number`]: the integer (the key, or SQLite's row number).
    pub(crate) number: usize,
    /// The key.
    pub(crate) key: usize,
    /// The time; `None` where no column holds one.
    pub(crate) at: Option<usize>,
    /// How its values are read.
    pub(crate) forms: Forms,
    /// The zone of times that name none; `None` where nobody knows it.
    pub(crate) zone: Option<Zone>,
    /// Whose columns they are.
    pub(crate) dialect: Dialect,
    /// The event id.
    pub(crate) id: Option<Role>,
    /// The aggregate's type.
    pub(crate) aggregate_type: Option<Role>,
    /// The aggregate's type where all rows have the same.
    pub(crate) fixed_aggregate_type: Option<String>,
    /// The aggregate's id.
    pub(crate) aggregate_id: Option<Role>,
    /// The aggregate's version.
    pub(crate) version: Option<usize>,
    /// The event type.
    pub(crate) kind: Option<Role>,
    /// Filled or true when sent.
    pub(crate) sent_at: Option<usize>,
    /// Filled or true when given up.
    pub(crate) failed_at: Option<usize>,
    /// State, with the words for sent and failed.
    pub(crate) status: Option<(usize, Vec<String>, Vec<String>)>,
    /// When a row is to be sent, and by what it says so.
    pub(crate) due: Option<(Option<usize>, DueColumns)>,
    /// Number of attempts.
    pub(crate) attempts: Option<usize>,
    /// Where a row is to be sent.
    pub(crate) destination: Option<(Role, DestinationColumn)>,
    /// The body, where it is to be compared.
    pub(crate) body: Option<Body>,
    /// Only rows with one of these values in each.
    pub(crate) wanted: Vec<(usize, Wanted)>,
    /// Only rows with this value.
    pub(crate) only: Option<(usize, String)>,
    /// Whether the key is unique.
    pub(crate) key_unique: bool,
    /// Whether an index begins with the time column.
    pub(crate) at_indexed: bool,
    /// The time column's step in microseconds, where its type says it.
    pub(crate) at_step: Option<u32>,
}

/// The column with the body, and what of it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) column: usize,
    pub(crate) compare: Compare,
}

impl Plan {
    /// Finds every column the profile names. Fails with the name that is not there.
    pub(crate) fn new(shape: &Shape, roles: &RowColumns, dialect: Dialect) -> Result<Self> {
        let mut chosen = Chosen {
            shape,
            columns: Vec::new(),
        };
        let key = chosen.add(&roles.key)?;
        let at = chosen.maybe(roles.at.as_deref())?;
        let status = match &roles.status {
            Some((name, sent, failed)) => Some((chosen.add(name)?, sent.clone(), failed.clone())),
            None => None,
        };
        let only = roles.only.as_ref();
        let only = chosen.with(only.map(|(name, value)| (name, value)))?;
        let destination = roles.destination.as_ref();
        let says = chosen.role(destination.map(|known| known.column.as_str()))?;
        let destination = says.zip(destination.cloned());
        let mut wanted = Vec::new();
        for (name, values) in &roles.wanted {
            wanted.push((chosen.add(name)?, values.clone()));
        }
        let mut plan = Self {
            order: at.map_or(Order::Key, |_| Order::Time),
            number: key,
            key,
            at,
            forms: Forms::default(),
            zone: roles.zone.zone(),
            dialect,
            id: chosen.role(roles.id.as_deref())?,
            aggregate_type: chosen.role(roles.aggregate_type.as_deref())?,
            fixed_aggregate_type: roles.fixed_aggregate_type.clone(),
            aggregate_id: chosen.role(roles.aggregate_id.as_deref())?,
            version: chosen.maybe(roles.version.as_deref())?,
            kind: chosen.role(roles.kind.as_deref())?,
            sent_at: chosen.maybe(roles.sent_at.as_deref())?,
            failed_at: chosen.maybe(roles.failed_at.as_deref())?,
            status,
            due: match &roles.due {
                Some(due) => Some((chosen.maybe(due.at.as_deref())?, due.clone())),
                None => None,
            },
            attempts: chosen.maybe(roles.attempts.as_deref())?,
            destination,
            body: None,
            wanted,
            only,
            key_unique: shape.unique.contains(&chosen.columns[key].name),
            at_indexed: at.is_some_and(|at| shape.indexed.contains(&chosen.columns[at].name)),
            at_step: at.and_then(|at| step(&chosen.columns[at], dialect)),
            columns: Vec::new(),
        };
        // A table without event ids holds things, not events: its rows are updated in place, and
        // only the time column shows that.
        let things = plan.id.is_none();
        if let (false, Some(rowid)) = (things, &shape.rowid) {
            plan.order = Order::Number;
            plan.number = chosen.add_rowid(rowid.name);
        } else if !things && dialect != Dialect::Sqlite && chosen.columns[key].kind.is_int() {
            plan.order = Order::Number;
        }
        plan.body = chosen.body(roles)?;
        plan.columns = chosen.columns;
        Ok(plan)
    }

    /// The column with the time.
    pub(crate) fn at_column(&self) -> Option<&Column> {
        self.at.map(|at| &self.columns[at])
    }

    /// When a row was written, as far as it says.
    pub(crate) fn when(&self, cells: &[Cell<'_>]) -> When {
        let at = self.at.map(|at| cells[at].when(&self.forms));
        at.unwrap_or(When::Missing)
    }

    /// The zone in which the times of a column are read.
    pub(crate) fn zone_of(&self, column: usize) -> Option<Zone> {
        match self.columns[column].is_local(self.dialect) {
            true => self.zone,
            false => Some(Zone::UTC),
        }
    }

    /// How the column is read that says from when on a row is to be sent.
    pub(crate) fn forms_of_due(&self, column: usize) -> Forms {
        Forms {
            zone: self.zone_of(column),
            ..Forms::default()
        }
    }

    /// The columns without the body, which stands behind all others.
    pub(crate) fn unbodied(&self) -> impl Iterator<Item = &Column> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(idx, _)| !self.is_body(*idx))
            .map(|(_, column)| column)
    }

    /// Whether the column there is the body, which is selected in its own way.
    pub(crate) fn is_body(&self, column: usize) -> bool {
        self.body.as_ref().is_some_and(|body| body.column == column)
    }

    /// Whether the table says of a row whether it was sent.
    pub(crate) fn has_state(&self) -> bool {
        self.sent_at.is_some() || self.tells_more_than_sent()
    }

    /// Whether a row may get its time only when its state changes: an inbox row when it is processed.
    pub(crate) fn time_tells_state(&self) -> bool {
        let may_be_filled_later =
            self.at_column().is_some_and(|at| at.info.nullable) && self.status.is_some();
        self.at.is_some() && self.sent_at == self.at || may_be_filled_later
    }

    /// Whether it tells of rows that were tried or given up, too.
    pub(crate) fn tells_more_than_sent(&self) -> bool {
        self.failed_at.is_some() || self.status.is_some() || self.attempts.is_some()
    }
}

/// The columns a plan has collected so far.
struct Chosen<'a> {
    shape: &'a Shape,
    columns: Vec<Column>,
}

impl Chosen<'_> {
    fn add(&mut self, name: &str) -> Result<usize> {
        let column = self.shape.readable(name)?;
        if let Some(idx) = self.columns.iter().position(|c| c.name == column.name) {
            return Ok(idx);
        }
        self.columns.push(column.clone());
        Ok(self.columns.len() - 1)
    }

    fn maybe(&mut self, name: Option<&str>) -> Result<Option<usize>> {
        name.map(|name| self.add(name)).transpose()
    }

    /// A column that is named together with what its values mean.
    fn with<T: Clone>(&mut self, named: Option<(&String, &T)>) -> Result<Option<(usize, T)>> {
        let add = |(name, meaning): (&String, &T)| Ok((self.add(name)?, meaning.clone()));
        named.map(add).transpose()
    }

    /// The body stands behind all other columns, even where it is one of them: it is selected in
    /// its own way.
    fn body(&mut self, roles: &RowColumns) -> Result<Option<Body>> {
        let (Some(name), Some(compare)) = (&roles.payload, &roles.compare) else {
            return Ok(None);
        };
        self.columns.push(self.shape.readable(name)?.clone());
        Ok(Some(Body {
            column: self.columns.len() - 1,
            compare: compare.clone(),
        }))
    }

    /// A role whose value may stand inside a column's JSON.
    fn role(&mut self, name: Option<&str>) -> Result<Option<Role>> {
        let Some(place) = name.map(InColumn::of) else {
            return Ok(None);
        };
        Ok(Some(Role {
            idx: self.add(place.column)?,
            pointer: place.pointer.map(str::to_owned),
        }))
    }

    fn add_rowid(&mut self, name: &str) -> usize {
        self.columns.push(Column {
            name: name.to_owned(),
            kind: Kind::Int(false),
            info: ColumnInfo {
                name: name.to_owned(),
                sql_type: "INTEGER".to_owned(),
                nullable: false,
                primary_key: false,
                readable: true,
            },
        });
        self.columns.len() - 1
    }
}

/// `datetime(3)` counts milliseconds; without a number MySQL counts seconds, PostgreSQL
/// microseconds.
fn step(at: &Column, dialect: Dialect) -> Option<u32> {
    if !at.kind.is_time() || at.kind == Kind::Date {
        return None;
    }
    let sql_type = &at.info.sql_type;
    let digits = sql_type
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .and_then(|(digits, _)| digits.parse::<u32>().ok());
    let digits = digits.unwrap_or(if dialect == Dialect::MySql { 0 } else { 6 });
    Some(10_u32.pow(6 - digits.min(6)))
}
