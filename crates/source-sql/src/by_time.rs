//! Reading a table in the order of its time column: keys that are no numbers, and business rows,
//! which move to a new time with every change. Without a time, in the order of the keys alone.

use waybill_model::{Micros, Window};
use waybill_source::Result;

use crate::bring::News;
use crate::by_number::MAX_ODD_ROWS;
use crate::cell::{bytes_from_hex, uuid_bytes};
use crate::dialect::{Dialect, Statement, Value};
use crate::outlet::Stop;
use crate::scan::Scan;
use crate::settle::CLOCKS_MICROS;
use crate::shape::{Kind, Order};
use crate::statements::{After, End};

/// Rows per statement.
const PAGE_ROWS: u32 = 20_000;

/// The same without an index on the time, where each statement walks the whole table.
const UNINDEXED_PAGE_ROWS: u32 = 100_000;

/// How many keys go into one statement.
const KEYS: usize = 500;

impl Scan {
    /// The whole window; when resumed, only what lies behind the settled horizon and what changed.
    pub(crate) async fn by_time(&mut self, resumed: bool) -> Result<(), Stop> {
        let asked = self.query.window;
        let news = if resumed { News::Untold } else { News::All };
        let from = match self.settled_before {
            Some(settled) if resumed => Ord::max(settled.plus(-CLOCKS_MICROS), asked.from),
            _ => asked.from,
        };
        if resumed {
            self.changed_keys().await?;
            self.forgotten().await?;
        }
        self.without_order(news).await?;
        self.time_pages(Window { from, to: asked.to }, news, false)
            .await
    }

    /// The whole table in the order of its keys; when resumed, what is not told yet or is in
    /// another state.
    pub(crate) async fn by_key(&mut self, resumed: bool) -> Result<(), Stop> {
        let news = if resumed { News::Untold } else { News::All };
        self.without_order(news).await?;
        self.time_pages(self.query.window, news, false).await
    }

