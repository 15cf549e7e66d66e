//! Whether it is proven how a relay makes a message of a row, and by what.

use std::collections::BTreeMap;
use std::sync::Arc;

use waybill_model::{EventId, ShownMessage, Unproven};
use waybill_protocol::Failure;
use waybill_source::form::{Form, Roles, Sample, learn_partly};

use super::pairs::{self, Group, SAMPLES};
use super::shown;
use crate::session::Session;

/// So many rows must have become their messages before others may.
const AT_LEAST: usize = 3;

/// Whether it is known how a row becomes a message.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// By this form.
    Proven(Arc<Form>),
    /// It is not.
    Not(Doubt),
}

/// What stands in the way.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    /// How many rows were held against their messages.
    pub(super) compared: u32,
    /// Parts of sentences.
    pub(super) differences: Vec<String>,
    /// It is about rows of business tables, whose messages have to be made as a whole…
    pub(super) of_state: bool,
    /// … and so much is known of how.
    pub(super) partly: Option<Arc<Form>>,
}

impl Doubt {
    /// How this one row becomes a message is not told by how others did.
    pub(super) fn of_row(why: String) -> Self {
        Self {
            compared: 0,
            differences: vec![why],
            of_state: false,
            partly: None,
        }
    }

    /// The same of a row of a business table.
    pub(super) fn of_state(why: String, partly: Option<Arc<Form>>) -> Self {
        Self {
            of_state: true,
            partly,
            ..Self::of_row(why)
        }
    }
}

/// What is proven, per flow and event type.
#[derive(Debug, Default)]
pub(super) struct Proofs(BTreeMap<Group, Proof>);

impl Proofs {
    pub(super) fn of(&self, flow: usize, kind: &str) -> Proof {
        let found = self.0.get(&(flow, kind.to_owned())).cloned();
        found.unwrap_or_else(|| Proof::Not(none_seen(0, false)))
    }
}

/// Finds out for each of these flows and types how rows become messages.
pub(super) async fn proofs(
    session: &Arc<Session>,
    wanted: &[Group],
    shown: &[ShownMessage],
) -> Result<Proofs, Failure> {
    let Some(outbox) = session
        .profile
        .outbox
        .as_ref()
        .filter(|_| !wanted.is_empty())
    else {
        return Ok(Proofs::default());
    };
    let roles = pairs::roles(outbox);
    let samples = pairs::samples(session, wanted).await?;
    let mut found = BTreeMap::new();
    for (flow, kind) in wanted {
        let seen = samples.get(flow).map(Vec::as_slice).unwrap_or_default();
        let mut proof = proof(kind, seen, &roles);
        if seen.len() < AT_LEAST {
            let of_flow = session.profile.flows.get(*flow).map(|flow| &flow.samples);
            let of_flow = of_flow.into_iter().flatten();
            let shown: Vec<ShownMessage> = of_flow.chain(shown).cloned().collect();
            proof = by_shown(session, seen, &shown, &roles, proof).await?;
        }
        found.insert((*flow, kind.clone()), proof);
    }
    Ok(Proofs(found))
}

/// What the samples of a flow prove for events of one type: its own count first, and where other
/// types are written otherwise, its own alone.
pub(super) fn proof(kind: &str, samples: &[(String, Sample)], roles: &Roles) -> Proof {
    let (own, others): (Vec<_>, Vec<_>) = samples.iter().partition(|(of, _)| of == kind);
    let sample = |(_, sample): &&(String, Sample)| sample.clone();
    let own: Vec<Sample> = own.iter().map(sample).take(SAMPLES).collect();
    let mut all = own.clone();
    all.extend(
        others
            .iter()
            .map(sample)
            .take(SAMPLES.saturating_sub(own.len())),
    );
    let compared = count(all.len());
    let is_state = roles.state.is_some();
    if all.len() < AT_LEAST {
        return Proof::Not(none_seen(compared, is_state));
    }
    let learnt = match learn_partly(&all, roles) {
        (_, differences)
            if !differences.is_empty() && own.len() >= AT_LEAST && own.len() < all.len() =>
        {
            learn_partly(&own, roles)
        }
        learnt => learnt,
    };
    of_learnt(learnt, compared, is_state)
}

