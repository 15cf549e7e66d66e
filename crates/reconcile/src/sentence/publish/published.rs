//! Published: at least one copy was seen, or somebody had it.

use waybill_model::{Marks, Stage};

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;
use crate::sentence::words::span;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence(story: &Story<'_>) -> String {
    let Some(at) = story.row.published else {
        return "No copy of it was seen, but a consumer had it.".to_owned();
    };
    let facts = story.index.facts(story.row.no);
    let copies = || facts.iter().filter(|fact| fact.stage == Stage::Published);
    let place = copies().next().map(|copy| copy.place);
    let mut places = story.index.shape.places.iter();
    let known = places.find(|known| Some(known.id) == place);
    let to = known.map_or_else(String::new, |place| format!(" to {}", place.name));
    let written = story.row.outbox.filter(|_| !story.is_untimed());
    let before = written.or(story.row.stored);
    let when = match before.map(|before| at.since(before)) {
        Some(micros) if micros >= 0 => format!("{} later", span(micros)),
        _ => format!("at {}", story.time(at)),
    };
    let ours = copies().all(|copy| copy.marks.contains(Marks::OWN_RESEND));
    let by = if ours { " by Waybill" } else { "" };
    format!("Published{to}{by} {when}.")
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} published", events.were())
}
