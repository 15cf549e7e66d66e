//! A service without an outbox: which tables' changes lead to events, and where those go.

use std::collections::HashSet;

use waybill_model::{BusinessTable, Carrier, Carriers};
use waybill_protocol::{Code, Failure};

use super::business::candidates;
use super::changes::{Changes, changes};
use super::destination::{self, Goal, goal};
use super::job::{Job, SEARCHED, carried_by};
use super::letters::Letter;
use super::likeness::looks_like_id;
use super::matching::{Matching, all, known};
use super::outbox::Outbox;
use super::profile::Stored;
use super::rows::MAX_BODY;
use super::study::{BACK, looking_back, present, sampled_of, wide};
use super::telling::{COMPARED, Control, Telling, say_the_same, telling};
use super::{Proposed, Question, Subject};
use crate::session::{DATABASE, business_columns};
use crate::{Drivers, failure};

/// What was asked for where there is no outbox.
const NO_PAIR: &str = "Without an outbox an event is recognised by its aggregate's id and version: a table needs a version and the time of its last change, and messages have to carry both.";

/// A destination whose messages tell of a table's rows.
struct Told {
    goal: Goal,
    letters: Vec<Letter>,
    table: BusinessTable,
    telling: Telling,
    /// Another table fits as well.
    others: Vec<String>,
}

