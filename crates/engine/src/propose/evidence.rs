//! What speaks for each place of messages that may carry the outbox's ids, one destination after
//! the other: another one's messages say nothing about it.

use std::collections::{HashMap, HashSet};

use waybill_model::{Carrier, Micros, OutboxSettings};
use waybill_source::{Row, RowKey};

use super::letters::{Letter, words};
use super::likeness::{Belief, Crowd, Saying, Tally, content};
use super::matching::{Candidate, fewest};
use super::rows::{Ids, value};

/// A message may be so much older than its row by their clocks.
const SKEW: i64 = 60_000_000;

/// Local times are off by quarters of an hour.
const ZONE_STEP: i64 = 15 * 60_000_000;

/// A destination's name, its messages, and the places of them that may carry ids.
pub(super) type Sampled<'a> = (String, &'a [Letter], Vec<Candidate>);

/// What was seen at one destination.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The places that carry ids …
    pub(super) carriers: Vec<Carrier>,
    /// … and how many messages they find in the outbox.
    pub(super) hits: usize,
    /// What speaks for each of them.
    pub(super) why: Vec<String>,
    /// Places that only seem to carry ids, and what speaks against them.
    pub(super) doubts: Vec<String>,
    /// The inbox that holds the ids, where the outbox does not.
    pub(super) inbox: Option<String>,
    saying: Option<Saying>,
    /// Nothing but a name speaks for it.
    by_name_only: bool,
}

/// The rows of the outbox that candidates are held against.
#[derive(Debug)]
pub(super) struct Held<'a> {
    pub(super) outbox: &'a OutboxSettings,
    pub(super) ids: &'a Ids,
    pub(super) rows: &'a HashMap<RowKey, Row>,
}

impl Held<'_> {
    /// Judges all destinations, each by itself and then beside the others.
    pub(super) fn judge(&self, goals: &[Sampled<'_>]) -> Vec<Seen> {
        let crowd = Crowd::of(self.ids.keys.keys().map(String::as_str));
        let times = self.ids.times.iter();
        let times = times.filter(|(_, key)| !self.ids.untimed.contains(key));
        let times: HashMap<&RowKey, Micros> = times.map(|(at, key)| (key, *at)).collect();
        let mut seen: Vec<Seen> = goals
            .iter()
            .map(|(name, letters, candidates)| {
                self.judge_one(name, letters, candidates, &crowd, &times)
            })
            .collect();
        beside_each_other(goals.iter().map(|(name, ..)| name.as_str()), &mut seen);
        seen
    }

    fn judge_one(
        &self,
        name: &str,
        letters: &[Letter],
        candidates: &[Candidate],
        crowd: &Crowd,
        times: &HashMap<&RowKey, Micros>,
    ) -> Seen {
        let mut seen = Seen::default();
        let mut believed = Vec::new();
        for candidate in candidates {
            let tally = self.tally(candidate, letters, crowd, times);
            match tally.belief(candidate.made_for_ids) {
                Belief::Id(why) => believed.push((candidate.clone(), tally, why)),
                Belief::Chance(why) => seen.doubts.push(format!(
                    "{} of {name} holds numbers that are also ids of the outbox, which proves nothing: {why}.",
                    candidate.carrier
                )),
            }
        }
        let candidates: Vec<Candidate> = believed.iter().map(|(it, ..)| it.clone()).collect();
        (seen.carriers, seen.hits) = fewest(&candidates);
        for (candidate, tally, why) in believed {
            if seen.carriers.contains(&candidate.carrier) {
                let saying = tally.content.saying();
                seen.by_name_only |= !tally.is_beyond_chance() && saying == Saying::Nothing;
                seen.saying = seen
                    .saying
                    .filter(|it| *it != Saying::Nothing)
                    .or(Some(saying));
                seen.why
                    .push(format!("{} of {name}: {why}.", candidate.carrier));
            }
        }
        seen
    }

    fn tally(
        &self,
        candidate: &Candidate,
        letters: &[Letter],
        crowd: &Crowd,
        times: &HashMap<&RowKey, Micros>,
    ) -> Tally {
        let values = candidate.values.iter().map(String::as_str);
        let mut tally = Tally {
            carried: candidate.carried,
            hits: candidate.hits.len(),
            by_chance: crowd.by_chance(values),
            ..Tally::default()
        };
        let mut pairs = Vec::new();
        for (nth, id) in &candidate.hits {
            let letter = &letters[*nth];
            let Some(key) = self.ids.keys.get(id) else {
                continue;
            };
            let has_state = self.outbox.sent_at.is_some() || self.outbox.status.is_some();
            tally.unsent += usize::from(has_state && self.ids.unsent.contains(key));
            if let Some(written) = times.get(key) {
                tally.early += usize::from(is_early(letter.at(), *written));
            }
            if let Some(row) = self.rows.get(key) {
                pairs.push((without(self.words(row), id), without(letter.words(), id)));
            }
        }
        tally.content = content(&pairs);
        tally
    }

    /// What a row says of its event.
    fn words(&self, row: &Row) -> HashSet<String> {
        let mut said = row.payload.as_deref().map(words).unwrap_or_default();
        let aggregate = self.outbox.aggregate_id.as_deref();
        // Where only the aggregate is told, nothing need repeat it.
        if !said.is_empty() {
            said.extend(aggregate.and_then(|place| value(row, self.outbox, place)));
        }
        said
    }
}

/// Whether a message was published before its row was written, which no zone explains.
fn is_early(published: Micros, written: Micros) -> bool {
    let lead = written.0.saturating_sub(published.0);
    let off = (lead + ZONE_STEP / 2).rem_euclid(ZONE_STEP) - ZONE_STEP / 2;
    lead > SKEW && off.abs() > 2 * SKEW
}

fn without(mut words: HashSet<String>, id: &str) -> HashSet<String> {
    words.remove(id);
    words
}

/// Where one destination's messages say what their rows say, one whose messages do not is another
/// service's that speaks of the same events. Where only names speak, and for several, for none.
fn beside_each_other<'a>(names: impl Iterator<Item = &'a str>, seen: &mut [Seen]) {
    let same = seen.iter().any(|it| it.saying == Some(Saying::Same));
    let named = seen.iter().filter(|it| it.by_name_only).count();
    for (name, seen) in names.zip(seen) {
        let why = if same && seen.saying == Some(Saying::Different) {
            "another topic's messages say what the rows say, and these do not"
        } else if seen.by_name_only && (named > 1 || same) {
            "only the name of the place speaks for it, and it does so elsewhere, too"
        } else {
            continue;
        };
        seen.doubts.push(format!("{name} was left out: {why}."));
        seen.carriers.clear();
        seen.why.clear();
        seen.hits = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_before_its_row_is_early_unless_a_zone_explains_it() {
        const MINUTE: i64 = 60_000_000;
        for (lead, early) in [
            (-20 * MINUTE, false),
            (MINUTE / 2, false),
            (3 * MINUTE, true),
            (60 * MINUTE, false),
            (59 * MINUTE, false),
            (5 * 60 * MINUTE + 30 * MINUTE, false),
            (7 * MINUTE, true),
        ] {
            let written = Micros(1_795_000_000_000_000);
            assert_eq!(is_early(written.plus(-lead), written), early, "{lead}");
        }
    }
}
