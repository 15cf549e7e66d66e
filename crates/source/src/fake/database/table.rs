//! A table of the database in memory.

use waybill_model::{
    Content, InColumn, Marks, Micros, NO_DESTINATION, NO_POSITION, NO_VERSION, Observation, Stamp,
    canonical_id, is_same_state,
};

use super::Value;
use crate::{Error, Result, Row, RowColumns, RowKey, RowQuery, text_at};

/// How much of a value a sample shows.
const SAMPLED_BYTES: usize = 4096;

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<String>,
    /// `None` where a row was deleted: numbers stay.
    rows: Vec<Option<Line>>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Line {
    values: Vec<Value>,
    begun: Micros,
    /// The number of the commit that wrote it last; `None` while its transaction is open.
    pub(super) commit: Option<u64>,
}

impl Table {
    pub(super) fn new(columns: Vec<String>) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn insert(&mut self, values: &[(&str, Value)], begun: Micros) -> usize {
        let mut line = vec![None; self.columns.len()];
        for (column, value) in values {
            line[self.must_have(column)] = value.clone();
        }
        self.rows.push(Some(Line {
            values: line,
            begun,
            commit: None,
        }));
        self.rows.len() - 1
    }

    pub(super) fn commit(&mut self, row: usize, commit: u64) {
        if let Some(Some(line)) = self.rows.get_mut(row) {
            line.commit = Some(commit);
        }
    }

    pub(super) fn update(&mut self, key: &str, column: &str, value: &Value, commit: u64) {
        let idx = self.must_have(column);
        for line in self.rows.iter_mut().flatten() {
            if line.is(key) {
                line.values[idx] = value.clone();
                line.commit = Some(commit);
            }
        }
    }

    pub(super) fn delete(&mut self, key: &str) {
        for row in &mut self.rows {
            if row.as_ref().is_some_and(|line| line.is(key)) {
                *row = None;
            }
        }
    }

    /// The newest rows as text, long values cut short.
    pub(super) fn newest(&self, n_rows: usize) -> Vec<Vec<Option<String>>> {
        let head = |value: &Value| {
            let bytes = value.as_deref()?;
            let head = &bytes[..Ord::min(bytes.len(), SAMPLED_BYTES)];
            Some(String::from_utf8_lossy(head).into_owned())
        };
        let rows: Vec<&Line> = self.committed().collect();
        let newest = rows.iter().rev().take(n_rows);
        newest
            .map(|line| line.values.iter().map(head).collect())
            .collect()
    }

    pub(super) fn committed(&self) -> impl Iterator<Item = &Line> {
        self.rows
            .iter()
            .flatten()
            .filter(|line| line.commit.is_some())
    }

    /// When the oldest open transaction began.
    pub(super) fn open_since(&self) -> Option<Micros> {
        let open = self
            .rows
            .iter()
            .flatten()
            .filter(|line| line.commit.is_none());
        open.map(|line| line.begun).min()
    }

    /// Fails at the first role whose column is not there.
    pub(super) fn check(&self, roles: &RowColumns) -> Result<()> {
        let optional = [
            &roles.id,
            &roles.aggregate_type,
            &roles.aggregate_id,
            &roles.version,
            &roles.kind,
            &roles.sent_at,
            &roles.failed_at,
            &roles.attempts,
            &roles.payload,
        ];
        let status = roles.status.iter().map(|(name, ..)| name);
        let only = roles.only.iter().map(|(name, _)| name);
        std::iter::once(&roles.key)
            .chain(&roles.at)
            .chain(optional.into_iter().flatten())
            .chain(status)
            .chain(only)
            .try_for_each(|name| self.index(InColumn::of(name).column, roles).map(drop))
    }

    /// A row as an observation; `seen_at` stands in where it has no time.
    pub(super) fn observation(
        &self,
        line: &Line,
        query: &RowQuery,
        seen_at: Micros,
    ) -> Result<Observation> {
        let roles = &query.columns;
        let mut marks = self.state(line, roles)?;
        let mut shown = |name: Option<&String>| -> Result<String> {
            let Some(name) = name else {
                return Ok(String::new());
            };
            let place = InColumn::of(name);
            let value = line.values[self.index(place.column, roles)?]
                .as_deref()
                .unwrap_or(b"");
            if let Some(pointer) = place.pointer {
                return Ok(text_at(value, pointer).unwrap_or_default());
            }
            if std::str::from_utf8(value).is_err() {
                marks |= Marks::NOT_UTF8;
            }
            Ok(String::from_utf8_lossy(value).trim().to_owned())
        };
        let id = canonical_id(&shown(roles.id.as_ref())?).into_owned();
        let aggregate_type = match &roles.aggregate_type {
            Some(name) => shown(Some(name))?,
            None => roles.fixed_aggregate_type.clone().unwrap_or_default(),
        };
        let aggregate = match (aggregate_type, shown(roles.aggregate_id.as_ref())?) {
            (kind, id) if kind.is_empty() || id.is_empty() => id,
            (kind, id) => format!("{kind}/{id}"),
        };
        let kind = shown(roles.kind.as_ref())?;
        let version = shown(roles.version.as_ref())?.parse().unwrap_or(NO_VERSION);
        let key = shown(Some(&roles.key))?;
        let at = shown(roles.at.as_ref())?;
        if roles.id.is_some() && id.is_empty() {
            marks |= Marks::NO_ID;
        }
        let read = read_time(&at);
        if read.is_none() {
            marks |= Marks::NO_TIME;
            if !at.is_empty() {
                marks |= Marks::MALFORMED;
            }
        }
        let number: Option<i64> = key.parse().ok();
        Ok(Observation {
            place: query.place,
            id,
            kind,
            aggregate,
            version,
            stamp: Stamp {
                at: read.unwrap_or(seen_at),
                clock: query.clock,
                resolution_micros: 1,
            },
            partition: self.destination(line, roles)?,
            position: number.unwrap_or(NO_POSITION),
            key: if number.is_some() { String::new() } else { key },
            marks,
            content: self.content(line, roles)?,
        })
    }

