//! What could not be used as evidence, or only in part, kept for the user to see.

use waybill_model::{Marks, PlaceId};

/// Rows and messages that were odd: all counted, the first ones kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oddities {
    /// How many there were.
    pub count: u64,
    /// The first of them, at most [`Oddities::KEPT`].
    pub first: Vec<Oddity>,
}

/// One odd row or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// Where it was read.
    pub place: PlaceId,
    /// Its coordinate in the place's own terms: `outbox/17`, `product-events-0@17`.
    pub at: String,
    /// What was wrong, a sentence.
    pub why: &'static str,
    /// What the source noticed.
    pub marks: Marks,
}

impl Oddities {
    /// How many are kept in full.
    pub const KEPT: usize = 200;

    /// Takes one in, unless it is among those kept (a row that was read again).
    pub(crate) fn add(&mut self, oddity: Oddity) {
        if self.first.contains(&oddity) {
            return;
        }
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(oddity);
        }
    }
}

/// What is wrong with a row or message that the source has marked.
pub(crate) fn complaint(marks: Marks) -> Option<&'static str> {
    if marks.contains(Marks::NO_ID) {
        Some(
            "It carries no id where the profile says it should, so nothing can be matched with it.",
        )
    } else if marks.contains(Marks::NOT_UTF8) {
        Some("Its id or a needed column is not valid UTF-8.")
    } else if marks.contains(Marks::MALFORMED) {
        Some("A needed column could not be read as the profile says.")
    } else if marks.contains(Marks::OVERSIZE) {
        Some("Its payload is so large that only the head was looked at.")
    } else {
        None
    }
}
