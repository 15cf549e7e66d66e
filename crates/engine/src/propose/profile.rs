//! What was found, as a profile.

use waybill_layouts::BrokerKind;
use waybill_model::{Access, Flow, GraceSettings, Profile, ScanSettings};
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

impl Job<'_> {
    pub(super) fn written(
        &self,
        outbox: &Outbox,
        goals: &[Goal],
        matching: &Matching,
        found: Vec<Vec<Found>>,
        questions: Vec<Question>,
        drivers: &Drivers,
    ) -> Result<Proposed, Failure> {
        let mut why = Reasons {
            outbox: outbox.why.iter().chain(&outbox.limits).cloned().collect(),
            rest: self.rest.clone(),
            ..Reasons::default()
        };
        let mut flows = Vec::new();
        for (nth, (goal, found)) in goals.iter().zip(found).enumerate() {
            let mut reasons = vec![format!("To {}: {}", goal.name, goal.why)];
            reasons.extend(matching.why.clone());
            let counting = matching.counting.get(nth).cloned().unwrap_or_default();
            reasons.extend(counting.why);
            let stream = goal
                .readable
                .clone()
                .filter(|_| self.kind == BrokerKind::RabbitMq);
            reasons.extend(self.history(goal, stream.is_some()));
            why.flows.push(reasons);
            let (consumers, reasons): (Vec<_>, Vec<_>) = found
                .into_iter()
                .map(|found| (found.consumer, found.why))
                .unzip();
            why.consumers.push(reasons);
            flows.push(Flow {
                name: goal.name.clone(),
                destination: goal.name.clone(),
                audit_stream: stream,
                routing_key: self.routing_key(outbox),
                carriers: matching.carriers.clone(),
                only: counting.only,
                compare: None,
                samples: Vec::new(),
                template: None,
                consumers,
            });
        }
        let profile = Profile {
            name: self.name(),
            environment: self.asked.environment,
            access: Access::ReadOnly,
            database: self.asked.database.clone(),
            databases: self.asked.databases.clone(),
            broker: self.asked.broker.clone(),
            outbox: Some(outbox.settings.clone()),
            business: Vec::new(),
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
