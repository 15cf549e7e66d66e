//! What can be said of an event whose messages cannot be put together with the rest of it.

use waybill_model::{ConsumerVerdict, EventId, Flags, PublishVerdict, StuckReason, UnknownReason};

use super::{Apart, Entry, Expected};
use crate::MessageIds;
use crate::spelling::written;

impl Entry {
    /// What Waybill must say, given what the messages carry.
    pub(super) fn as_far_as_matched(&self, expected: Expected) -> Expected {
        match (self.ids, self.request) {
            (MessageIds::Wrong, Some(request)) => {
                let id = EventId(request.to_string());
                self.unmatched(expected, Apart::As(id))
            }
            (MessageIds::Content, _) => self.said_only(expected),
            // Product and version are told by its messages alone, and these are gone: an inbox knows
            // an id, which is another than its row's.
            (MessageIds::Relay, _) if self.outbox && self.is_consumed() && !self.has_copies() => {
                let id = EventId(written(self.ids.in_inbox(self.id)));
                let mut expected = self.unmatched(expected, Apart::As(id));
                expected.publish_or.extend(self.or_unseen());
                for or in &mut expected.consumers_or {
                    or.push(ConsumerVerdict::NotDue);
                }
                expected
            }
            // Its row would have been found by product and version, and it has none.
            (MessageIds::None, _) if !self.outbox && self.has_copies() => {
                self.unmatched(expected, Apart::Nameless)
            }
            _ => expected,
        }
    }

    /// Nothing but what its messages say could put them together with its row, and that is no basis.
    fn said_only(&self, expected: Expected) -> Expected {
        let mut expected = self.unmatched(expected, Apart::Nameless);
        if expected.publish == PublishVerdict::LostInPublish {
            let or = UnknownReason::OneOfThese;
            expected.publish_or.push(PublishVerdict::Unknown(or));
        }
        expected
    }

    /// The inbox of a consumer may tell that there was a message; nothing else does.
    fn unmatched(&self, mut expected: Expected, apart: Apart) -> Expected {
        use UnknownReason::{NoMatchableId, NotCovered};
        let rests_on_row = matches!(
            expected.publish,
            PublishVerdict::Stuck(_) | PublishVerdict::Pending
        );
        if !rests_on_row {
            expected
                .publish_or
                .push(PublishVerdict::Unknown(NoMatchableId));
        }
        if expected.publish == PublishVerdict::Phantom {
            expected.publish_or.push(PublishVerdict::Published);
        }
        // Nothing that can be told to be its own stands against the row's own word.
        let waits = self.outbox && !self.sent && !self.unmarked && !self.is_in_some_inbox();
        if waits && expected.publish == PublishVerdict::Published {
            let idle = PublishVerdict::Stuck(StuckReason::RelayIdle);
            expected.publish_or.push(idle);
        }
        for (verdict, or) in expected.consumers.iter().zip(&mut expected.consumers_or) {
            if *verdict != ConsumerVerdict::Processed {
                or.extend([
                    ConsumerVerdict::NotDue,
                    ConsumerVerdict::Unknown(NotCovered),
                    ConsumerVerdict::Unknown(NoMatchableId),
                ]);
            }
        }
        expected.flags = Flags::empty();
        expected.flags_or = Flags::all();
        // Without row and inbox there is nothing under its own id, save what is made from its
        // business row.
        expected.traceless |= !self.outbox && !self.stored && !self.is_in_some_inbox();
        expected.apart = Some(apart);
        expected
    }

    pub(super) fn is_in_some_inbox(&self) -> bool {
        self.consumers.iter().any(|it| it.processed)
    }
}
