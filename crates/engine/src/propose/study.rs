//! Holds a sample of messages against the outbox: where they go, and by what they are matched.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream;
use futures::{FutureExt as _, StreamExt as _};
use waybill_model::{Carrier, Carriers, Micros, Window};
use waybill_source::{Broker, Database, Result, Row, RowKey, text_at};

use super::destination::Goal;
use super::evidence::{Held, Sampled, Seen};
use super::letters::{Letter, sample};
use super::matching::{BodyId, Matching, agreed, candidates, id_in_body, id_of_rows, pairs};
use super::others::{Counting, counting};
use super::outbox::Outbox;
use super::rows::{Ids, ids, whole};
use super::states::{Witnessed, learn_states};
use crate::clock::now;
use crate::session::outbox_columns;

const MINUTE: i64 = 60_000_000;

const HOUR: i64 = 60 * MINUTE;

/// How far is looked back: as little as tells something.
pub(super) const BACK: [i64; 3] = [HOUR, 24 * HOUR, 30 * 24 * HOUR];

/// A row may be older than its message …
const RELAY: i64 = 10 * MINUTE;

/// … and seem younger than now where its time is local.
const ZONES: i64 = 15 * HOUR;

/// A message that is so little younger than a row may be the row's.
const BESIDE: i64 = 10_000_000;

/// Messages that are looked at, all destinations together; each gets at least some.
const SAMPLED: usize = 200;

/// The least that is looked at of one destination.
const AT_LEAST: usize = 20;

/// Destinations that are looked into at the same time: most of the time is spent waiting for the
/// broker, and more would be a load on it.
const AT_ONCE: usize = 8;

/// Rows whose bodies are searched for an id.
const SEARCHED_BODIES: usize = 300;

/// Rows that are held against the messages that are taken for theirs.
const COMPARED_ROWS: usize = 500;

/// What was seen.
pub(super) struct Study {
    /// The window it was seen in.
    pub(super) window: Window,
    pub(super) ids: Ids,
    /// The messages of each goal, in order.
    pub(super) letters: Vec<Vec<Letter>>,
    /// What was found in them, goal by goal.
    pub(super) seen: Vec<Seen>,
    /// The carriers of ids that were seen in the outbox.
    pub(super) carriers: Vec<Carrier>,
    pub(super) hits: usize,
    /// Why a goal's messages could not be read.
    pub(super) troubles: Vec<String>,
}

/// Database and broker of a proposal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between<'a> {
    pub(super) database: &'a Arc<dyn Database>,
    pub(super) broker: &'a Arc<dyn Broker>,
}