impl Job<'_> {
    /// With the outbox that was found, as far as something bears it out; else by business tables,
    /// where that is asked for.
    pub(super) async fn with(
        &mut self,
        chosen: Option<Result<Outbox, Failure>>,
        drivers: &Drivers,
        say: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Proposed, Failure> {
        let by_outbox = match chosen {
            None => None,
            Some(Err(failure)) => Some(Err(failure)),
            Some(Ok(outbox)) => Some(self.propose(outbox, drivers, say).await),
        };
        let is_open = match &by_outbox {
            None => true,
            Some(Ok(proposed)) => proposed.undecided().is_some(),
            Some(Err(failure)) => matches!(failure.code, Code::NoOutbox | Code::NoDestination),
        };
        if self.asked.business.is_none() || !is_open {
            return by_outbox.unwrap_or_else(|| Err(self.no_pair(&[])));
        }
        let so_far = std::mem::take(&mut self.rest);
        match (self.without_outbox(drivers, say).await?, by_outbox) {
            (Ok(proposed), None) => Ok(proposed),
            (Ok(proposed), Some(Ok(guess))) if proposed.undecided().is_some() => Ok(guess),
            (Ok(proposed), Some(_)) => Ok(proposed),
            (Err(tables), None) => Err(self.no_pair(&tables)),
            (Err(tables), Some(by_outbox)) => {
                self.rest = so_far;
                by_outbox.map_err(|failure| with_tables(failure, &tables))
            }
        }
    }

    fn no_pair(&self, tables: &[BusinessTable]) -> Failure {
        let told = match tables {
            [] => "No table has a version and the time of its last change.".to_owned(),
            tables => format!("No message tells of a row of {}.", names(tables)),
        };
        Failure::new(Code::NoOutbox, told)
            .detail(self.rest.join(" "))
            .hint(NO_PAIR)
    }

    /// A profile of business tables; the tables that may be some where no message tells of their
    /// rows.
    async fn without_outbox(
        &mut self,
        drivers: &Drivers,
        say: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Result<Proposed, Vec<BusinessTable>>, Failure> {
        let tables = candidates(&self.own.tables, self.asked)?;
        if tables.is_empty() {
            return Ok(Err(tables));
        }
        say(&format!(
            "Holding messages against rows of {}",
            names(&tables)
        ));
        let goals = self.goals_of(&tables)?;
        for back in BACK {
            let told = self.told(&tables, &goals, back).await?;
            if !told.is_empty() {
                return self.proposed(told, back, drivers, say).await.map(Ok);
            }
        }
        Ok(Err(tables))
    }

    fn goals_of(&self, tables: &[BusinessTable]) -> Result<Vec<Goal>, Failure> {
        for name in &self.asked.destinations {
            self.must_be_there(name)?;
        }
        let by_hand = self.asked.destinations.iter();
        let by_hand =
            by_hand.map(|name| goal(&self.topology, name, "It was named by hand.".into()));
        let by_hand: Vec<Goal> = by_hand.collect();
        if !by_hand.is_empty() {
            return Ok(by_hand);
        }
        let words = tables
            .iter()
            .map(|table| waybill_layouts::canon(&table.aggregate_type));
        let words: Vec<String> = words.collect();
        let mut all = destination::all_like(&words, &self.topology, "");
        all.truncate(SEARCHED);
        Ok(all)
    }

    /// The destinations whose messages tell of rows, each with the table of which they tell most.
    async fn told(
        &mut self,
        tables: &[BusinessTable],
        goals: &[Goal],
        back: i64,
    ) -> Result<Vec<Told>, Failure> {
        let window = looking_back(back);
        let mut troubles = Vec::new();
        let sampled = sampled_of(&self.broker, goals, window, &mut troubles).await;
        self.rest = troubles;
        let mut read: Vec<Changes> = Vec::new();
        for table in tables {
            let rows = changes(&self.own.database, table, wide(window)).await;
            read.push(rows.unwrap_or_else(|error| {
                let name = &table.table;
                self.rest
                    .push(format!("{name} could not be read: {}.", error.chain()));
                Changes::default()
            }));
        }
        let mut found = Vec::new();
        for (goal, letters) in goals.iter().zip(sampled) {
            let mut fits = Vec::new();
            for (table, rows) in tables.iter().zip(&read) {
                if let Some(telling) = telling(&letters, rows) {
                    let telling = self.compared(telling, &letters, table).await?;
                    fits.push((table, telling));
                }
            }
            found.extend(best(goal, letters, fits));
        }
        Ok(found)
    }

    /// What chance may explain by ids and times is compared with what rows and messages say.
    async fn compared(
        &self,
        mut telling: Telling,
        letters: &[Letter],
        table: &BusinessTable,
    ) -> Result<Telling, Failure> {
        if telling.control.is_some() {
            return Ok(telling);
        }
        let keys = telling
            .pairs
            .iter()
            .take(COMPARED)
            .map(|(_, key)| key.clone());
        let keys: Vec<_> = keys.collect();
        let columns = business_columns(table);
        let rows = self.own.database.rows(&columns, &keys, MAX_BODY).await;
        let rows = rows.map_err(|error| failure::of_source(DATABASE, &error))?;
        let rows = rows.into_iter().flatten();
        let rows = rows.map(|row| (row.key.clone(), row)).collect();
        if say_the_same(&telling, letters, &rows, table) {
            telling.control = Some(Control::Content);
        }
        Ok(telling)
    }

    async fn proposed(
        &mut self,
        told: Vec<Told>,
        back: i64,
        drivers: &Drivers,
        say: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Proposed, Failure> {
        let told = beyond_chance(told);
        let mut questions: Vec<Question> = told.iter().filter_map(|it| self.which(it)).collect();
        questions.truncate(1);
        let matching: Vec<Matching> = told.iter().map(|it| self.matching(it)).collect();
        let goals: Vec<Goal> = told.iter().map(|it| it.goal.clone()).collect();
        let events = told.iter().zip(&matching);
        let events: HashSet<String> = events
            .flat_map(|(it, matching)| carried_by(it.letters.iter(), matching))
            .collect();
        let window = wide(looking_back(back));
        let (flows, whose) = self.consumers(&goals, events, window, say).await;
        questions.extend(whose);
        let mut business: Vec<(BusinessTable, Vec<String>)> = Vec::new();
        for it in told {
            let why = why(&it);
            match business.iter_mut().find(|(table, _)| *table == it.table) {
                Some((_, reasons)) => reasons.extend(why),
                None => business.push((it.table, why)),
            }
        }
        let stored = Stored {
            outbox: None,
            business,
        };
        self.written(&stored, &goals, &matching, flows, questions, drivers)
    }

    /// Where chance may explain it, or another table fits as well, nobody's silence is an answer.
    fn which(&self, told: &Told) -> Option<Question> {
        let is_clear = told.telling.control.is_some() && told.others.is_empty();
        if is_clear || self.asked.is_settled(&Subject::Business) {
            return None;
        }
        let table = &told.table.table;
        let text = match told.telling.control {
            Some(_) => format!(
                "Messages of {} fit several tables. Whose changes do they tell of?",
                told.goal.name
            ),
            None => format!(
                "That messages of {} tell of rows of {table} may be chance: small numbers, all at once. Whose changes do they tell of?",
                told.goal.name
            ),
        };
        Some(Question {
            about: Subject::Business,
            text,
            choices: std::iter::once(table.clone())
                .chain(told.others.clone())
                .collect(),
            default: table.clone(),
            must_be_answered: true,
        })
    }

    fn matching(&self, told: &Told) -> Matching {
        let (letters, telling) = (told.letters.as_slice(), &told.telling);
        let known = known(None, self.kind);
        let carriers = Carriers {
            id: id_of(&known.id, letters, &telling.aggregate),
            kind: present_in(&known.kind, letters),
            aggregate: vec![telling.aggregate.clone()],
            version: vec![telling.version.clone()],
        };
        let n = letters.len();
        let mut why = vec![format!(
            "Of {n} sampled messages {} carry the id and the version of a row ({} and {}), {} those of a version that was overwritten since.",
            telling.pairs.len(),
            telling.aggregate,
            telling.version,
            telling.overtaken
        )];
        why.extend(telling.control.map(|it| it.sentence().to_owned()));
        if carriers.id.is_empty() {
            why.push("They carry no id of their own: each is known by aggregate and version, and an inbox cannot be asked for it.".to_owned());
        }
        Matching {
            carriers,
            why,
            counting: Vec::new(),
        }
    }
}

/// Where something is beyond chance, what is not is chance. Where the messages of one destination
/// follow a table's rows at once, another's that only say the same are copies of elsewhere.
fn beyond_chance(mut told: Vec<Told>) -> Vec<Told> {
    if told.iter().any(|it| it.telling.control.is_some()) {
        told.retain(|it| it.telling.control.is_some());
    }
    let at_once = |it: &&Told| it.telling.control == Some(Control::AtOnce);
    let followed = told.iter().filter(at_once).map(|it| it.table.table.clone());
    let followed: HashSet<String> = followed.collect();
    told.retain(|it| {
        it.telling.control != Some(Control::Content) || !followed.contains(&it.table.table)
    });
    told
}

/// The table of which the messages of a goal tell most: beyond chance first, then a history, then by
/// how many.
fn best(goal: &Goal, letters: Vec<Letter>, fits: Vec<(&BusinessTable, Telling)>) -> Option<Told> {
    let rank = |(table, telling): &(&BusinessTable, Telling)| {
        let (sure, explained) = telling.rank();
        (sure, table.history, explained)
    };
    let (table, telling) = fits.iter().rev().max_by_key(|it| rank(it))?.clone();
    // A table and its history tell of the same.
    let equal = |(other, it): &&(&BusinessTable, Telling)| {
        let same = other.aggregate_type == table.aggregate_type;
        !same && it.rank() >= telling.rank()
    };
    let others = fits.iter().filter(equal);
    let others: Vec<String> = others.map(|(other, _)| other.table.clone()).collect();
    let mut goal = goal.clone();
    if goal.why.is_empty() {
        goal.why = format!("Its messages tell of rows of {}.", table.table);
    }
    Some(Told {
        goal,
        letters,
        table: table.clone(),
        telling,
        others,
    })
}

/// What is an event's own id: in nearly every message, and nobody else's.
fn id_of(known: &[Carrier], letters: &[Letter], aggregate: &Carrier) -> Vec<Carrier> {
    let is_id = |carrier: &&Carrier| {
        let texts: Vec<String> = letters.iter().filter_map(|it| it.text(carrier)).collect();
        let each: HashSet<&String> = texts.iter().collect();
        let is_own = each.len() == texts.len() && texts.iter().all(|it| looks_like_id(it));
        is_own && !texts.is_empty() && texts.len() * 10 >= letters.len() * 9
    };
    let mut places = all(known, letters);
    places.retain(|it| it != aggregate);
    places.iter().find(is_id).cloned().into_iter().collect()
}

fn present_in(known: &[Carrier], letters: &[Letter]) -> Vec<Carrier> {
    let there = present(known, letters, false);
    if !there.is_empty() {
        return there;
    }
    let in_body = ["/type", "/eventType", "/event_type"].map(|it| Carrier::Json(it.to_owned()));
    present(&in_body, letters, false)
}

fn why(told: &Told) -> Vec<String> {
    let mut why = vec![format!(
        "There is no outbox: every change of {} must lead to a message on {}.",
        told.table.table, told.goal.name
    )];
    why.push(match told.table.history {
        true => "It keeps a row of every version, so that a version without one was never stored.",
        false => "A row shows its newest version only: what was overwritten or deleted before it was read cannot be asked for.",
    }.to_owned());
    why
}

fn names(tables: &[BusinessTable]) -> String {
    let names: Vec<&str> = tables.iter().map(|table| table.table.as_str()).collect();
    names.join(", ")
}

/// No outbox, and no table whose rows are told of: what could be named.
fn with_tables(mut failure: Failure, tables: &[BusinessTable]) -> Failure {
    if failure.code == Code::NoOutbox {
        let none = match tables {
            [] => "no table has a version and the time of its last change".to_owned(),
            tables => format!("no message tells of a row of {}", names(tables)),
        };
        failure
            .hint
            .push_str(&format!(" Nor are there business tables to go by: {none}."));
    }
    failure
}
