//! An event as filters ask about it, each part looked up only when asked for.

use std::cell::OnceCell;

use waybill_filter::Fields;
use waybill_model::{
    EventId, EventRow, EventVerdict, Flags, MatchBasis, Micros, Phase, PublishVerdict,
    UnknownReason, VerdictClass,
};
use waybill_reconcile::Index;

/// One event of an index.
pub(super) struct IndexedEvent<'a> {
    pub(super) index: &'a Index,
    pub(super) no: u32,
    pub(super) consumers: &'a [String],
    pub(super) now: Micros,
    row: OnceCell<EventRow>,
    verdict: OnceCell<EventVerdict>,
}

impl<'a> IndexedEvent<'a> {
    pub(super) fn new(index: &'a Index, no: u32, consumers: &'a [String], now: Micros) -> Self {
        Self {
            index,
            no,
            consumers,
            now,
            row: OnceCell::new(),
            verdict: OnceCell::new(),
        }
    }

    fn row(&self) -> &EventRow {
        self.row
            .get_or_init(|| self.index.row(self.no).unwrap_or_else(|| nothing(self.no)))
    }
}

impl Fields for IndexedEvent<'_> {
    fn id(&self) -> &str {
        self.row().id.as_str()
    }
    fn kind(&self) -> &str {
        &self.row().kind
    }
    fn aggregate(&self) -> &str {
        &self.row().aggregate
    }
    fn version(&self) -> Option<i64> {
        self.row().version
    }
    fn at(&self) -> Micros {
        self.row().at
    }
    fn verdict(&self) -> &EventVerdict {
        let look_up = || {
            self.index
                .verdict(self.no)
                .unwrap_or_else(|| nothing(self.no).verdict)
        };
        self.verdict.get_or_init(look_up)
    }
    fn consumers(&self) -> &[String] {
        self.consumers
    }
    fn now(&self) -> Micros {
        self.now
    }
}

/// An event that is gone: nothing is known of it.
fn nothing(no: u32) -> EventRow {
    EventRow {
        no,
        id: EventId(String::new()),
        kind: String::new(),
        aggregate: String::new(),
        version: None,
        at: Micros(0),
        stored: None,
        outbox: None,
        published: None,
        consumers: Vec::new(),
        verdict: EventVerdict {
            publish: PublishVerdict::Unknown(UnknownReason::NotCovered),
            consumers: Vec::new(),
            flags: Flags::default(),
            phase: Phase::Suspected,
            basis: MatchBasis::Alone,
        },
        class: VerdictClass::Unknown,
    }
}