impl Between<'_> {
    /// Looks further and further back until a message is found in the outbox. May find out that
    /// the event's id stands inside the body, and changes the outbox's settings so.
    pub(super) async fn study(
        self,
        outbox: &mut Outbox,
        goals: &[Goal],
        known: &Carriers,
    ) -> Result<Study> {
        let mut last = None;
        for back in BACK {
            let study = self.look_back(outbox, goals, known, back).await?;
            let found = study.hits > 0;
            let more = |last: &Study| study.n_seen() > last.n_seen();
            if found || last.as_ref().is_none_or(more) {
                last = Some(study);
            }
            if found {
                break;
            }
        }
        match last {
            Some(study) => Ok(study),
            None => self.look_back(outbox, goals, known, HOUR).await,
        }
    }

    async fn look_back(
        self,
        outbox: &mut Outbox,
        goals: &[Goal],
        known: &Carriers,
        back: i64,
    ) -> Result<Study> {
        let window = looking_back(back);
        let wide = wide(window);
        let mut study = Study {
            window,
            ids: ids(self.database, outbox_columns(&outbox.settings), wide).await?,
            letters: Vec::new(),
            seen: Vec::new(),
            carriers: Vec::new(),
            hits: 0,
            troubles: Vec::new(),
        };
        study.letters = sampled_of(self.broker, goals, window, &mut study.troubles).await;
        self.hold_against_rows(outbox, goals, known, &mut study)
            .await?;
        let searched = outbox.settings.payload.is_some() && !outbox.is_settled_id;
        if study.hits == 0 && searched {
            self.search_bodies(outbox, goals, known, &mut study).await?;
        }
        Ok(study)
    }

    /// No column holds the messages' ids; the bodies may.
    async fn search_bodies(
        self,
        outbox: &mut Outbox,
        goals: &[Goal],
        known: &Carriers,
        study: &mut Study,
    ) -> Result<()> {
        let recent = study
            .ids
            .times
            .iter()
            .filter(|(at, _)| *at >= study.window.from);
        let keys: Vec<RowKey> = recent
            .take(SEARCHED_BODIES)
            .map(|(_, key)| key.clone())
            .collect();
        let columns = outbox_columns(&outbox.settings);
        let rows = whole(self.database, &columns, &keys).await?;
        let rows: Vec<&Row> = rows.values().collect();
        let places = study
            .letters
            .iter()
            .filter_map(|letters| id_in_body(&outbox.settings, &rows, &known.id, letters));
        let Some(found) = places.max_by_key(BodyId::rank) else {
            return Ok(());
        };
        let column = std::mem::replace(&mut outbox.settings.id, found.place);
        let columns = outbox_columns(&outbox.settings);
        let of_column = (std::mem::take(&mut study.ids), study.seen.clone());
        study.ids = ids(self.database, columns, wide(study.window)).await?;
        self.hold_against_rows(outbox, goals, known, study).await?;
        if study.hits == 0 {
            outbox.settings.id = column;
            (study.ids, study.seen) = of_column;
        } else {
            outbox.why.push(format!(
                "No message carries {column}; the id that rows and messages share is {}.",
                outbox.settings.id
            ));
        }
        Ok(())
    }

    /// Where messages carry in their body what an inbox holds, the rows have it in theirs.
    pub(super) async fn id_from_messages(
        self,
        outbox: &mut Outbox,
        goals: &[Goal],
        known: &Carriers,
        study: &mut Study,
    ) -> Result<()> {
        // What a library's columns are is known.
        let is_open = outbox.layout.is_none() && !outbox.is_settled_id;
        let (Some(payload), true) = (&outbox.settings.payload, is_open) else {
            return Ok(());
        };
        let [Carrier::Json(pointer)] = study.carriers.as_slice() else {
            return Ok(());
        };
        let bodies = outbox.table.values(payload);
        if !bodies
            .iter()
            .all(|body| text_at(body.as_bytes(), pointer).is_some())
        {
            return Ok(());
        }
        let place = format!("{payload}#{pointer}");
        outbox.why.push(format!(
            "An inbox holds what stands in the bodies at {pointer}, so that is the event's id."
        ));
        outbox.settings.id = place;
        let columns = outbox_columns(&outbox.settings);
        let of_inbox = (study.seen.clone(), study.carriers.clone());
        study.ids = ids(self.database, columns, wide(study.window)).await?;
        self.hold_against_rows(outbox, goals, known, study).await?;
        if study.hits == 0 {
            (study.seen, study.carriers) = of_inbox;
        }
        Ok(())
    }

    /// Finds the carriers of ids: what speaks for each is taken from the rows that it hits.
    async fn hold_against_rows(
        self,
        outbox: &Outbox,
        goals: &[Goal],
        known: &Carriers,
        study: &mut Study,
    ) -> Result<()> {
        let keys = &study.ids.keys;
        let goals = sampled(goals, &study.letters, known, keys);
        let hits = goals.iter().flat_map(|(.., found)| found);
        let hits = hits.flat_map(|candidate| candidate.hits.values());
        let hit: HashSet<RowKey> = hits.filter_map(|id| keys.get(id).cloned()).collect();
        let hit: Vec<RowKey> = hit.into_iter().take(COMPARED_ROWS).collect();
        let rows = whole(self.database, &outbox_columns(&outbox.settings), &hit).await?;
        let held = Held {
            outbox: &outbox.settings,
            ids: &study.ids,
            rows: &rows,
        };
        let seen = held.judge(&goals);
        study.hits = seen.iter().map(|seen| seen.hits).sum();
        study.take(seen);
        Ok(())
    }

    /// Carriers that rows and messages agree about; learns from the same rows what a status means.
    pub(super) async fn matching(
        self,
        outbox: &mut Outbox,
        goals: &[Goal],
        (known, own): (&Carriers, bool),
        study: &Study,
    ) -> Result<Matching> {
        let letters: Vec<Letter> = study.letters.concat();
        let keys: Vec<RowKey> = letters
            .iter()
            .flat_map(|letter| study.carriers.iter().filter_map(|c| letter.text(c)))
            .filter_map(|id| study.ids.keys.get(&id).cloned())
            .collect();
        let columns = outbox_columns(&outbox.settings);
        let rows: HashMap<RowKey, Row> = whole(self.database, &columns, &keys).await?;
        let pairs = pairs(&study.carriers, &letters, &study.ids.keys, &rows);
        let of_rows = id_of_rows(&outbox.settings, &letters).filter(|_| study.carriers.is_empty());
        let has_id = |letter: &&Letter| {
            let mut places = known.id.iter().chain(&study.carriers).chain(&of_rows);
            places.any(|place| letter.text(place).is_some())
        };
        let witness = Witnessed {
            letters: letters.iter().filter(has_id).count(),
            outlived: study.has_outlived(),
        };
        learn_states(outbox, &pairs, witness);
        let of_rows = of_rows.filter(|_| outbox.settings.deletes_after_send);
        let settings = &outbox.settings;
        let seen = |known: &[Carrier]| present(known, &letters, own);
        let verified = |place: &Option<String>, known: &[Carrier]| match agreed(
            place.as_deref(),
            settings,
            known,
            &pairs,
        ) {
            Some(agreed) if agreed.is_empty() && own => seen(known),
            Some(agreed) => agreed,
            None => seen(known),
        };
        let carriers = Carriers {
            id: match study.carriers.as_slice() {
                [] => match &of_rows {
                    Some(place) => vec![place.clone()],
                    None => present(&known.id, &letters, true),
                },
                found => found.to_vec(),
            },
            kind: verified(&settings.kind, &known.kind),
            aggregate: verified(&settings.aggregate_id, &known.aggregate),
            version: verified(&settings.version, &known.version),
        };
        Ok(Matching {
            counting: study.counting(goals, &carriers),
            why: why(outbox, study, letters.len(), of_rows.as_ref()),
            carriers,
        })
    }
}

