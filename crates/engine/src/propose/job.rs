//! Where events go and who receives them: what is asked of database and broker, and in what order.

use std::collections::HashSet;
use std::sync::Arc;

use waybill_layouts::BrokerKind;
use waybill_model::Window;
use waybill_protocol::{Code, Failure};
use waybill_source::{Broker, Topology};

use super::consumers::{self, Found};
use super::destination::{self, Goal, goal};
use super::evidence::Seen;
use super::inboxes::{self, Base, Inboxes};
use super::letters::Letter;
use super::matching::{Matching, known};
use super::outbox::Outbox;
use super::profile::Stored;
use super::rows::Ids;
use super::study::{Between, Study, wide};
use super::{Asked, Proposed, Question, Subject};
use crate::profiles::closest;
use crate::session::DATABASE;
use crate::{Drivers, failure};

/// Topics or exchanges that are looked into when nothing says where events go.
pub(super) const SEARCHED: usize = 30;

/// A topic or exchange that was looked into.
struct Looked {
    goal: Goal,
    letters: Vec<Letter>,
    seen: Seen,
}

/// A proposal in the making.
pub(super) struct Job<'a> {
    pub(super) asked: &'a Asked,
    pub(super) own: &'a Base,
    pub(super) bases: Vec<Base>,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) kind: BrokerKind,
    pub(super) topology: Topology,
    /// What is to be said behind all flows.
    pub(super) rest: Vec<String>,
}

