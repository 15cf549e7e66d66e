//! What happened to one event.

use waybill_model::{EventRow, Flags, Marks, Micros, NO_DUE, NO_POSITION, PlaceRole, Stage};

use super::words::{list, span, time, time_to_second};
use super::{consumer, publish, silent};
use crate::index::Index;
use crate::rules::{Goes, Summary};

/// The story of one event: where it came from, whether it was published, what its consumers made
/// of it, and what is odd.
pub(crate) fn event(index: &Index, row: &EventRow) -> String {
    let story = Story { index, row };
    let mut sentences = vec![story.origin(), publish::sentence(&story)];
    sentences.push(story.destinations());
    sentences.extend(consumer::sentences(&story));
    sentences.push(silent::controls(index, &index.controls(row.no)));
    sentences.extend(story.oddities());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// An event, and all that can be told of it.
pub(super) struct Story<'a> {
    pub(super) index: &'a Index,
    pub(super) row: &'a EventRow,
}

impl Story<'_> {
    pub(super) fn time(&self, at: Micros) -> String {
        time(at, self.row.at)
    }

    /// Whether its row carries no time.
    pub(super) fn is_untimed(&self) -> bool {
        self.row.outbox.is_some() && self.outbox_marks().contains(Marks::NO_TIME)
    }

    /// Where its row carries no time: since when it is known to be there.
    fn origin_without_time(&self, outbox: Micros) -> String {
        let stored = self.row.stored.map_or_else(String::new, |stored| {
            format!("Stored at {}. ", self.time(stored))
        });
        let known = match self.row.published {
            Some(_) => "it is of the time of its message".to_owned(),
            None => format!(
                "it is known to be there since {}, and may have waited for long before",
                self.time(outbox)
            ),
        };
        format!("{stored}Its outbox row carries no time; {known}.")
    }

    fn origin(&self) -> String {
        if let Some(outbox) = self.row.outbox.filter(|_| self.is_untimed()) {
            return self.origin_without_time(outbox);
        }
        match (self.row.stored, self.row.outbox) {
            (Some(stored), Some(outbox)) => {
                let later = match outbox.since(stored) {
                    0 => "at the same moment".to_owned(),
                    micros if micros < 0 => format!("{} before, by its clock", span(micros)),
                    micros => format!("{} later", span(micros)),
                };
                format!("Stored at {} and in the outbox {later}.", self.time(stored))
            }
            (Some(stored), None) => format!("Stored at {}.", self.time(stored)),
            (None, Some(outbox)) => format!("Written to the outbox at {}.", self.time(outbox)),
            (None, None) => String::new(),
        }
    }

    /// Which of the destinations that its rows are for have it, where those are several.
    fn destinations(&self) -> String {
        let each = Summary::each(self.index, self.row.no);
        if each.len() < 2 {
            return String::new();
        }
        let name = |part: &Summary<'_>| match part.destination {
            Some(Goes::To(place)) => {
                let mut places = self.index.shape.places.iter();
                let found = places.find(|known| known.id == place);
                found.map_or("?", |place| place.name.as_str())
            }
            Some(Goes::Elsewhere) | None => "a destination of no flow",
        };
        let (there, missing): (Vec<_>, Vec<_>) =
            each.iter().partition(|part| part.reached_broker());
        let names =
            |parts: Vec<&Summary<'_>>| list(&parts.into_iter().map(name).collect::<Vec<_>>());
        match (there.is_empty(), missing.is_empty()) {
            (_, true) => format!("It has a row for each of {}.", names(there)),
            (true, false) => format!(
                "It has a row for each of {}, and a copy at none.",
                names(missing)
            ),
            (false, false) => format!(
                "It has a row for each destination: {} has a copy, {} has none.",
                names(there),
                names(missing)
            ),
        }
    }

    /// `product-events was read without a gap from 13:00:00 to 14:10:31 and holds no copy`.
    pub(super) fn no_copy(&self, before: &str) -> String {
        let shape = &self.index.shape;
        let destinations = shape
            .places
            .iter()
            .filter(|place| place.role == PlaceRole::Destination);
        let read = destinations.filter_map(|place| {
            let proof = self.index.coverage.proof(place.id);
            let (from, to) = proof.span_around(self.row.at.0)?;
            let from = match from {
                ..=0 => "its beginning".to_owned(),
                from => time_to_second(Micros(from), self.row.at),
            };
            let to = time_to_second(Micros(to), self.row.at);
            Some(format!(
                "{} was read without a gap from {from} to {to}",
                place.name
            ))
        });
        let read: Vec<String> = read.collect();
        match read.as_slice() {
            [] => String::new(),
            read => format!("{before}{} and holds no copy", read.join(", ")),
        }
    }

    fn oddities(&self) -> impl Iterator<Item = String> {
        let told = [
            (Flags::DUPLICATE, "It was published more than once."),
            (
                Flags::DUPLICATE_ROW,
                "Its id stands in several outbox rows.",
            ),
            (
                Flags::PAYLOAD_MISMATCH,
                "What was published says something else than its outbox row.",
            ),
            (
                Flags::OUT_OF_ORDER,
                "A newer version of the same aggregate was published before it.",
            ),
            (
                Flags::KEY_MOVED,
                "It lies in another partition than the aggregate's copy before it.",
            ),
            (Flags::SKEW, "Its clocks contradict each other."),
            (Flags::RESENT, "Waybill has sent it again."),
        ];
        let flags = self.row.verdict.flags;
        told.into_iter()
            .filter(move |(flag, _)| flags.contains(*flag))
            .map(|(_, told)| told.to_owned())
    }

    /// The unsent row that stands first in the aggregate: `outbox, row 173`.
    pub(super) fn head_of_line(&self) -> Option<String> {
        let aggregate = self.index.full_aggregate(self.row.no);
        let head = self.index.heads.get(&aggregate)?;
        let facts = self.index.facts(*head);
        let row = facts.iter().find(|fact| fact.stage == Stage::Outbox)?;
        let mut places = self.index.shape.places.iter();
        let place = places.find(|place| place.id == row.place)?;
        let key = match row.position {
            NO_POSITION => row.key.clone(),
            position => position.to_string(),
        };
        Some(format!("{}, row {key}", place.name))
    }

    /// How the outbox says that it was sent, a clause.
    pub(super) fn says_sent(&self) -> &'static str {
        if self.outbox_marks().contains(Marks::GONE) {
            "Its outbox row is gone, as rows are once they are sent"
        } else {
            "The outbox says it was sent"
        }
    }

    /// From when on its row says that it is to be sent, where that is later than it was written.
    pub(super) fn due(&self) -> Option<i64> {
        let due = self.index.events.due(self.row.no);
        (due > self.row.outbox.map_or(NO_DUE, |written| written.0)).then_some(due)
    }

    pub(super) fn outbox_marks(&self) -> Marks {
        self.index.events.outbox_marks(self.row.no)
    }
}