impl Study {
    fn take(&mut self, seen: Vec<Seen>) {
        self.carriers.clear();
        for carrier in seen.iter().flat_map(|seen| &seen.carriers) {
            if !self.carriers.contains(carrier) {
                self.carriers.push(carrier.clone());
            }
        }
        self.seen = seen;
    }

    /// What an inbox holds and messages carry is the event's id, whether or not the row of the
    /// outbox is still there.
    pub(super) fn vouched(
        &mut self,
        outbox: &Outbox,
        goals: &[Goal],
        known: &Carriers,
        inboxes: Vec<(String, Ids)>,
    ) {
        for (table, mut ids) in inboxes {
            // When a row was processed, and whether, says nothing about its message.
            ids.times.clear();
            ids.unsent.clear();
            let held = Held {
                outbox: &outbox.settings,
                ids: &ids,
                rows: &HashMap::new(),
            };
            let mut seen = held.judge(&sampled(goals, &self.letters, known, &ids.keys));
            if seen.iter().all(|seen| seen.hits == 0) {
                continue;
            }
            for seen in &mut seen {
                seen.inbox = Some(table.clone());
            }
            return self.take(seen);
        }
    }

    /// Whose messages count at each goal.
    fn counting(&self, goals: &[Goal], matched: &Carriers) -> Vec<Counting> {
        let goals = goals.iter().zip(&self.letters);
        let each =
            goals.map(|(goal, letters)| counting(&goal.name, letters, matched, &self.ids.keys));
        each.collect()
    }

    /// The ids of messages that are in the outbox.
    pub(super) fn found_ids(&self) -> Vec<String> {
        let letters = self.letters.iter().flatten();
        let ids = letters.flat_map(|letter| self.carriers.iter().filter_map(|c| letter.text(c)));
        ids.filter(|id| self.ids.keys.contains_key(id)).collect()
    }

    /// How many messages carry an id, and how many of those have their row there.
    pub(super) fn n_kept(&self) -> (usize, usize) {
        let letters = self.letters.iter().flatten();
        let ids = letters.filter_map(|it| self.carriers.iter().find_map(|c| it.text(c)));
        let kept = |id: String| self.ids.keys.contains_key(&id);
        ids.fold((0, 0), |(n, n_kept), id| {
            (n + 1, n_kept + usize::from(kept(id)))
        })
    }

    /// Whether messages are there whose rows are gone: hardly any is as young as most rows are, and
    /// beside few of them there is a row of their time.
    fn has_outlived(&self) -> bool {
        let mut times: Vec<Micros> = self.ids.times.iter().map(|(at, _)| *at).collect();
        times.sort_unstable();
        let Some(middle) = times.get(times.len() / 2) else {
            return true;
        };
        let letters: Vec<Micros> = self.letters.iter().flatten().map(Letter::at).collect();
        let older = letters.iter().filter(|at| *at < middle).count();
        let beside = letters.iter().filter(|at| {
            let next = times.partition_point(|row| row <= *at);
            let row = next.checked_sub(1).and_then(|last| times.get(last));
            row.is_some_and(|row| row.plus(BESIDE) >= **at)
        });
        older * 10 >= letters.len() * 9 && beside.count() * 2 < letters.len()
    }

