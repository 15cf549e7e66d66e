//! What happened to one event.

use waybill_model::{
    ConsumerVerdict, EventRow, Flags, LagReason, Marks, Micros, PlaceRole, PublishVerdict, Stage,
    StuckReason,
};

use super::words::{list, span, time, time_to_second};
use crate::index::Index;

/// The story of one event: where it came from, whether it was published, what its consumers made
/// of it, and what is odd.
pub(crate) fn event(index: &Index, row: &EventRow) -> String {
    let story = Story { index, row };
    let mut sentences = vec![story.origin(), story.publication()];
    sentences.extend(story.consumers());
    sentences.extend(story.oddities());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

struct Story<'a> {
    index: &'a Index,
    row: &'a EventRow,
}

impl Story<'_> {
    fn time(&self, at: Micros) -> String {
        time(at, self.row.at)
    }

    fn origin(&self) -> String {
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

    fn publication(&self) -> String {
        match &self.row.verdict.publish {
            PublishVerdict::Published => self.published(),
            PublishVerdict::Phantom => format!("{} {}", self.published(), self.never_stored()),
            PublishVerdict::NotChecked(why) => format!("It could not be checked ({why})."),
            PublishVerdict::Unroutable => {
                "The broker took it, but no queue was bound for it.".to_owned()
            }
            PublishVerdict::InOpenTransaction => {
                "It was written in a broker transaction that has not ended.".to_owned()
            }
            PublishVerdict::MissingOutboxRow => {
                format!("It never reached the outbox{}.", self.absence("; "))
            }
            PublishVerdict::Pending => self.pending(),
            PublishVerdict::Stuck(reason) => self.stuck(*reason),
            PublishVerdict::LostInPublish => {
                format!("The outbox says it was sent, but {}.", self.absence(""))
            }
            PublishVerdict::Unknown(reason) => {
                format!(
                    "Nobody can say whether it was published: {}.",
                    reason.clause()
                )
            }
        }
    }

    fn published(&self) -> String {
        let facts = self.index.facts(self.row.no);
        let copies: Vec<_> = facts
            .iter()
            .filter(|fact| fact.stage == Stage::Published)
            .collect();
        let Some(at) = self.row.published else {
            return "No copy of it was seen, but a consumer had it.".to_owned();
        };
        let place = copies.first().map(|copy| copy.place);
        let place = self
            .index
            .shape
            .places
            .iter()
            .find(|known| Some(known.id) == place);
        let to = place.map_or_else(String::new, |place| format!(" to {}", place.name));
        let when = match self
            .row
            .outbox
            .or(self.row.stored)
            .map(|before| at.since(before))
        {
            Some(micros) if micros >= 0 => format!("{} later", span(micros)),
            _ => format!("at {}", self.time(at)),
        };
        let by = if copies
            .iter()
            .all(|copy| copy.marks.contains(Marks::OWN_RESEND))
        {
            " by Waybill"
        } else {
            ""
        };
        format!("Published{to}{by} {when}.")
    }

    fn never_stored(&self) -> &'static str {
        if self.index.shape.has_business {
            "Neither an outbox row nor a business row of it is there; both tables were read without a gap."
        } else {
            "There is no outbox row of it; the outbox was read without a gap."
        }
    }

    fn pending(&self) -> String {
        if self.outbox_marks().contains(Marks::SENT) {
            "The outbox says it was sent; no copy was seen so far.".to_owned()
        } else {
            "It is waiting to be sent and not late.".to_owned()
        }
    }

    fn stuck(&self, reason: StuckReason) -> String {
        let why = match reason {
            StuckReason::RelayIdle => "nothing written since has been sent either",
            StuckReason::HeadOfLine => "an older unsent row of the same aggregate stands before it",
            StuckReason::AttemptsExhausted => "the relay tried and gave up",
            StuckReason::PassedOver => "the relay has sent later rows and passed over it",
        };
        let attempted = self.outbox_marks().contains(Marks::ATTEMPTED);
        let tried = if attempted && reason != StuckReason::AttemptsExhausted {
            " The relay tried and failed."
        } else {
            ""
        };
        format!("It has not been sent: {why}.{tried}")
    }

    /// `product-events was read without a gap from 13:00:00 to 14:10:31 and holds no copy`.
    fn absence(&self, before: &str) -> String {
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

    fn consumers(&self) -> Vec<String> {
        let named = || self.index.shape.consumers.iter().zip(&self.row.consumers);
        let processed = named().filter(|(_, cell)| cell.verdict == ConsumerVerdict::Processed);
        let (names, times): (Vec<&str>, Vec<Option<Micros>>) = processed
            .map(|(consumer, cell)| (consumer.name.as_str(), cell.at))
            .unzip();
        let mut sentences = Vec::new();
        if let Some(last) = times.into_iter().flatten().max() {
            let before = self.row.published.unwrap_or(last);
            let within = match last.since(before) {
                ..=0 => format!("at {}", self.time(last)),
                micros if names.len() == 1 => format!("{} after that", span(micros)),
                micros => format!("within {}", span(micros)),
            };
            sentences.push(format!("Processed by {} {within}.", list(&names)));
        }
        sentences.extend(
            named().filter_map(|(consumer, cell)| {
                self.consumer(&consumer.name, &cell.verdict, cell.at)
            }),
        );
        sentences
    }

    fn consumer(
        &self,
        name: &str,
        verdict: &ConsumerVerdict,
        at: Option<Micros>,
    ) -> Option<String> {
        Some(match verdict {
            ConsumerVerdict::NotDue | ConsumerVerdict::Processed => return None,
            ConsumerVerdict::DeadLettered => match at {
                Some(at) => format!(
                    "{name} could not process it: dead-lettered at {}.",
                    self.time(at)
                ),
                None => format!("{name} could not process it: dead-lettered."),
            },
            ConsumerVerdict::NotRouted => format!("No binding leads from there to {name}."),
            ConsumerVerdict::Retrying => format!("{name} failed and will try again."),
            ConsumerVerdict::InFlight => format!("It is on its way to {name}."),
            ConsumerVerdict::Lagging(LagReason::NoConsumers) => {
                format!("{name} has not come this far: nobody is attached.")
            }
            ConsumerVerdict::Lagging(LagReason::Behind) => {
                format!("{name} has not come this far yet.")
            }
            ConsumerVerdict::Lagging(LagReason::Stalled) => {
                format!("{name} has not come this far and has stopped moving.")
            }
            ConsumerVerdict::LostByConsumer => format!(
                "{name} has moved past it, but its inbox was read without a gap and does not hold it."
            ),
            ConsumerVerdict::Passed => {
                format!("{name} has moved past it; nothing tells whether it was processed.")
            }
            ConsumerVerdict::Unknown(reason) => {
                format!(
                    "Nobody can say whether {name} processed it: {}.",
                    reason.clause()
                )
            }
        })
    }

    fn oddities(&self) -> impl Iterator<Item = String> {
        let told = [
            (Flags::DUPLICATE, "It was published more than once."),
            (
                Flags::DUPLICATE_ROW,
                "Its id stands in several outbox rows.",
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

    fn outbox_marks(&self) -> Marks {
        self.index.events.outbox_marks(self.row.no)
    }
}
