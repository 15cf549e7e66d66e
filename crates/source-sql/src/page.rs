//! Rows into observations.

use std::borrow::Cow;

use waybill_model::{
    Accounts, Batch, Marks, Micros, NO_DESTINATION, NO_DUE, NO_POSITION, NO_VERSION,
    Wanted as Values, Window, canonical_id, is_same_state,
};
use waybill_source::{RowQuery, text_at};

use crate::body;
use crate::cell::{Cell, Spelling};
use crate::dialect::Value;
use crate::epoch::When;
use crate::fingerprint::{Told, fingerprint};
use crate::shape::{Kind, Plan, Role};
use crate::statements::After;
use crate::unsent::Unsent;

/// Collects the rows of one statement into batches.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    plan: &'a Plan,
    query: &'a RowQuery,
    window: Window,
    /// What a row without a time gets: when it was seen.
    seen_at: Micros,
    /// Rows with a time from here on may be read again, so they get a fingerprint.
    near: Micros,
    batches: Vec<Batch>,
    last: Option<After>,
    rows: u64,
    bytes: u64,
    scratch: String,
    /// What was taken in, by what its time is.
    accounts: Accounts,
    /// Rows left out because of a time that the database cannot compare: before, after the window.
    outside: (u64, u64),
}

/// One row as it was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Its number, with [`crate::shape::Order::Number`].
    pub(crate) number: Option<i64>,
    /// Its time, where it has one.
    pub(crate) at: Option<Micros>,
    /// Its marks.
    pub(crate) marks: Marks,
    /// Identifies the row in this state; only near the settled horizon.
    pub(crate) fingerprint: Option<u64>,
    /// The row was outside the window or of somebody else, and is not in the batch.
    pub(crate) left_out: bool,
}