impl Job<'_> {
    pub(super) async fn propose(
        &mut self,
        mut outbox: Outbox,
        drivers: &Drivers,
        say: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Proposed, Failure> {
        let own = self.own;
        let broker = Arc::clone(&self.broker);
        let between = Between {
            database: &own.database,
            broker: &broker,
        };
        let known = known(outbox.layout, self.kind);
        let own_rule = outbox
            .layout
            .is_some_and(|layout| layout.on(self.kind).is_some());
        let of_source = |error| failure::of_source(DATABASE, &error);
        let mut questions = Vec::new();
        let (goals, searched) = self.goals(&outbox)?;
        let n = goals.len();
        say(&match searched {
            true => format!("Nothing says where events go: looking into {n} topics or exchanges"),
            false => format!("Holding messages of {} against the outbox", names(&goals)),
        });
        let study = between.study(&mut outbox, &goals, &known).await;
        let mut study = study.map_err(of_source)?;
        // Where a library's messages carry the id is known.
        if study.carriers.is_empty() && !own_rule {
            say("Holding messages against inboxes");
            let inboxes = self.held_by_inboxes(&study).await;
            study.vouched(&outbox, &goals, &known, inboxes);
            let settled = between.id_from_messages(&mut outbox, &goals, &known, &mut study);
            settled.await.map_err(of_source)?;
        }
        let goals = match searched {
            true => self.found(&outbox, goals, &mut study, &mut questions)?,
            false => goals,
        };
        let matching = between
            .matching(&mut outbox, &goals, (&known, own_rule), &study)
            .await;
        let matching = matching.map_err(of_source)?;
        between.zone(&mut outbox, &study).await;
        outbox.bear_out(&study.found_ids());
        if !self.asked.roles.contains_key("deletes-after-send") {
            outbox.settle_deleting(study.n_kept());
        }
        destination::settle_column(&mut outbox, self.kind, &goals);
        say(&matching.why.join(" "));
        let mut events: HashSet<String> = study.ids.keys.keys().cloned().collect();
        events.extend(carried_by(study.letters.iter().flatten(), &matching));
        let window = wide(study.window);
        let (flows, whose) = self.consumers(&goals, events, window, say).await;
        questions.splice(0..0, outbox.questions.clone());
        questions.extend(whose);
        let matching = vec![matching; goals.len()];
        self.written(
            &Stored::of(&outbox),
            &goals,
            &matching,
            flows,
            questions,
            drivers,
        )
    }

    /// Where events go, and whether that has yet to be found out.
    fn goals(&self, outbox: &Outbox) -> Result<(Vec<Goal>, bool), Failure> {
        let mut by_hand = Vec::new();
        for name in &self.asked.destinations {
            self.must_be_there(name)?;
            by_hand.push(goal(
                &self.topology,
                name,
                "It was named by hand.".to_owned(),
            ));
        }
        if !by_hand.is_empty() {
            return Ok((by_hand, false));
        }
        let told = destination::told(outbox, self.kind, &self.topology);
        if !told.is_empty() {
            return Ok((told, false));
        }
        let mut all = destination::all(outbox, &self.topology);
        all.truncate(SEARCHED);
        Ok((all, true))
    }

    /// A name that was mistyped would never have a message. Without a map any name must do.
    pub(super) fn must_be_there(&self, name: &str) -> Result<(), Failure> {
        let mut names = self.topology.channels.iter().map(|c| c.name.as_str());
        if self.topology.channels.is_empty() || names.any(|known| known == name) {
            return Ok(());
        }
        let told = format!("The broker has no topic or exchange '{name}'.");
        let names = self.topology.channels.iter().map(|c| c.name.as_str());
        let hint = match closest(name, names) {
            Some(meant) => format!("Did you mean '{meant}'?"),
            None => "Leave the destination out to have it found.".to_owned(),
        };
        Err(Failure::new(Code::BadProfile, told).hint(hint))
    }

    /// Of all that were looked into those whose messages are in the outbox; else one that is
    /// called alike, or the only one there is.
    fn found(
        &mut self,
        outbox: &Outbox,
        goals: Vec<Goal>,
        study: &mut Study,
        questions: &mut Vec<Question>,
    ) -> Result<Vec<Goal>, Failure> {
        let sampled = std::mem::take(&mut study.letters).into_iter();
        let seen = std::mem::take(&mut study.seen);
        let looked = goals.into_iter().zip(sampled).zip(seen);
        let looked = looked.map(|((goal, letters), seen)| Looked {
            goal,
            letters,
            seen,
        });
        let (mut found, mut others): (Vec<Looked>, Vec<Looked>) =
            looked.partition(|it| it.seen.hits > 0);
        for it in &mut found {
            let place = it.seen.inbox.as_deref().unwrap_or("the outbox");
            let (hits, n) = (it.seen.hits, it.letters.len());
            it.goal.why = format!("{hits} of {n} messages there are in {place}.");
        }
        if found.is_empty() {
            found.push(self.likely(outbox, &mut others, questions)?);
        }
        self.rest
            .extend(others.into_iter().flat_map(|it| it.seen.doubts));
        let mut goals = Vec::new();
        for it in found {
            goals.push(it.goal);
            study.letters.push(it.letters);
            study.seen.push(it.seen);
        }
        Ok(goals)
    }

    /// One that is called alike, or the only one there is; asked back, for nothing shows it.
    fn likely(
        &mut self,
        outbox: &Outbox,
        looked: &mut Vec<Looked>,
        questions: &mut Vec<Question>,
    ) -> Result<Looked, Failure> {
        let all = destination::all(outbox, &self.topology);
        let all: Vec<String> = all.into_iter().map(|goal| goal.name).collect();
        let is_alike = |it: &Looked| destination::is_alike(outbox, &self.topology, &it.goal.name);
        let only = (looked.len() == 1).then_some(0);
        let Some(nth) = looked.iter().position(is_alike).or(only) else {
            let doubts = looked.iter().flat_map(|it| it.seen.doubts.clone());
            self.rest.extend(doubts);
            return Err(self.nowhere(&all));
        };
        let likely = looked.remove(nth);
        questions.push(Question {
            about: Subject::Destination,
            text: "No message tells where events go. To which topic or exchange?".to_owned(),
            choices: all,
            default: likely.goal.name.clone(),
            must_be_answered: false,
        });
        Ok(likely)
    }

    /// What the inboxes of all databases hold.
    async fn held_by_inboxes(&self, study: &Study) -> Vec<(String, Ids)> {
        let mut held = Vec::new();
        for base in std::iter::once(self.own).chain(&self.bases) {
            held.extend(inboxes::held(base, wide(study.window)).await);
        }
        held
    }

    fn nowhere(&self, all: &[String]) -> Failure {
        let told = "No message of the broker tells where the events of the outbox go.";
        let mut hint = "Name the topic or exchange: --destination NAME.".to_owned();
        if !all.is_empty() {
            hint.push_str(&format!(" There are {}.", all.join(", ")));
        }
        let unknown = self.asked.broker.management_url.is_none();
        if self.kind == BrokerKind::RabbitMq && unknown {
            hint.push_str(" Exchanges, queues and bindings are known with --management-url.");
        }
        Failure::new(Code::NoDestination, told)
            .detail(self.rest.join(" "))
            .hint(hint)
    }

    /// The consumers of each flow, and whose inboxes are not sure.
    pub(super) async fn consumers(
        &mut self,
        goals: &[Goal],
        events: HashSet<String>,
        window: Window,
        say: &mut (dyn FnMut(&str) + Send),
    ) -> (Vec<Vec<Found>>, Vec<Question>) {
        say("Looking for consumers");
        let mut inboxes = Inboxes::default();
        for base in std::iter::once(self.own).chain(&self.bases) {
            inboxes::of_base(base, &events, window, &mut inboxes).await;
        }
        self.rest.extend(inboxes.left_out);
        let mut flows = Vec::new();
        for goal in goals {
            flows.push(consumers::heard(&self.broker, self.kind, &self.topology, &goal.name).await);
        }
        let mut whose = Vec::new();
        if let Some(first) = flows.first_mut() {
            whose = consumers::with_inboxes(first, inboxes.found, &self.asked.inboxes);
        }
        for (goal, found) in goals.iter().zip(&mut flows) {
            consumers::with_dead_letters(found, &self.topology, &goal.name);
        }
        consumers::with_names_of_their_own(&mut flows);
        (flows, whose)
    }

    pub(super) async fn close(&self) {
        for base in &self.bases {
            base.database.close().await;
        }
        self.broker.close().await;
    }
}

/// What messages carry as their ids.
pub(super) fn carried_by<'a>(
    letters: impl Iterator<Item = &'a Letter>,
    matching: &Matching,
) -> Vec<String> {
    let of_letter = |letter: &Letter| -> Vec<String> {
        let carriers = matching.carriers.id.iter();
        carriers.filter_map(|it| letter.text(it)).collect()
    };
    letters.flat_map(of_letter).collect()
}

fn names(goals: &[Goal]) -> String {
    let names: Vec<&str> = goals.iter().map(|goal| goal.name.as_str()).collect();
    names.join(", ")
}
