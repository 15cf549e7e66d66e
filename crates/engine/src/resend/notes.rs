//! What the user should know before confirming: who receives it, and what could surprise.

use std::collections::BTreeMap;

use waybill_model::{
    BodySource, ConsumerVerdict, Coordinate, Copy, LagReason, Mode, Plan, PublishVerdict,
    Recipient, Route, StuckReason, UnknownReason, Warning,
};

use super::letter::stripped;
use super::plan::Candidate;
use super::runs::Item;
use crate::session::Session;

/// Routes that are asked about; the rest reaches the same queues.
const MAX_ROUTES: usize = 20;

/// Everything to know first.
pub(super) fn warnings(
    session: &Session,
    mode: &Mode,
    items: &[Item],
    candidates: &[Candidate],
    heads: &BTreeMap<Coordinate, Copy>,
) -> Vec<Warning> {
    let mut warnings = newer(items, candidates);
    warnings.extend(processed(session, mode, items, candidates));
    let rebuilt = items
        .iter()
        .filter(|i| matches!(i.planned.body, BodySource::Reconstructed { .. }));
    let rebuilt = count(rebuilt.count());
    if rebuilt > 0 {
        warnings.push(Warning::Reconstructed { events: rebuilt });
    }
    let names = stripped_names(items, heads);
    if !names.is_empty() {
        warnings.push(Warning::Stripped { names });
    }
    warnings.extend(
        said(session, mode, items, candidates)
            .into_iter()
            .chain(of_headers(items, heads))
            .map(|text| Warning::Note { text }),
    );
    warnings
}

/// Who receives it: the expected consumers, and whoever else the broker knows.
pub(super) async fn recipients(
    session: &Session,
    plan: &Plan,
    candidates: &[Candidate],
) -> Vec<Recipient> {
    let one = session.consumer_of(&plan.mode);
    let flows: Vec<usize> = candidates.iter().map(|c| c.choice.flow).collect();
    let mut found: Vec<Recipient> = Vec::new();
    let mut own_names: Vec<String> = Vec::new();
    for (no, consumer) in session.layout.consumers.iter().enumerate() {
        let expected = session
            .profile
            .consumers()
            .nth(no)
            .map(|(_, consumer)| consumer);
        let names = expected
            .into_iter()
            .flat_map(|c| c.queue.iter().chain(&c.group));
        own_names.extend(names.cloned());
        let addressed = one.map_or(flows.contains(&consumer.flow), |one| {
            usize::from(one.0) == no
        });
        if addressed {
            let has = |c: &&Candidate| {
                c.row
                    .consumers
                    .get(no)
                    .is_some_and(|cell| cell.verdict == ConsumerVerdict::Processed)
            };
            let planned = candidates
                .iter()
                .filter(|c| plan.events.iter().any(|e| e.no == c.row.no));
            found.push(Recipient {
                name: consumer.name.clone(),
                already_processed: count(planned.filter(has).count()),
                expected: true,
            });
        }
    }
    for name in reached(session, plan).await {
        if !own_names.contains(&name) && !found.iter().any(|r| r.name == name) {
            found.push(Recipient {
                name,
                already_processed: 0,
                expected: false,
            });
        }
    }
    found
}