    async fn time_pages(&mut self, window: Window, news: News, sent: bool) -> Result<(), Stop> {
        let least = match self.plan.at_indexed || self.plan.order == Order::Key {
            true => PAGE_ROWS,
            false => UNINDEXED_PAGE_ROWS,
        };
        let rows = Ord::max(self.query.page_rows, least);
        let exact = self.plan.at_column().is_some_and(|at| at.kind.is_time());
        let mut after: Option<After> = None;
        loop {
            // Rows of one time and key would be torn apart by a limit.
            let edge = if self.plan.key_unique {
                None
            } else {
                let statement = Statement::new(self.link.dialect());
                let end = End::Nth(rows);
                let statement = self
                    .statements()
                    .by_time(statement, after.as_ref(), window, end);
                self.place_of(statement).await?
            };
            let end = match (&edge, self.plan.key_unique) {
                (Some(edge), _) => End::UpTo(edge),
                // Fewer rows than a page are left; what is added meanwhile is the next read's.
                (None, false) => End::Rows(rows.saturating_mul(2)),
                (None, true) => End::Rows(rows),
            };
            let values: Vec<&Value> = after
                .iter()
                .chain(&edge)
                .flat_map(|place| place.at.iter().chain([&place.key]))
                .collect();
            let (statement, bulk) = match self.bulk_statement(&values) {
                Some(statement) if self.plan.only.is_none() => (statement, true),
                _ => (Statement::new(self.link.dialect()), false),
            };
            let statements = self.statements();
            let statement = if sent {
                statements.sent_by_time(statement, after.as_ref(), window, end)
            } else {
                statements.by_time(statement, after.as_ref(), window, end)
            };
            let brought = self.page(statement, bulk, window, news).await?;
            let full = match self.plan.key_unique {
                true => brought.rows >= u64::from(rows),
                false => edge.is_some(),
            };
            if exact
                && let Some(After {
                    at: Some(Value::Time(at, _)),
                    ..
                }) = &brought.last
            {
                self.reached = Some(self.plan.forms.earliest(*at));
            }
            match brought.last {
                Some(last) if full => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    /// Rows no order finds: without a time, or without a key.
    async fn without_order(&mut self, news: News) -> Result<(), Stop> {
        let key = &self.plan.columns[self.plan.key];
        let placed = match self.plan.at_column() {
            Some(at) => at.kind.is_time() && !at.info.nullable && !self.zero_dates(),
            None => true,
        };
        if placed && !key.info.nullable {
            return Ok(());
        }
        let window = self.query.window;
        let statement = Statement::new(self.link.dialect());
        let statement = self
            .statements()
            .outside_any_order(statement, window, MAX_ODD_ROWS);
        let brought = self.page(statement, false, window, news).await?;
        self.capped |= brought.rows >= u64::from(MAX_ODD_ROWS);
        Ok(())
    }

    /// Whether a time that must not be NULL can still be none.
    fn zero_dates(&self) -> bool {
        match self.link.dialect() {
            // `infinity`
            Dialect::Postgres => true,
            Dialect::MySql => true,
            Dialect::Sqlite => false,
        }
    }

    /// Asks what became of the rows that were not sent.
    async fn changed_keys(&mut self) -> Result<(), Stop> {
        if !self.plan.has_state() {
            return Ok(());
        }
        let window = self.query.window;
        let kind = self.plan.columns[self.plan.key].kind;
        for keys in self.position.unsent.keys().chunks(KEYS) {
            let values = keys.iter().flat_map(|key| key_values(key, kind)).collect();
            let statement = Statement::new(self.link.dialect());
            let statement = self.statements().by_keys(statement, values);
            let brought = self.page(statement, false, window, News::Changed).await?;
            // Rows that are gone cannot change any more: many relays delete what they have sent.
            for key in keys {
                if !brought.present.contains(key) {
                    self.position.unsent.forget_key(key);
                }
            }
        }
        Ok(())
    }

    /// Looks at all sent rows since the oldest unsent one that was not remembered.
    async fn forgotten(&mut self) -> Result<(), Stop> {
        let Some(since) = self.position.unsent.forgotten_since() else {
            return Ok(());
        };
        let window = Window {
            from: Ord::max(since, self.query.window.from),
            to: self.query.window.to,
        };
        self.time_pages(window, News::All, true).await?;
        if self.position.unsent.keys().is_empty() {
            self.position.unsent.forget_none();
        }
        self.reached = None;
        Ok(())
    }
}

/// The values a key's text may stand for in a column of this kind; none when it cannot be one.
pub(crate) fn key_values(key: &str, kind: Kind) -> Vec<Value> {
    let text = || Value::Text(key.to_owned());
    match kind {
        Kind::Int(_) | Kind::Decimal => match key.parse() {
            Ok(number) => vec![Value::Int(number)],
            Err(_) if is_decimal(key) => vec![Value::Decimal(key.to_owned())],
            Err(_) => Vec::new(),
        },
        Kind::Real(_) => key.parse().map(Value::Real).into_iter().collect(),
        Kind::Uuid => uuid_bytes(key).map(Value::Uuid).into_iter().collect(),
        Kind::Bytes => {
            let mut values = vec![Value::Bytes(key.as_bytes().to_vec())];
            values.extend(uuid_bytes(key).map(|uuid| Value::Bytes(uuid.to_vec())));
            values.extend(bytes_from_hex(key).map(Value::Bytes));
            values
        }
        Kind::Dynamic => {
            let mut values = vec![text()];
            values.extend(key.parse().map(Value::Int));
            values.extend(uuid_bytes(key).map(|uuid| Value::Bytes(uuid.to_vec())));
            values
        }
        Kind::Timestamp | Kind::TimestampTz | Kind::Date => Micros::parse(key)
            .map(|at| Value::Time(at, kind))
            .into_iter()
            .collect(),
        Kind::Bool | Kind::Text | Kind::Jsonb | Kind::Other => vec![text()],
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let points = digits.bytes().filter(|byte| *byte == b'.').count();
    let mut rest = digits.bytes().filter(|byte| *byte != b'.');
    points <= 1 && digits.len() > points && rest.all(|byte| byte.is_ascii_digit())
}
