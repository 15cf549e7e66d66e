//! What shows that a consumer's inbox speaks of this flow's events.

use waybill_model::{ConsumerNo, Content, Control, Marks, PlaceId, PlaceRole};

use super::gather::{Times, near};
use super::identity::{Pair, Pairs};
use super::{Heard, is_no_chance};
use crate::index::Index;

/// The controls of one consumer.
#[derive(Debug)]
pub(crate) struct Consumed {
    /// Inbox rows of events that are known, by the time of the inbox row.
    inbox: Heard,
    /// Inbox rows of events with an outbox row, by the time of that row.
    stored: Heard,
    /// When the first of those inbox rows was noted.
    first: i64,
    /// Inbox rows of events that nothing else tells of.
    strangers: u64,
    known: u64,
}

impl Consumed {
    /// What shows that the inbox row of an event would have been found.
    pub(crate) fn of_inbox(&self, from: i64) -> Option<Control> {
        self.inbox.control(from, true)
    }

    /// What shows that the outbox row of an inbox row would have been found. An inbox may hold
    /// other flows' events; then nothing is said of those.
    pub(crate) fn of_row(&self, at: i64) -> Option<Control> {
        self.is_of_this_flow()
            .then(|| self.stored.control(at, true))?
    }

    /// When the first inbox row was noted whose outbox row is kept.
    pub(crate) fn first(&self) -> i64 {
        self.first
    }

    /// Whether nearly all that it holds is known.
    pub(crate) fn is_of_this_flow(&self) -> bool {
        self.strangers <= 2 + (self.known + self.strangers) / 10
    }

    /// Whether more of it is known than not, so that what is not may be this flow's all the same.
    pub(crate) fn is_mostly_of_this_flow(&self) -> bool {
        self.known > 0 && self.strangers <= self.known
    }
}

impl Index {
    /// Counts the controls of one consumer.
    pub(super) fn gather_consumed(&self, consumer: usize) -> Consumed {
        let no = ConsumerNo(u8::try_from(consumer).unwrap_or(u8::MAX));
        let place = |role: PlaceRole| {
            let mut places = self.shape.places.iter();
            let found = places.find(|place| place.role == role);
            found.map_or(PlaceId(0), |place| place.id)
        };
        let (inbox, outbox) = (place(PlaceRole::Inbox(no)), place(PlaceRole::Outbox));
        let mut consumed = Consumed {
            inbox: Heard::new(inbox, self.coverage.proof(inbox).spans()),
            stored: Heard::new(outbox, self.coverage.proof(outbox).spans()),
            first: i64::MAX,
            strangers: 0,
            known: 0,
        };
        let (mut pairs, mut times) = (Pairs::default(), Times::default());
        for event in 0..self.events.len() {
            if self.events.visible(event) {
                self.take_consumed(event, no, &mut consumed, (&mut pairs, &mut times));
            }
        }
        let sure = pairs.are_no_chance(
            &times.in_order(),
            near(self.shape.grace.consume),
            self.slack(),
        );
        consumed.inbox.judge(sure);
        consumed.stored.judge(sure);
        consumed
    }

    fn take_consumed(
        &self,
        no: u32,
        consumer: ConsumerNo,
        consumed: &mut Consumed,
        (pairs, times): (&mut Pairs, &mut Times),
    ) {
        let events = &self.events;
        let written = events.outbox_at(no);
        let hidden = Marks::UNROUTED | Marks::OPEN_TRANSACTION;
        let mut copies = events.copies(no);
        let copied =
            copies.find(|copy| self.reads(consumer, copy.place) && !copy.marks.intersects(hidden));
        let before = copied.map(|copy| copy.at).or(written);
        if let Some(before) = before {
            times.add(before);
        }
        let at = events.inbox_at(no, consumer);
        let Some(at) = at.or_else(|| events.held_at(no, consumer)) else {
            if let Some(copy) = copied {
                consumed.inbox.miss(copy.at);
            }
            return;
        };
        if let Some(before) = before {
            consumed.inbox.find(at);
            let pair = Pair {
                written: before,
                came: at,
                contents: (Content::NONE, Content::NONE),
            };
            pairs.add(pair, || {
                events
                    .members(no)
                    .any(|member| is_no_chance(&events.id(member)))
            });
        }
        match written {
            Some(written) => {
                consumed.known += 1;
                consumed.first = consumed.first.min(at);
                consumed.stored.find(written);
            }
            None if copied.is_none() && events.stored.get(no) == 0 => {
                consumed.strangers += 1;
                consumed.stored.miss(at);
            }
            None => {}
        }
    }
}