/// Which rows of a statement are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// All in the window.
    All,
    /// Those not told yet in this state, neither by earlier reads nor by this one.
    Untold(&'a Told, &'a Told),
    /// Those that were unsent and are in another state now, by number.
    ChangedNumber(&'a Unsent),
    /// Those that were unsent and are in another state now, by key.
    ChangedKey(&'a Unsent),
}

impl<'a> Page<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        query: &'a RowQuery,
        window: Window,
        seen_at: Micros,
        near: Micros,
    ) -> Self {
        Self {
            plan,
            query,
            window,
            seen_at,
            near,
            batches: Vec::new(),
            last: None,
            rows: 0,
            bytes: 0,
            scratch: String::new(),
            accounts: Accounts::default(),
            outside: (0, 0),
        }
    }

    /// Takes one row in, if it is wanted.
    pub(crate) fn take(&mut self, cells: &[Cell<'_>], wanted: Wanted<'_>) -> Taken {
        self.rows += 1;
        let plan = self.plan;
        let mut marks = state(plan, cells);
        let when = plan.when(cells);
        let at = match when {
            When::At { at, .. } => Some(at),
            When::Local(_) | When::Missing | When::Sentinel => None,
            When::Unreadable => {
                marks |= Marks::MALFORMED;
                None
            }
        };
        if at.is_none() {
            marks |= Marks::NO_TIME;
        }
        let version = self.version(cells, &mut marks);
        let key = Key::of(&cells[plan.key], plan.columns[plan.key].kind);
        let mut taken = Taken {
            number: cells[plan.number].int(),
            at,
            marks,
            fingerprint: None,
            left_out: false,
        };
        let id = plan
            .id
            .as_ref()
            .map(|role| event_id(role, cells, &mut taken.marks));
        if plan.id.is_some() && id.as_ref().is_none_or(Option::is_none) {
            taken.marks |= Marks::NO_ID;
        }
        if at.is_none_or(|at| at >= self.near) {
            taken.fingerprint = Some(fingerprint(&key.text(), at, version, taken.marks));
        }
        if !self.belongs(cells, when) {
            self.count_outside(cells, at);
            taken.fingerprint = None;
            taken.left_out = true;
            return taken;
        }
        if !is_wanted(&taken, &key, wanted) {
            taken.left_out = true;
            return taken;
        }
        self.count(plan.at.map(|at| &cells[at]), when);
        self.push(cells, &key, id.flatten(), version, when, &mut taken.marks);
        taken
    }

    /// Remembers the row as the last of its page, for the next page to begin after.
    pub(crate) fn remember(&mut self, cells: &[Cell<'_>]) {
        self.last = after(self.plan, cells);
    }

    /// The last remembered row.
    pub(crate) fn last(&self) -> Option<&After> {
        self.last.as_ref()
    }

    /// How many rows went by, left out or not.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Roughly how many bytes were taken in.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What was taken in by what its time is, and what the reader found outside the window.
    pub(crate) fn accounts(&mut self) -> (Accounts, (u64, u64)) {
        (std::mem::take(&mut self.accounts), self.outside)
    }

    /// The batches collected so far.
    pub(crate) fn into_batches(self) -> Vec<Batch> {
        self.batches
    }

    fn count(&mut self, cell: Option<&Cell<'_>>, when: When) {
        match when {
            When::At { .. } | When::Local(_) => self.accounts.in_window += 1,
            When::Missing => self.accounts.no_time += 1,
            When::Sentinel => self.accounts.sentinel += 1,
            When::Unreadable => {
                self.accounts.unreadable += 1;
                if self.accounts.example.is_none() {
                    let shown = cell.and_then(Cell::shown).unwrap_or_default();
                    self.accounts.example = Some(shown.chars().take(40).collect());
                }
            }
        }
    }

    fn count_outside(&mut self, cells: &[Cell<'_>], at: Option<Micros>) {
        let is_compared = self.plan.at.is_none_or(|at| cells[at].is_comparable());
        let Some(at) = at.filter(|_| !is_compared) else {
            return;
        };
        if at < self.window.from {
            self.outside.0 += 1;
        } else if at >= self.window.to {
            self.outside.1 += 1;
        }
    }

    fn belongs(&self, cells: &[Cell<'_>], when: When) -> bool {
        let in_window = match when {
            When::At { at, .. } => self.window.contains(at),
            When::Local(at) => self.plan.forms.may_be_in(self.window, at),
            When::Missing | When::Sentinel | When::Unreadable => true,
        };
        if !in_window {
            return false;
        }
        let is_wanted = |(idx, wanted): &(usize, Values)| {
            let text = cells[*idx].text(&mut Marks::default());
            text.is_some_and(|text| wanted.fits(text.trim_end()))
        };
        if !self.plan.wanted.iter().all(is_wanted) {
            return false;
        }
        match &self.plan.only {
            Some((idx, value)) => cells[*idx]
                .text(&mut Marks::default())
                .is_some_and(|text| text == value.as_str()),
            None => true,
        }
    }

    fn version(&self, cells: &[Cell<'_>], marks: &mut Marks) -> i64 {
        let Some(idx) = self.plan.version else {
            return NO_VERSION;
        };
        match cells[idx].int() {
            Some(version) => version,
            None => {
                if !cells[idx].is_null() {
                    *marks |= Marks::MALFORMED;
                }
                NO_VERSION
            }
        }
    }

    fn push(
        &mut self,
        cells: &[Cell<'_>],
        key: &Key<'_>,
        id: Option<Spelling<'_>>,
        version: i64,
        when: When,
        marks: &mut Marks,
    ) {
        let plan = self.plan;
        let query = self.query;
        let full = query.page_rows.max(1) as usize;
        if self.batches.last().is_none_or(|batch| batch.len() >= full) {
            self.batches.push(Batch::new(
                query.place,
                query.clock,
                u32::MAX,
                full.min(8192),
            ));
        }
        let batch = self.batches.last_mut().expect("one was pushed just above");
        let id = id.as_ref().map_or("", Spelling::as_str);
        batch.ids.push(id);
        self.bytes += id.len() as u64 + 24;
        if let Some(role) = &plan.kind {
            let kind = text(role, cells, marks);
            batch.kinds.push(kind.as_deref().unwrap_or("").trim());
        }
        if let Some(role) = &plan.aggregate_id {
            push_aggregate(batch, plan, cells, role, marks, &mut self.scratch);
        }
        if plan.version.is_some() {
            batch.versions.push(version);
        }
        let (at, step) = match when {
            When::At { at, step } => (at, plan.at_step.unwrap_or(step)),
            When::Local(_) | When::Missing | When::Sentinel | When::Unreadable => {
                (self.seen_at, u32::MAX)
            }
        };
        // The finest value shows the column's resolution: 12:00:05 stands beside 12:00:05.123.
        batch.resolution_micros = batch.resolution_micros.min(step);
        batch.at.push(at.0);
        batch.partitions.push(destination(plan, cells));
        match key {
            Key::Number(number) => batch.positions.push(*number),
            Key::Text(text) => {
                batch.positions.push(NO_POSITION);
                self.bytes += text.len() as u64;
            }
        }
        // Empty for a table whose keys are all numbers; one text key fills it up to here.
        if let Key::Text(text) = key {
            while batch.keys.len() + 1 < batch.at.len() {
                batch.keys.push("");
            }
            batch.keys.push(text);
        } else if !batch.keys.is_empty() {
            batch.keys.push("");
        }
        batch.marks.push(*marks);
        batch.set_due(due(plan, cells, *marks, at));
        if let Some(body) = &plan.body {
            batch.contents.push(body::content(body, cells));
            self.bytes += body::len(body, cells);
        }
    }
}

/// Where a row is to be sent.
fn destination(plan: &Plan, cells: &[Cell<'_>]) -> u32 {
    plan.destination
        .as_ref()
        .map_or(NO_DESTINATION, |(role, known)| {
            known.number(text(role, cells, &mut Marks::default()).as_deref())
        })
}

/// From when on a row is to be sent, or was; nothing where that is when it was written. One that
/// was tried without success was due.
fn due(plan: &Plan, cells: &[Cell<'_>], marks: Marks, written: Micros) -> i64 {
    let Some((at, columns)) = &plan.due else {
        return NO_DUE;
    };
    if marks.intersects(Marks::FAILED | Marks::ATTEMPTED) {
        return NO_DUE;
    }
    let state = plan.status.as_ref();
    let state = state.and_then(|(idx, ..)| cells[*idx].text(&mut Marks::default()));
    let at = at.and_then(|idx| match cells[idx].when(&plan.forms_of_due(idx)) {
        When::At { at, .. } => Some(at),
        When::Local(_) | When::Missing | When::Sentinel | When::Unreadable => None,
    });
    let due = columns.due(state.as_deref(), at);
    // Where nothing says when the row was written, that is all it says of its time.
    if due > written.0 || marks.contains(Marks::NO_TIME) {
        due
    } else {
        NO_DUE
    }
}

/// The marks that say in which state a row is.
pub(crate) fn state(plan: &Plan, cells: &[Cell<'_>]) -> Marks {
    let mut marks = Marks::default();
    if plan.sent_at.is_some_and(|idx| cells[idx].says_yes()) {
        marks |= Marks::SENT;
    }
    if plan.failed_at.is_some_and(|idx| cells[idx].says_yes()) {
        marks |= Marks::FAILED;
    }
    if let Some((idx, sent, failed)) = &plan.status
        && let Some(word) = cells[*idx].text(&mut Marks::default())
    {
        let is = |words: &[String]| words.iter().any(|w| is_same_state(w, &word));
        if is(sent) {
            marks |= Marks::SENT;
        } else if is(failed) {
            marks |= Marks::FAILED;
        }
    }
    let attempts = plan.attempts.and_then(|idx| cells[idx].int()).unwrap_or(0);
    // A row that was sent may count the attempt that succeeded.
    if attempts > 0 && !marks.contains(Marks::SENT) {
        marks |= Marks::ATTEMPTED;
    }
    marks
}

fn is_wanted(taken: &Taken, key: &Key<'_>, wanted: Wanted<'_>) -> bool {
    match wanted {
        Wanted::All => true,
        Wanted::Untold(before, now) => taken
            .fingerprint
            .is_none_or(|print| !before.has(print) && !now.has(print)),
        Wanted::ChangedNumber(unsent) => taken
            .number
            .is_none_or(|number| unsent.is_news_number(number, taken.marks)),
        Wanted::ChangedKey(unsent) => unsent.is_news_key(&key.text(), taken.marks),
    }
}

/// Where the page after this row begins; `None` when its time or key is NULL.
pub(crate) fn after(plan: &Plan, cells: &[Cell<'_>]) -> Option<After> {
    Some(After {
        at: match plan.at {
            Some(at) => Some(raw(&cells[at], plan.columns[at].kind)?),
            None => None,
        },
        key: raw(&cells[plan.key], plan.columns[plan.key].kind)?,
    })
}

/// The key of a row as text.
pub(crate) fn key_text(plan: &Plan, cells: &[Cell<'_>]) -> String {
    let key = Key::of(&cells[plan.key], plan.columns[plan.key].kind);
    key.text().into_owned()
}

/// A key, or a number where it is one.
#[derive(Debug, PartialEq, Eq)]
enum Key<'a> {
    Number(i64),
    Text(Cow<'a, str>),
}

impl<'a> Key<'a> {
    fn of(cell: &'a Cell<'_>, kind: Kind) -> Self {
        match cell {
            Cell::Int(number) if kind.is_int() || kind == Kind::Dynamic => Self::Number(*number),
            cell => Self::Text(cell.text(&mut Marks::default()).unwrap_or_default()),
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

/// A role's value as text; `None` where there is none.
fn text<'a>(role: &Role, cells: &'a [Cell<'_>], marks: &mut Marks) -> Option<Cow<'a, str>> {
    let cell = &cells[role.idx];
    match &role.pointer {
        None => cell.text(marks),
        Some(pointer) => text_at(&cell.json()?, pointer).map(Cow::Owned),
    }
}

/// The event id in canonical spelling; `None` where there is none.
fn event_id<'a>(role: &Role, cells: &'a [Cell<'_>], marks: &mut Marks) -> Option<Spelling<'a>> {
    if role.pointer.is_none() {
        return cells[role.idx].id(marks);
    }
    let id = canonical_id(&text(role, cells, marks)?).into_owned();
    (!id.is_empty()).then_some(Spelling::Text(Cow::Owned(id)))
}

fn push_aggregate(
    batch: &mut Batch,
    plan: &Plan,
    cells: &[Cell<'_>],
    role: &Role,
    marks: &mut Marks,
    scratch: &mut String,
) {
    let id = text(role, cells, marks);
    let id = id.as_deref().unwrap_or("").trim();
    let kind = match (&plan.aggregate_type, &plan.fixed_aggregate_type) {
        (Some(kind), _) => text(kind, cells, marks).unwrap_or_default(),
        (None, Some(fixed)) => Cow::Borrowed(fixed.as_str()),
        (None, None) => Cow::Borrowed(""),
    };
    let kind = kind.trim();
    if id.is_empty() || kind.is_empty() {
        batch.aggregates.push(id);
    } else {
        scratch.clear();
        scratch.push_str(kind);
        scratch.push('/');
        scratch.push_str(id);
        batch.aggregates.push(scratch);
    }
}

/// A cell as a value to compare its own column with.
fn raw(cell: &Cell<'_>, kind: Kind) -> Option<Value> {
    Some(match cell {
        Cell::Null | Cell::NoTime => return None,
        Cell::Int(number) => Value::Int(*number),
        Cell::Real(number) => Value::Real(*number),
        Cell::Bool(flag) => Value::Int(i64::from(*flag)),
        Cell::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        // Decimals, and integers beyond 64 bits.
        Cell::Owned(text) => Value::Decimal(text.clone()),
        Cell::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        Cell::Uuid(bytes) => Value::Uuid(*bytes),
        Cell::Time(at) => Value::Time(*at, kind),
    })
}

/// A batch in which no row had a time has no resolution.
pub(crate) fn finish(mut batch: Batch) -> Batch {
    if batch.resolution_micros == u32::MAX {
        batch.resolution_micros = 1;
    }
    batch
}
