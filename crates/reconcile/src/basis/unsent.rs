//! Where no row that was sent is left, the unsent ones tell whether messages carry other ids.
//!
//! A relay that gives messages ids of its own, and whose sent rows somebody deletes, leaves nothing
//! that could be held against its messages. When it died before it could mark a row, that row says
//! unsent and its message is there, under another id. So before such a row is believed, it is asked
//! whether a message without a row is, by aggregate and version, its own.

use waybill_model::{Marks, PlaceId};

use super::{Fit, Kinship};
use crate::controls::{Pair, Pairs};
use crate::index::Index;
use crate::store::CopyRef;

impl Index {
    /// Whether some row says unsent and has no message.
    pub(super) fn has_lone_row(&self) -> bool {
        (0..self.events.len()).any(|no| self.is_lone_row(no))
    }

    fn is_lone_row(&self, no: u32) -> bool {
        let unsent = self.events.outbox.has(no) && !self.says_sent(no);
        unsent && self.events.own_copies(no).next().is_none()
    }

    /// Such rows, and what the messages of a place that have no row say of them.
    pub(super) fn unsent_under_another(&self, place: PlaceId, kinship: &Kinship) -> Pairs {
        let mut pairs = Pairs::default();
        let strangers = (0..self.events.len()).filter(|no| !self.events.outbox.has(*no));
        for no in strangers.filter(|no| self.events.own_copies(*no).next().is_some()) {
            let Fit::One(row) = kinship.fit(no, &self.events, &self.business) else {
                continue;
            };
            let Some(written) = self.events.outbox_at(row).filter(|_| self.is_lone_row(row)) else {
                continue;
            };
            let copies = self.events.own_copies(no);
            for copy in copies.filter(|copy| copy.place == place && self.tells(no, copy)) {
                let said = || self.events.row_contents(row);
                let same = said().find(|it| *it == copy.content);
                let told = same.or_else(|| said().find(|it| !it.is_none()));
                let pair = Pair {
                    written,
                    came: copy.at,
                    contents: (told.unwrap_or_default(), copy.content),
                };
                pairs.add(pair, || false);
            }
        }
        pairs
    }

    /// Whether a message is of this flow and somebody else's making, there for good, and says when it came.
    fn tells(&self, no: u32, copy: &CopyRef) -> bool {
        let untold = Marks::NO_TIME | Marks::WHOSE_UNKNOWN;
        !copy.marks.intersects(untold) && self.is_foreign(no, copy)
    }
}