/// What messages that the user shows prove, together with the few that were read.
async fn by_shown(
    session: &Session,
    seen: &[(String, Sample)],
    shown: &[ShownMessage],
    roles: &Roles,
    without: Proof,
) -> Result<Proof, Failure> {
    if shown.is_empty() {
        return Ok(without);
    }
    let (shown, useless) = shown::samples(session, shown).await?;
    if !useless.is_empty() {
        return Ok(Proof::Not(Doubt {
            differences: useless,
            ..Doubt::of_row(String::new())
        }));
    }
    let all = shown.iter().chain(seen);
    let all: Vec<Sample> = all.map(|(_, sample)| sample.clone()).collect();
    Ok(of_learnt(
        learn_partly(&all, roles),
        count(all.len()),
        false,
    ))
}

fn of_learnt((form, differences): (Form, Vec<String>), compared: u32, of_state: bool) -> Proof {
    if differences.is_empty() {
        return Proof::Proven(Arc::new(form));
    }
    let partly = (of_state && form.has_body()).then(|| Arc::new(form.without_care()));
    Proof::Not(Doubt {
        compared,
        differences,
        of_state,
        partly,
    })
}

fn none_seen(compared: u32, of_state: bool) -> Doubt {
    let row = if of_state { "row" } else { "sent row" };
    let seen = match compared {
        0 => format!("no {row} of this flow was seen together with its message"),
        1 => format!("only 1 {row} of this flow was seen together with its message"),
        n => format!("only {n} {row}s of this flow were seen together with their messages"),
    };
    Doubt {
        compared,
        differences: vec![format!("{seen}, and {AT_LEAST} are needed")],
        of_state,
        partly: None,
    }
}

/// What is told of a doubt, by which events are gathered.
type Told = (bool, bool, u32, Vec<String>);

/// Events that are not proven, gathered by what stands in the way.
#[derive(Debug, Default)]
pub(super) struct Doubts(BTreeMap<Told, Vec<EventId>>);

impl Doubts {
    pub(super) fn add(&mut self, doubt: &Doubt, event: EventId) {
        let told = (
            doubt.of_state,
            doubt.partly.is_some(),
            doubt.compared,
            doubt.differences.clone(),
        );
        self.0.entry(told).or_default().push(event);
    }

    /// As a plan shows them.
    pub(super) fn told(self, session: &Session, overridden: Option<&String>) -> Vec<Unproven> {
        let told = self.0.into_iter().map(|(doubt, events)| {
            let (reconstructed, partly, compared, differences) = doubt;
            Unproven {
                events,
                compared,
                differences,
                ways: match reconstructed {
                    true => ways_of_states(session, partly),
                    false => ways(session),
                },
                overridden: overridden.filter(|_| !reconstructed || partly).cloned(),
                reconstructed,
            }
        });
        told.collect()
    }
}

/// What can be done instead.
fn ways(session: &Session) -> Vec<String> {
    let database = &session.profile.database;
    let table = session.profile.outbox.as_ref().map_or("", |o| &o.table);
    let secret = database.secret.as_ref();
    let secret = secret.map_or_else(String::new, |name| format!(" --secret {name}"));
    vec![
        format!(
            "Through the service's own relay, which writes it as it should be: 'waybill layouts explain {table} --database {}{secret}' says how a row is put back, where the table is a library's",
            database.url
        ),
        "Look further back (--since), so that sent rows and their messages are read together"
            .to_owned(),
        "Show a message that a consumer received and whose row is in the window: --sample FILE, or sample in the flow of the profile"
            .to_owned(),
        format!(
            "Send it as it stands in the row all the same, if you know that its consumers take it so: --unproven-form 'REASON' --yes={}; the journal keeps the reason",
            session.profile.name
        ),
    ]
}

/// What can be done instead of making a message of a business row.
fn ways_of_states(session: &Session, partly: bool) -> Vec<String> {
    let mut ways = vec![
        "Let the service publish it again, which writes it as it should be".to_owned(),
        "Look further back (--since), so that more rows and their messages are read together"
            .to_owned(),
        "Say how it is written: template = { type = \"…\", body = '{\"id\": {column}, …}' } in the flow of the profile"
            .to_owned(),
    ];
    if partly {
        ways.push(format!(
            "Send what can be made of its row all the same, if you know that its consumers take it so: --unproven-form 'REASON' --yes={}; the journal keeps the reason",
            session.profile.name
        ));
    }
    ways
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Why an event is left out.
pub(super) fn refused(doubt: &Doubt) -> String {
    let who = if doubt.of_state { "service" } else { "relay" };
    format!(
        "it is not proven how its {who} makes a message of its row: {}",
        doubt.differences.join("; ")
    )
}
