//! Which table is the outbox, and what its columns are.

use waybill_layouts::{
    Confidence, Explanation, FoundTable, Layout, Mapped, Proposal, Publication, Role, TableRole,
    Unmappable, Verdict, find_table,
};
use waybill_model::{InColumn, OutboxSettings, RolePlace};
use waybill_protocol::{Code, Failure};

use super::roles::{lacking, set, unknown};
use super::{Asked, Question, Subject, envelope};
use crate::tables::Tables;

/// The outbox of a profile.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    pub(super) table: FoundTable,
    pub(super) settings: OutboxSettings,
    /// Whose it is.
    pub(super) layout: Option<&'static Layout>,
    /// The column, or place inside of one, that says where an event goes …
    pub(super) destination: Option<String>,
    /// … and, hand-made, the column whose values nobody has explained.
    pub(super) open_status: Option<String>,
    /// Its id was set by hand, and is not looked for elsewhere.
    pub(super) is_settled_id: bool,
    /// So was its zone.
    pub(super) is_settled_zone: bool,
    /// Its library may delete a row in the transaction that inserts it: only messages show whether
    /// it does.
    pub(super) may_delete_at_once: bool,
    /// Why it is this one.
    pub(super) why: Vec<String>,
    /// What the profile cannot say.
    pub(super) limits: Vec<String>,
    pub(super) questions: Vec<Question>,
}

/// The table that was asked for, else the first of those that are recognised.
pub(super) fn choose(tables: &Tables, asked: &Asked) -> Result<Outbox, Failure> {
    let mut outbox = match &asked.outbox {
        Some(name) => named(tables, name, &asked.database.url)?,
        None => recognised(&tables.of_address(&asked.database.url))?,
    };
    let is_unmapped = outbox.settings == unknown(&outbox.table);
    outbox.find_dead_letters(tables);
    outbox.leave_out(tables.unreadable(&outbox.table));
    for (role, value) in &asked.roles {
        set(&mut outbox.settings, &outbox.table, role, value)?;
        outbox.why.push(format!("{role} was set by hand."));
    }
    outbox.is_settled_id = asked.roles.contains_key("id");
    outbox.is_settled_zone = asked.roles.contains_key("zone");
    outbox.may_delete_at_once &= !asked.roles.contains_key("deletes-after-send");
    if asked.roles.contains_key("sent-states") && outbox.settings.status.is_none() {
        outbox.settings.status = outbox.open_status.take();
    }
    if outbox.settings.status.is_some() {
        outbox.open_status = None;
    }
    let mut lacking = lacking(&outbox.settings);
    // Nothing is known of its columns, so that none holds a time has to be said.
    if is_unmapped && !asked.roles.contains_key("created-at") {
        lacking.push("created-at");
    }
    if lacking.is_empty() {
        outbox.questions.retain(|q| !asked.is_settled(&q.about));
        return Ok(outbox);
    }
    let told = format!(
        "{} is no outbox that Waybill knows, and nothing says which column is its {}.",
        outbox.settings.table,
        lacking.join(" or its ")
    );
    let columns = lacking.iter().map(|role| match *role {
        "created-at" => {
            "--column created-at=… (empty where none holds the time of a row)".to_owned()
        }
        role => format!("--column {role}=…"),
    });
    Err(Failure::new(Code::NoOutbox, told).hint(format!(
        "Name them: {}. `waybill layouts explain {}` says what was looked for.",
        columns.collect::<Vec<_>>().join(" "),
        outbox.table.name
    )))
}

impl Outbox {
    /// Takes back the roles of columns that our user may not read, and says what that costs.
    fn leave_out(&mut self, unreadable: &[String]) {
        let mut roles = Vec::new();
        for role in OutboxSettings::ROLES {
            let Some(place) = self.settings.role_mut(role) else {
                continue;
            };
            let column = match &place {
                RolePlace::Needed(column) => Some((*column).clone()),
                RolePlace::Optional(column) => (*column).clone(),
                RolePlace::Word(_) | RolePlace::States(_) | RolePlace::Flag(_) => None,
            };
            let Some(column) = column else { continue };
            if unreadable
                .iter()
                .any(|name| name == InColumn::of(&column).column)
            {
                place.set("");
                roles.push((role, column));
            }
        }
        let is_out = |column: &mut String| unreadable.contains(column);
        self.destination.take_if(is_out);
        self.open_status.take_if(is_out);
        if self.settings.status.is_none() {
            self.settings.sent_states.clear();
            self.settings.failed_states.clear();
        }
        let table = &self.settings.table;
        for (role, column) in roles {
            self.limits.push(format!(
                "{role} would be {column}, which we may not read, so it is left out: GRANT SELECT ({column}) ON {table} gives it back."
            ));
        }
    }
}