    fn n_seen(&self) -> usize {
        self.ids.times.len() + self.letters.iter().map(Vec::len).sum::<usize>()
    }
}

/// Each goal with its messages and the places in them where ids stand.
fn sampled<'a>(
    goals: &[Goal],
    letters: &'a [Vec<Letter>],
    known: &Carriers,
    keys: &HashMap<String, RowKey>,
) -> Vec<Sampled<'a>> {
    let of_goal = |(goal, letters): (&Goal, &'a Vec<Letter>)| {
        let found = candidates(&known.id, letters, |id| keys.contains_key(id));
        (goal.name.clone(), letters.as_slice(), found)
    };
    goals.iter().zip(letters).map(of_goal).collect()
}

/// So long until now, and a little more.
pub(super) fn looking_back(micros: i64) -> Window {
    let now = now();
    Window {
        from: now.plus(-micros),
        to: now.plus(MINUTE),
    }
}

/// Some messages of each goal.
pub(super) async fn sampled_of(
    broker: &Arc<dyn Broker>,
    goals: &[Goal],
    window: Window,
    troubles: &mut Vec<String>,
) -> Vec<Vec<Letter>> {
    let each = (SAMPLED / goals.len().max(1)).max(AT_LEAST);
    let sampling: Vec<_> = goals
        .iter()
        .map(|goal| letters(broker, goal, window, each).boxed())
        .collect();
    let sampled: Vec<_> = stream::iter(sampling).buffered(AT_ONCE).collect().await;
    let mut all = Vec::new();
    for (goal, letters) in goals.iter().zip(sampled) {
        all.push(letters.unwrap_or_else(|error| {
            let name = &goal.name;
            troubles.push(format!("{name} could not be read: {}.", error.chain()));
            Vec::new()
        }));
    }
    all
}

/// Rows may be older than their messages, and their clocks in another zone.
pub(super) fn wide(window: Window) -> Window {
    Window {
        from: window.from.plus(-RELAY),
        to: Micros(window.to.0.saturating_add(ZONES)),
    }
}

/// Those that some message has. Where none has any: all that a library itself speaks of, or that
/// no message could be asked about.
pub(super) fn present(known: &[Carrier], letters: &[Letter], own: bool) -> Vec<Carrier> {
    let is_there = |carrier: &&Carrier| letters.iter().any(|letter| letter.text(carrier).is_some());
    let present: Vec<Carrier> = known.iter().filter(is_there).cloned().collect();
    if present.is_empty() && (own || letters.is_empty()) {
        return known.to_vec();
    }
    present
}

/// Up to so many messages of a goal; none where it cannot be looked into.
async fn letters(
    broker: &Arc<dyn Broker>,
    goal: &Goal,
    window: Window,
    most: usize,
) -> Result<Vec<Letter>> {
    match &goal.readable {
        Some(channel) => sample(broker, channel, window, most).await,
        None => Ok(Vec::new()),
    }
}

fn why(outbox: &Outbox, study: &Study, sampled: usize, of_rows: Option<&Carrier>) -> Vec<String> {
    let hits = study.hits;
    let mut why = study.troubles.clone();
    why.extend(study.seen.iter().flat_map(|seen| seen.why.clone()));
    let inbox = study.seen.iter().find_map(|seen| seen.inbox.as_ref());
    why.push(if let Some(inbox) = inbox {
        format!(
            "The outbox has no row of {sampled} sampled messages, but {inbox} holds what they carry: by that they are matched."
        )
    } else if hits > 0 {
        format!("Of {sampled} sampled messages {hits} carry an id that is in the outbox.")
    } else if sampled == 0 {
        "Not verified: there was no message to be read. It is what is usual.".to_owned()
    } else if let Some(place) = of_rows {
        format!(
            "Not verified: rows are deleted when sent. {sampled} of {sampled} sampled messages carry something of their own at {place}, where rows have their id."
        )
    } else if outbox.settings.deletes_after_send {
        format!(
            "Not verified: none of {sampled} sampled messages has its row in the outbox any more, as rows are deleted when sent. It is what is usual, as far as the messages have it."
        )
    } else {
        format!(
            "None of {sampled} sampled messages carries an id that is in the outbox: correct match.id, or the id of the outbox, before you believe a verdict."
        )
    });
    why.extend(study.seen.iter().flat_map(|seen| seen.doubts.clone()));
    why
}
