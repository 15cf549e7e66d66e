//! What was found, as a profile.

use waybill_layouts::BrokerKind;
use waybill_model::{Access, BusinessTable, Carriers, Flow, GraceSettings, Profile, ScanSettings};
use waybill_protocol::{Code, Failure, ProfileProblem, Reasons};

use super::consumers::{Found, plain};
use super::destination::Goal;
use super::job::Job;
use super::matching::Matching;
use super::outbox::Outbox;
use super::text::written;
use super::{Proposed, Question};
use crate::Drivers;
use crate::profiles::checked;

/// What says what was stored.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) outbox: Option<&'a Outbox>,
    /// Business tables, each with why it is one.
    pub(super) business: Vec<(BusinessTable, Vec<String>)>,
}

impl<'a> Stored<'a> {
    /// By an outbox.
    pub(super) fn of(outbox: &'a Outbox) -> Self {
        Self {
            outbox: Some(outbox),
            business: Vec::new(),
        }
    }
}

impl Job<'_> {
    /// `matching`: by what the messages of each goal are matched.
    pub(super) fn written(
        &self,
        stored: &Stored<'_>,
        goals: &[Goal],
        matching: &[Matching],
        found: Vec<Vec<Found>>,
        questions: Vec<Question>,
        drivers: &Drivers,
    ) -> Result<Proposed, Failure> {
        let outbox = stored.outbox;
        let (business, why_business) = stored.business.iter().cloned().unzip();
        let of_outbox = outbox.map(|it| it.why.iter().chain(&it.limits).cloned().collect());
        let mut why = Reasons {
            outbox: of_outbox.unwrap_or_default(),
            business: why_business,
            rest: self.rest.clone(),
            ..Reasons::default()
        };
        let mut flows = Vec::new();
        let of_goals = goals.iter().zip(matching).zip(found);
        for (nth, ((goal, matching), found)) in of_goals.enumerate() {
            let counting = matching.counting.get(nth).cloned().unwrap_or_default();
            let mut flow = Flow {
                routing_key: outbox.and_then(|outbox| self.routing_key(outbox)),
                ..self.flow(goal, &matching.carriers)
            };
            let mut reasons = vec![format!("To {}: {}", goal.name, goal.why)];
            reasons.extend(matching.why.clone());
            reasons.extend(counting.why);
            reasons.extend(self.history(goal, flow.audit_stream.is_some()));
            why.flows.push(reasons);
            let found = found.into_iter().map(|it| (it.consumer, it.why));
            let (consumers, reasons): (Vec<_>, Vec<_>) = found.unzip();
            why.consumers.push(reasons);
            (flow.only, flow.consumers) = (counting.only, consumers);
            flows.push(flow);
        }
        let profile = Profile {
            name: self.name(),
            environment: self.asked.environment,
            access: Access::ReadOnly,
            database: self.asked.database.clone(),
            databases: self.asked.databases.clone(),
            broker: self.asked.broker.clone(),
            outbox: outbox.map(|outbox| outbox.settings.clone()),
            business,
            flows,
            grace: GraceSettings::default(),
            scan: ScanSettings::default(),
            masks: Vec::new(),
        };
        let toml = written(&profile, &why);
        let profile = checked(&toml, drivers).map_err(|problems| unusable(&problems))?;
        Ok(Proposed {
            profile,
            why,
            toml,
            questions,
        })
    }

    /// A flow to a destination, without consumers.
    fn flow(&self, goal: &Goal, carriers: &Carriers) -> Flow {
        let stream = goal.readable.clone();
        Flow {
            name: goal.name.clone(),
            destination: goal.name.clone(),
            audit_stream: stream.filter(|_| self.kind == BrokerKind::RabbitMq),
            routing_key: None,
            carriers: carriers.clone(),
            only: Default::default(),
            compare: None,
            samples: Vec::new(),
            template: None,
            consumers: Vec::new(),
        }
    }

    fn history(&self, goal: &Goal, has_stream: bool) -> Option<String> {
        let lacks = self.kind == BrokerKind::RabbitMq && !has_stream;
        lacks.then(|| {
            format!(
                "No stream is bound to {}, so publication is only seen from the moment Waybill listens; name one as audit-stream.",
                goal.name
            )
        })
    }

    /// The library's own routing key, in the words of a profile.
    fn routing_key(&self, outbox: &Outbox) -> Option<String> {
        let rule = outbox.layout?.on(self.kind)?.routing_key.as_deref()?;
        let column = rule.strip_prefix('{')?.strip_suffix('}')?;
        let column = outbox.table.column(column)?;
        (outbox.settings.kind.as_ref() == Some(&column.name)).then(|| "{type}".to_owned())
    }

    fn name(&self) -> String {
        let from_url = || {
            let url = self
                .asked
                .database
                .url
                .split('?')
                .next()
                .unwrap_or_default();
            let last = url.rsplit(['/', ':', '\\']).next().unwrap_or_default();
            plain(last.strip_suffix(".db").unwrap_or(last))
        };
        self.asked.name.clone().unwrap_or_else(from_url)
    }
}

/// A bug of ours, or of an answer; whoever sees it can still say what it should be.
fn unusable(problems: &[ProfileProblem]) -> Failure {
    let lines = problems
        .iter()
        .map(|p| format!("line {}: {}", p.line, p.message));
    let lines: Vec<String> = lines.collect();
    Failure::new(Code::BadProfile, "The proposed profile cannot be used.")
        .detail(lines.join("\n"))
        .hint("Correct it by hand: outbox, columns, destination and name can each be given.")
}