fn named(tables: &Tables, name: &str, url: &str) -> Result<Outbox, Failure> {
    let table = tables.find(name, url).map_err(|none| match none.alike.as_slice() {
        [] => Failure::new(Code::BadProfile, format!("There is no table '{name}'.")).hint(
            "Name one that is there; `waybill layouts explain TABLE --database URL` says what it is.",
        ),
        alike => Failure::new(
            Code::BadProfile,
            format!("Several tables are called '{name}'."),
        )
        .hint(format!("Write one of them out: {}.", alike.join(", "))),
    })?;
    let explanation = tables.explain(table);
    match mapped(&explanation, table) {
        Some(Ok(mapped)) => Ok(of(&explanation, table, mapped)),
        other => Ok(Outbox {
            why: vec![format!("{name} was named by hand.")],
            limits: other
                .and_then(Result::err)
                .into_iter()
                .map(|Unmappable(why)| why)
                .collect(),
            ..Outbox::bare(table.clone(), unknown(table))
        }),
    }
}

fn recognised(tables: &Tables) -> Result<Outbox, Failure> {
    let mut whynot = Vec::new();
    let mut found: Vec<(Explanation, &FoundTable, Mapped<OutboxSettings>)> = Vec::new();
    for explanation in tables.recognised() {
        let Ok(table) = find_table(&tables.tables, &explanation.table) else {
            continue;
        };
        match mapped(&explanation, table) {
            Some(Ok(mapped)) => found.push((explanation, table, mapped)),
            Some(Err(Unmappable(why))) => whynot.push(format!("{}: {why}", explanation.table)),
            None => {}
        }
    }
    let Some(best) = found.first().map(|(first, ..)| rank(first)) else {
        return Err(nothing(tables, &whynot));
    };
    // Of equals, one that is used.
    let first = found
        .iter()
        .position(|(e, table, _)| rank(e) == best && !table.rows.is_empty());
    let (explanation, table, mapped) = found.swap_remove(first.unwrap_or(0));
    let mut outbox = of(&explanation, table, mapped);
    let others = found.iter().filter(|(other, ..)| rank(other) == best);
    let others: Vec<String> = others.map(|(other, ..)| other.table.clone()).collect();
    let is_guess = is_only_possible(&explanation);
    if !others.is_empty() || is_guess {
        let choices = std::iter::once(explanation.table.clone()).chain(others);
        let text = match is_guess {
            true => "Nothing but its columns says that it is one. Which table is the outbox?",
            false => "Which table is the outbox?",
        };
        let which = Question {
            about: Subject::Outbox,
            text: text.to_owned(),
            choices: choices.collect(),
            default: explanation.table.clone(),
            must_be_answered: is_guess,
        };
        // The others are about the one that was taken.
        outbox.questions.insert(0, which);
    }
    Ok(outbox)
}

/// Somebody's own that could be anything: business tables have such columns, too.
fn is_only_possible(explanation: &Explanation) -> bool {
    match &explanation.verdict {
        Verdict::HandMade(proposal) => proposal.confidence == Confidence::Possible,
        Verdict::Recognised | Verdict::Nothing => false,
    }
}

impl Outbox {
    /// A table that is read so, and nothing else known of it.
    pub(super) fn bare(table: FoundTable, settings: OutboxSettings) -> Self {
        Self {
            table,
            settings,
            layout: None,
            destination: None,
            open_status: None,
            is_settled_id: false,
            is_settled_zone: false,
            may_delete_at_once: false,
            why: Vec::new(),
            limits: Vec::new(),
            questions: Vec::new(),
        }
    }

    /// Where nothing says that a row was sent, nor when it was written, and most messages have no
    /// row any more: rows are deleted, even if some are there now.
    pub(super) fn settle_deleting(&mut self, (n, n_kept): (usize, usize)) {
        let settings = &mut self.settings;
        let tells = settings.sent_at.is_some() || settings.status.is_some();
        if tells || settings.created_at.is_some() || settings.deletes_after_send {
            return;
        }
        if n_kept * 2 < n {
            settings.deletes_after_send = true;
            self.why.push(format!(
                "Of {n} messages {n_kept} have their row still: rows are deleted once they are sent."
            ));
        }
    }

