//! What can be said of an event whose messages cannot be put together with the rest of it.

use waybill_model::{ConsumerVerdict, EventId, Flags, PublishVerdict, UnknownReason};

use super::{Apart, Entry, Expected};
use crate::MessageIds;

impl Entry {
    /// What Waybill must say, given what the messages carry.
    pub(super) fn as_far_as_matched(&self, expected: Expected) -> Expected {
        match (self.ids, self.request) {
            (MessageIds::Wrong, Some(request)) => {
                let id = EventId(request.to_string());
                self.unmatched(expected, Apart::As(id))
            }
            (MessageIds::Content, _) => self.said_only(expected),
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