    /// Where the row is to be sent.
    fn destination(&self, line: &Line, roles: &RowColumns) -> Result<u32> {
        let Some(known) = &roles.destination else {
            return Ok(NO_DESTINATION);
        };
        let value = line.values[self.index(&known.column, roles)?].as_deref();
        let text = value.map(String::from_utf8_lossy);
        Ok(known.number(text.as_deref()))
    }

    /// What the row's body says, where that is asked for.
    fn content(&self, line: &Line, roles: &RowColumns) -> Result<Content> {
        let (Some(compare), Some(name)) = (&roles.compare, &roles.payload) else {
            return Ok(Content::NONE);
        };
        let body = &line.values[self.index(name, roles)?];
        Ok(compare.content(body.as_deref()))
    }

    /// Whether the row is one the profile asks for.
    pub(super) fn belongs(&self, line: &Line, roles: &RowColumns) -> Result<bool> {
        for (name, wanted) in &roles.wanted {
            let value = line.values[self.index(name, roles)?].as_deref();
            let text = value.map(String::from_utf8_lossy);
            if !text.is_some_and(|text| wanted.fits(text.trim_end())) {
                return Ok(false);
            }
        }
        let Some((name, value)) = &roles.only else {
            return Ok(true);
        };
        Ok(line.values[self.index(name, roles)?].as_deref() == Some(value.as_bytes()))
    }

    /// A whole row by key.
    pub(super) fn row(
        &self,
        roles: &RowColumns,
        key: &RowKey,
        max_bytes: u64,
    ) -> Result<Option<Row>> {
        let at = match &roles.at {
            Some(name) => Some(self.index(name, roles)?),
            None => None,
        };
        let key_column = self.index(&roles.key, roles)?;
        let payload = match &roles.payload {
            Some(name) => Some(self.index(name, roles)?),
            None => None,
        };
        let found = self
            .committed()
            .find(|line| line.values[key_column].as_deref() == Some(key.0.as_bytes()));
        Ok(found.map(|line| {
            let text = |value: &Value| {
                value
                    .as_ref()
                    .map(|v| String::from_utf8_lossy(v).into_owned())
            };
            let body = payload.and_then(|idx| line.values[idx].as_ref());
            let head = usize::try_from(max_bytes).unwrap_or(usize::MAX);
            let columns = self.columns.iter().zip(&line.values).enumerate();
            Row {
                key: key.clone(),
                at: at.and_then(|at| read_time(text(&line.values[at])?.as_str())),
                due_at: None,
                columns: columns
                    .filter(|(idx, _)| Some(*idx) != payload)
                    .map(|(_, (name, value))| (name.clone(), text(value)))
                    .collect(),
                payload: body.map(|body| body[..body.len().min(head)].to_vec()),
                payload_len: body.map_or(0, Vec::len) as u64,
            }
        }))
    }

    fn state(&self, line: &Line, roles: &RowColumns) -> Result<Marks> {
        let value = |name: &String| -> Result<String> {
            let value = line.values[self.index(name, roles)?]
                .as_deref()
                .unwrap_or(b"");
            Ok(String::from_utf8_lossy(value).into_owned())
        };
        let mut marks = Marks::default();
        if let Some(name) = &roles.sent_at
            && !["", "0", "false"].contains(&value(name)?.as_str())
        {
            marks |= Marks::SENT;
        }
        if let Some(name) = &roles.failed_at
            && !["", "0", "false"].contains(&value(name)?.as_str())
        {
            marks |= Marks::FAILED;
        }
        if let Some((name, sent, failed)) = &roles.status {
            let word = value(name)?;
            let is = |words: &[String]| words.iter().any(|it| is_same_state(it, &word));
            if is(sent) {
                marks |= Marks::SENT;
            } else if is(failed) {
                marks |= Marks::FAILED;
            }
        }
        if let Some(name) = &roles.attempts
            && value(name)?
                .parse::<i64>()
                .is_ok_and(|attempts| attempts > 0)
            && !marks.contains(Marks::SENT)
        {
            marks |= Marks::ATTEMPTED;
        }
        Ok(marks)
    }

    fn index(&self, name: &str, roles: &RowColumns) -> Result<usize> {
        let idx = self.columns.iter().position(|column| column == name);
        idx.ok_or_else(|| Error::NotFound {
            what: "column",
            name: name.to_owned(),
            place: format!("table {}", roles.table),
            suggestion: String::new(),
        })
    }

    fn must_have(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|column| column == name)
            .expect("the test has made the column")
    }
}

impl Line {
    fn is(&self, key: &str) -> bool {
        self.values.first().and_then(Option::as_deref) == Some(key.as_bytes())
    }
}

/// RFC 3339, or microseconds since 1970.
fn read_time(text: &str) -> Option<Micros> {
    match text.parse() {
        Ok(micros) => Some(Micros(micros)),
        Err(_) => Micros::parse(text).ok(),
    }
}