    /// That messages carry the ids of its rows bears out that it is the outbox; numbers, which
    /// other tables count, too, do not.
    pub(super) fn bear_out(&mut self, ids: &[String]) {
        const ENOUGH: usize = 3;
        let is_number = |id: &&String| id.parse::<i64>().is_ok();
        if ids.len() < ENOUGH || ids.iter().any(|id| is_number(&id)) {
            return;
        }
        for question in &mut self.questions {
            if question.about == Subject::Outbox && question.must_be_answered {
                question.must_be_answered = false;
                self.why
                    .push("Messages carry the ids of its rows.".to_owned());
            }
        }
    }
}

/// Two of the same rank are equally likely to be meant.
fn rank(explanation: &Explanation) -> (bool, TableRole, Confidence) {
    match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) => (true, proposal.role, proposal.confidence),
        (_, Some(first)) => (false, first.role, first.confidence),
        _ => (true, TableRole::History, Confidence::Possible),
    }
}

/// What the table is as an outbox; `None` when nobody would take it for one.
fn mapped(
    explanation: &Explanation,
    table: &FoundTable,
) -> Option<Result<Mapped<OutboxSettings>, Unmappable>> {
    match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) if proposal.role == TableRole::Outbox => {
            Some(proposal.outbox_settings(table))
        }
        (_, Some(first)) if first.table.published.is_some() && first.role != TableRole::History => {
            Some(first.outbox_settings(table))
        }
        _ => None,
    }
}

fn of(explanation: &Explanation, table: &FoundTable, mapped: Mapped<OutboxSettings>) -> Outbox {
    let mut outbox = Outbox {
        limits: mapped.limits,
        ..Outbox::bare(table.clone(), mapped.settings)
    };
    match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) => hand_made(&mut outbox, proposal),
        (Verdict::Recognised | Verdict::Nothing, Some(first)) => {
            let version = first.version.as_ref();
            let version = version.map_or_else(String::new, |version| format!(", {version}"));
            outbox.why.push(format!(
                "The outbox of {}{version}: {}.",
                first.layout.title,
                words(first.confidence)
            ));
            outbox.layout = Some(first.layout);
            let published = first.table.published.as_ref();
            outbox.may_delete_at_once = published.is_some_and(Publication::may_delete_at_once);
            if let Some(envelope) = &first.table.envelope {
                envelope::open(&mut outbox, envelope);
            }
        }
        (Verdict::Recognised | Verdict::Nothing, None) => {}
    }
    outbox
}

/// Questions take the place of limits here: a limit would say the same.
fn hand_made(outbox: &mut Outbox, proposal: &Proposal) {
    outbox.limits.clear();
    outbox.why.push(format!(
        "No library's that Waybill knows, but somebody's own outbox by its columns: {}.",
        words(proposal.confidence)
    ));
    outbox.destination = proposal.column(Role::Destination).map(str::to_owned);
    let status = proposal.column(Role::Status);
    if outbox.settings.status.is_none() {
        outbox.open_status = status.map(str::to_owned);
    }
    for question in &proposal.questions {
        let (role, default) = match question.role {
            Role::Status => ("sent-states".to_owned(), proposal.sent_states.join(",")),
            Role::SentAt if proposal.column(Role::SentAt).is_none() => (
                "deletes-after-send".to_owned(),
                outbox.settings.deletes_after_send.to_string(),
            ),
            role => (
                role.to_string().replace(' ', "-"),
                proposal.column(role).unwrap_or_default().to_owned(),
            ),
        };
        let choices = match role.as_str() {
            "sent-states" => Vec::new(),
            "deletes-after-send" => vec!["true".to_owned(), "false".to_owned()],
            _ => question.choices.clone(),
        };
        // Several of them may be the answer, so they are none to choose among.
        let text = match (choices.is_empty(), question.choices.join(", ")) {
            (true, values) if !values.is_empty() => {
                format!("{} There are {values}.", question.text)
            }
            (true | false, _) => question.text.clone(),
        };
        outbox.questions.push(Question {
            about: Subject::Role(role),
            text,
            choices,
            default,
            must_be_answered: false,
        });
    }
}

pub(super) fn words(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

fn nothing(tables: &Tables, whynot: &[String]) -> Failure {
    let told = match (tables.tables.len(), whynot) {
        (0, _) => "There is no table in this database that we may read.".to_owned(),
        (n, []) => {
            format!("Of the tables of this database ({n}) none is an outbox that Waybill knows.")
        }
        (_, whynot) => format!(
            "No table can be the outbox of a profile: {}",
            whynot.join(" ")
        ),
    };
    Failure::new(Code::NoOutbox, told).hint(
        "`waybill layouts explain TABLE --database URL` says why a table is none; --outbox TABLE with --column id=… --column created-at=… makes it one.",
    )
}
