//! Whose a table is, why, what it means in a profile and what to know before acting on it.

use serde::Serialize;
use waybill_engine::tables::Tables;
use waybill_layouts::{
    BrokerKind, Candidate, Confidence, Explanation, FoundTable, Mapped, NearMiss, Proposal, Reason,
    TableRole, Unmappable, Verdict,
};

use super::known::role;
use super::ways_back;
use crate::output;

/// One table, for scripts.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainedDocument {
    table: String,
    /// `recognised`, `hand-made` or `nothing`.
    verdict: &'static str,
    candidates: Vec<CandidateDocument>,
    proposal: Option<ProposalDocument>,
    near: Vec<NearDocument>,
    /// What it is in a profile, as TOML.
    profile: Option<String>,
    /// What the profile cannot say, or why there is none.
    limits: Vec<String>,
    /// Columns that our user may not read.
    unreadable: Vec<String>,
    requeue: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CandidateDocument {
    layout: &'static str,
    table: &'static str,
    role: &'static str,
    version: Option<String>,
    confidence: &'static str,
    speaks_for: Vec<String>,
    speaks_against: Vec<String>,
    missing: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ProposalDocument {
    role: &'static str,
    confidence: &'static str,
    columns: Vec<(String, String)>,
    questions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct NearDocument {
    layout: &'static str,
    table: &'static str,
    lacks: Vec<String>,
    must_not_have: Vec<String>,
}

pub(crate) fn document(
    table: &FoundTable,
    explanation: &Explanation,
    tables: &Tables,
) -> ExplainedDocument {
    let (verdict, proposal) = match &explanation.verdict {
        Verdict::Recognised => ("recognised", None),
        Verdict::HandMade(proposal) => ("hand-made", Some(proposal.as_ref())),
        Verdict::Nothing => ("nothing", None),
    };
    let (profile, limits) = match in_profile(table, explanation) {
        Some(Ok(mapped)) => (Some(mapped.settings), mapped.limits),
        Some(Err(Unmappable(why))) => (None, vec![why]),
        None => (None, Vec::new()),
    };
    let recognised = explanation.recognised();
    ExplainedDocument {
        table: explanation.table.clone(),
        verdict,
        candidates: explanation.candidates.iter().map(of_candidate).collect(),
        proposal: proposal.map(of_proposal),
        near: explanation.near.iter().map(of_near).collect(),
        profile,
        limits,
        unreadable: tables.unreadable(table).to_vec(),
        requeue: recognised.map_or_else(Vec::new, |first| ways_back::lines(first, table, tables)),
    }
}

fn of_candidate(candidate: &Candidate) -> CandidateDocument {
    let mut document = CandidateDocument {
        layout: &candidate.layout.name,
        table: &candidate.table.id,
        role: role(candidate.role),
        version: candidate.version.clone(),
        confidence: confidence(candidate.confidence),
        speaks_for: Vec::new(),
        speaks_against: Vec::new(),
        missing: Vec::new(),
    };
    for reason in &candidate.reasons {
        match reason {
            Reason::For(text) => document.speaks_for.push(text.clone()),
            Reason::Against(text) => document.speaks_against.push(text.clone()),
            Reason::Missing(text) => document.missing.push(text.clone()),
        }
    }
    document
}

fn of_proposal(proposal: &Proposal) -> ProposalDocument {
    let columns = proposal.guesses.iter();
    ProposalDocument {
        role: role(proposal.role),
        confidence: confidence(proposal.confidence),
        columns: columns
            .map(|guess| (guess.role.to_string(), guess.column.clone()))
            .collect(),
        questions: proposal
            .questions
            .iter()
            .map(|question| question.text.clone())
            .collect(),
    }
}

fn of_near(miss: &NearMiss) -> NearDocument {
    NearDocument {
        layout: &miss.layout.name,
        table: &miss.table.id,
        lacks: miss.lacking.clone(),
        must_not_have: miss.excess.clone(),
    }
}

/// Prints it for a person: the verdict first, then why, then what to do with it.
pub(crate) fn text(table: &FoundTable, explanation: &Explanation, tables: &Tables) {
    let name = &explanation.table;
    match &explanation.verdict {
        Verdict::Recognised => {}
        Verdict::HandMade(proposal) => hand_made(name, proposal),
        Verdict::Nothing => output::line(&format!(
            "{name} is nobody's outbox or inbox that Waybill knows."
        )),
    }
    if let Some(first) = explanation.recognised() {
        output::line(&format!(
            "{name} is the {} of {}: {}.",
            role(first.role),
            first.layout.title,
            confidence(first.confidence)
        ));
        output::line(&format!("  {}", first.table.row));
        output::line(&format!("  {}", first.layout.relay));
    }
    section(
        "Columns that our user may not read",
        tables.unreadable(table),
    );
    candidates(explanation);
    if explanation.recognised().is_none() {
        near(explanation);
    }
    profile(table, explanation);
    if let Some(first) = explanation.recognised() {
        carriers(first);
        section("Sending again", &ways_back::lines(first, table, tables));
        section("To know", &first.layout.dangers);
        section(
            "If one cannot be sent",
            std::slice::from_ref(&first.layout.head_of_line.rule),
        );
        section("Read from", &first.layout.sources);
    }
}

fn hand_made(name: &str, proposal: &Proposal) {
    output::line(&format!(
        "{name} is no library's that Waybill knows; it looks like somebody's own {}: {}.",
        role(proposal.role),
        confidence(proposal.confidence)
    ));
    section("Why", &proposal.reasons);
    let questions = proposal
        .questions
        .iter()
        .map(|question| match question.choices.as_slice() {
            [] => question.text.clone(),
            choices => format!("{} ({})", question.text, choices.join(", ")),
        });
    section("To be asked", &questions.collect::<Vec<_>>());
}

fn candidates(explanation: &Explanation) {
    for candidate in &explanation.candidates {
        output::line("");
        output::line(&format!(
            "{} ({}): {}",
            candidate.layout.title,
            candidate.table.id,
            confidence(candidate.confidence)
        ));
        for reason in &candidate.reasons {
            let (sign, text) = match reason {
                Reason::For(text) => ('+', text),
                Reason::Against(text) => ('-', text),
                Reason::Missing(text) => ('?', text),
            };
            output::line(&format!("  {sign} {text}"));
        }
    }
}

fn near(explanation: &Explanation) {
    let lines = explanation.near.iter().map(|miss| {
        let mut why = Vec::new();
        if !miss.lacking.is_empty() {
            why.push(format!("lacks {}", miss.lacking.join(", ")));
        }
        if !miss.excess.is_empty() {
            why.push(format!("has {}", miss.excess.join(", ")));
        }
        format!(
            "{} ({}): {}",
            miss.layout.title,
            miss.table.id,
            why.join("; ")
        )
    });
    section("Comes near to", &lines.collect::<Vec<_>>());
}

fn profile(table: &FoundTable, explanation: &Explanation) {
    match in_profile(table, explanation) {
        Some(Ok(mapped)) => {
            let mut lines: Vec<String> = mapped.settings.lines().map(str::to_owned).collect();
            lines.extend(mapped.limits.iter().map(|limit| format!("# {limit}")));
            section("In a profile", &lines);
        }
        Some(Err(Unmappable(why))) => section("Not in a profile", &[why]),
        None => {}
    }
}

fn carriers(candidate: &Candidate) {
    if !matches!(
        candidate.role,
        TableRole::Outbox | TableRole::EventStore | TableRole::OutboxAndInbox
    ) {
        return;
    }
    let mut lines = Vec::new();
    for (name, broker) in [
        ("Kafka", BrokerKind::Kafka),
        ("RabbitMQ", BrokerKind::RabbitMq),
    ] {
        let Some(on) = candidate.layout.on(broker) else {
            continue;
        };
        if let Some(destination) = &on.destination {
            lines.push(format!("{name}: to {destination}"));
        }
        let ids = candidate.layout.carriers(broker).id;
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let general = if on.id.is_empty() {
            " (it sends none itself)"
        } else {
            ""
        };
        lines.push(format!("{name}: id in {}{general}", ids.join(", ")));
        lines.extend(on.note.iter().map(|note| format!("{name}: {note}")));
    }
    section("On the broker", &lines);
}

/// What the table is in a profile, as TOML; `None` where it has no place in one.
fn in_profile(
    table: &FoundTable,
    explanation: &Explanation,
) -> Option<Result<Mapped<String>, Unmappable>> {
    let is_inbox = |role: TableRole| role == TableRole::Inbox;
    match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) if is_inbox(proposal.role) => Some(
            proposal
                .inbox_settings(table, None)
                .map(|mapped| written(&mapped, "inbox")),
        ),
        (Verdict::HandMade(proposal), _) => Some(
            proposal
                .outbox_settings(table)
                .map(|mapped| written(&mapped, "outbox")),
        ),
        (_, Some(first)) if is_inbox(first.role) => Some(
            first
                .inbox_settings(table, None)
                .map(|mapped| written(&mapped, "inbox")),
        ),
        (_, Some(first)) if first.table.published.is_some() && first.role != TableRole::History => {
            Some(
                first
                    .outbox_settings(table)
                    .map(|mapped| written(&mapped, "outbox")),
            )
        }
        _ => None,
    }
}

fn written<T: Serialize>(mapped: &Mapped<T>, section: &str) -> Mapped<String> {
    let settings = toml::to_string(&mapped.settings).unwrap_or_default();
    Mapped {
        settings: format!("[{section}]\n{settings}"),
        limits: mapped.limits.clone(),
    }
}

fn section<T: AsRef<str>>(title: &str, lines: &[T]) {
    if lines.is_empty() {
        return;
    }
    output::line("");
    output::line(title);
    for line in lines {
        output::line(&format!("  {}", line.as_ref()));
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}