/// What the broker says about who is behind the routes; nothing when it may not be asked.
async fn reached(session: &Session, plan: &Plan) -> Vec<String> {
    let Ok(operator) = super::operator(session) else {
        return Vec::new();
    };
    let mut routes: Vec<&Route> = Vec::new();
    for event in &plan.events {
        if !routes.iter().any(|route| same_address(route, &event.route)) {
            routes.push(&event.route);
        }
    }
    let mut names: Vec<String> = Vec::new();
    for route in routes.into_iter().take(MAX_ROUTES) {
        // What is not known here is said by the dry run, with its reason.
        if let Ok(check) = operator.check(route, 0).await {
            names.extend(check.reaches);
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Whether two routes lead to the same receivers: keys and partitions do not matter for that.
pub(super) fn same_address(one: &Route, other: &Route) -> bool {
    one.destination == other.destination && one.routing_key == other.routing_key
}

fn newer(items: &[Item], candidates: &[Candidate]) -> Vec<Warning> {
    let mut of_aggregate: BTreeMap<&str, u32> = BTreeMap::new();
    let planned = candidates
        .iter()
        .filter(|c| items.iter().any(|i| i.planned.no == c.row.no));
    for candidate in planned.filter(|c| c.choice.newer > 0) {
        let most = of_aggregate.entry(&candidate.row.aggregate).or_default();
        *most = (*most).max(candidate.choice.newer);
    }
    let warning = |(aggregate, newer): (&str, u32)| Warning::NewerPublished {
        aggregate: aggregate.to_owned(),
        newer,
    };
    of_aggregate.into_iter().map(warning).collect()
}

fn processed(
    session: &Session,
    mode: &Mode,
    items: &[Item],
    candidates: &[Candidate],
) -> Vec<Warning> {
    if *mode != Mode::Everyone {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (no, consumer) in session.layout.consumers.iter().enumerate() {
        let has = |c: &&Candidate| {
            let planned = items.iter().any(|i| i.planned.no == c.row.no);
            let verdict = c.row.consumers.get(no).map(|cell| &cell.verdict);
            planned && verdict == Some(&ConsumerVerdict::Processed)
        };
        let events = count(candidates.iter().filter(has).count());
        if events > 0 {
            warnings.push(Warning::AlreadyProcessed {
                consumer: consumer.name.clone(),
                events,
            });
        }
    }
    warnings
}

fn stripped_names(items: &[Item], heads: &BTreeMap<Coordinate, Copy>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in items {
        if let BodySource::Copy { coordinate } = &item.planned.body
            && let Some(copy) = heads.get(coordinate)
        {
            names.extend(stripped(copy.clone()).stripped);
        }
        if let Some(form) = &item.form {
            names.extend_from_slice(form.left_out());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// What brokers and consumers do with a message because of what it carries.
fn of_headers(items: &[Item], heads: &BTreeMap<Coordinate, Copy>) -> Vec<String> {
    let copies: Vec<&Copy> = items
        .iter()
        .filter_map(|item| match &item.planned.body {
            BodySource::Copy { coordinate } => heads.get(coordinate),
            BodySource::OutboxRow { .. } | BodySource::Reconstructed { .. } => None,
        })
        .collect();
    let header = |name: &str| {
        copies
            .iter()
            .any(|copy| copy.headers.iter().any(|(n, _)| n == name))
    };
    let is_reply_to = |name: &str| name.replace('_', "-") == "reply-to";
    let mut said = Vec::new();
    if header("x-deduplication-header") {
        said.push(
            "Some carry x-deduplication-header: a broker that remembers them drops the resend"
                .to_owned(),
        );
    }
    if header("x-delay") {
        said.push("Some carry x-delay: they are delivered only after that delay".to_owned());
    }
    if copies
        .iter()
        .any(|copy| copy.properties.iter().any(|(name, _)| is_reply_to(name)))
    {
        said.push(
            "Some carry reply-to: whoever processes them may answer a question that is long over"
                .to_owned(),
        );
    }
    said
}

/// Warnings that are sentences.
fn said(session: &Session, mode: &Mode, items: &[Item], candidates: &[Candidate]) -> Vec<String> {
    let mut said = Vec::new();
    let again = items.iter().filter(|item| item.planned.attempt > 1).count();
    if again > 0 {
        said.push(format!("{} resent before", were(again)));
    }
    said.extend(made_anew(items));
    said.extend(may_come_twice(session, items, candidates));
    said.extend(may_be_skipped(session, mode, items, candidates));
    if let Mode::OneConsumer { consumer } = mode {
        said.push(format!(
            "{consumer} receives these directly from its queue: exchange and routing key are not the original ones"
        ));
    }
    let unobserved = session.layout.places.iter().any(|planned| {
        planned.place.role == waybill_model::PlaceRole::Destination && crate::scan::is_tap(planned)
    });
    if unobserved && *mode == Mode::Everyone {
        said.push("Nothing keeps a history of this exchange, so arrival can be seen only while Waybill listens".to_owned());
    }
    said
}

/// What a message says that was not kept and is made anew: ids that the service makes up, and the
/// time of sending.
fn made_anew(items: &[Item]) -> Vec<String> {
    let (mut ids, mut times) = (BTreeMap::new(), BTreeMap::new());
    for form in items.iter().filter_map(|item| item.form.as_ref()) {
        for part in form.made_up() {
            *ids.entry(part).or_insert(0) += 1;
        }
        for part in form.times_of_sending() {
            *times.entry(part).or_insert(0) += 1;
        }
    }
    let ids = ids.into_iter().map(|(part, n): (String, usize)| {
        format!("{n} get a new id in {part}: the service makes one up for each message, and nobody knows theirs")
    });
    let times = times.into_iter().map(|(part, n): (String, usize)| {
        format!("{n} tell the time of this resend in {part}, where others tell when they were sent")
    });
    ids.chain(times).collect()
}

/// What somebody else may still publish (rows that wait, transactions that hang), or may have
/// published without having noted it.
fn may_come_twice(session: &Session, items: &[Item], candidates: &[Candidate]) -> Vec<String> {
    let planned = |c: &&Candidate| items.iter().any(|i| i.planned.no == c.row.no);
    let (mut waiting, mut hanging) = (0, 0);
    let mut doubts: BTreeMap<UnknownReason, usize> = BTreeMap::new();
    let book = session.book();
    for candidate in candidates.iter().filter(planned) {
        match candidate.row.verdict.publish {
            PublishVerdict::Stuck(StuckReason::OpenTransaction) => hanging += 1,
            PublishVerdict::Stuck(_) => {
                waiting += 1;
                if let Some(reason) = book.index.copy_doubt(candidate.row.no) {
                    *doubts.entry(reason).or_default() += 1;
                }
            }
            PublishVerdict::NotChecked(_)
            | PublishVerdict::Phantom
            | PublishVerdict::Published
            | PublishVerdict::Unroutable
            | PublishVerdict::InOpenTransaction
            | PublishVerdict::MissingOutboxRow
            | PublishVerdict::Pending
            | PublishVerdict::LostInPublish
            | PublishVerdict::Unknown(_) => {}
        }
    }
    drop(book);
    let mut said = Vec::new();
    for (reason, events) in doubts {
        said.push(format!(
            "Nobody can say that no copy of {events} of these is out: {}. If the relay published them and died before it noted that, everybody receives them twice",
            reason.clause()
        ));
    }
    if waiting > 0 {
        said.push(format!(
            "{waiting} of these still wait in the outbox. When the relay works again it publishes them too, and everybody receives them twice"
        ));
    }
    if hanging > 0 {
        said.push(format!(
            "{hanging} of these lie in a broker transaction that is still open. Should it be committed, everybody receives them twice; end it first, with kafka-transactions.sh find-hanging and abort"
        ));
    }
    said
}

/// Who has rows of these in its inbox that are not processed, and goes by that it has them.
fn may_be_skipped(
    session: &Session,
    mode: &Mode,
    items: &[Item],
    candidates: &[Candidate],
) -> Vec<String> {
    let one = session.consumer_of(mode);
    let consumers = (0_u8..).zip(&session.layout.consumers);
    let addressed = consumers.filter(|(no, _)| one.is_none_or(|one| one.0 == *no));
    addressed
        .filter_map(|(no, consumer)| {
            let holds = |c: &&Candidate| {
                let planned = items.iter().any(|i| i.planned.no == c.row.no);
                let cell = c.row.consumers.get(usize::from(no));
                planned && cell.is_some_and(|cell| is_held(&cell.verdict))
            };
            let events = candidates.iter().filter(holds).count();
            (events > 0).then(|| {
                format!(
                    "{events} of these stand in the inbox of {} as failed or waiting. It may skip what comes again under the same id; its own way to try those rows again is the safer one",
                    consumer.name
                )
            })
        })
        .collect()
}

fn is_held(verdict: &ConsumerVerdict) -> bool {
    let waits = ConsumerVerdict::Lagging(LagReason::Unprocessed);
    *verdict == ConsumerVerdict::Failed || *verdict == waits
}

fn were(n: usize) -> String {
    if n == 1 {
        "1 of these was".to_owned()
    } else {
        format!("{n} of these were")
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
