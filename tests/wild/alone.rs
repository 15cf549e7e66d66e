//! The labelled tables by their definitions and rows alone: no server, no message. What the layouts
//! say of them, at once.

use std::collections::BTreeMap;

use waybill_engine::propose::{Question, Subject};
use waybill_engine::tables::Tables;
use waybill_layouts::{
    Confidence, Dbms, FoundColumn, FoundSaying, FoundTable, Role, SaidBy, TableRole, Verdict,
    find_table,
};

use crate::corpus::{Column, Database, Kind, Labelled};
use crate::figures::Run;
use crate::look::Said;
use crate::values::{Family, Shape, family, labels, rows};
use crate::{inbox, judge, made, topic};

/// All labelled tables.
pub(crate) fn run(tables: &[Labelled], shape: Shape) -> Run {
    let mut run = Run::default();
    for table in tables {
        let found = Tables {
            dbms: match table.database {
                Database::Postgres => Dbms::Postgres,
                Database::Mysql => Dbms::MySql,
                Database::Sqlite => Dbms::Sqlite,
            },
            tables: vec![found(table, shape)],
            unreadable: BTreeMap::new(),
        };
        match table.kind {
            Kind::Outbox => run
                .outboxes
                .push(judge::outbox(table, &said(&found), shape)),
            Kind::Inbox => run.inboxes.push(inbox::inbox(table, &found)),
        }
    }
    run
}

/// What would be proposed without a look at the broker.
fn said(tables: &Tables) -> Said {
    let recognised = tables.recognised();
    let outbox = recognised
        .iter()
        .find(|explanation| match &explanation.verdict {
            Verdict::HandMade(proposal) => proposal.role == TableRole::Outbox,
            Verdict::Recognised => explanation
                .recognised()
                .is_some_and(|first| first.table.published.is_some()),
            Verdict::Nothing => false,
        });
    let mut said = Said::default();
    let Some(first) = outbox else {
        return said;
    };
    let Ok(found) = find_table(&tables.tables, &first.table) else {
        return said;
    };
    let mapped = match (&first.verdict, first.recognised()) {
        (Verdict::HandMade(proposal), _) => {
            said.questions = asked(proposal);
            said.is_chosen = proposal.confidence > Confidence::Possible;
            proposal.outbox_settings(found)
        }
        (_, Some(first)) => first.outbox_settings(found),
        (_, None) => return said,
    };
    match mapped {
        Ok(mapped) => said.outbox = serde_json::to_value(mapped.settings).ok(),
        Err(why) => said.failure = format!("{}: {why}", first.table),
    }
    said
}

fn asked(proposal: &waybill_layouts::Proposal) -> Vec<Question> {
    let questions = proposal.questions.iter().map(|question| Question {
        about: Subject::Role(match question.role {
            Role::Status => "sent-states".to_owned(),
            Role::SentAt if proposal.column(Role::SentAt).is_none() => {
                "deletes-after-send".to_owned()
            }
            role => role.to_string().replace(' ', "-"),
        }),
        text: question.text.clone(),
        choices: question.choices.clone(),
        default: String::new(),
        must_be_answered: false,
    });
    questions.collect()
}

fn found(table: &Labelled, shape: Shape) -> FoundTable {
    let (schema, name) = table.table.split_once('.').unwrap_or(("", &table.table));
    let mut rows = rows(table, shape, topic::TOPIC);
    rows.retain(|row| row.is_kept);
    // The youngest come first, as where a key counts.
    rows.reverse();
    FoundTable {
        schema: schema.to_owned(),
        name: name.to_owned(),
        columns: table
            .columns
            .iter()
            .map(|column| found_column(table, column))
            .collect(),
        attached: Vec::new(),
        said: sayings(table),
        rows: rows.into_iter().map(|row| row.cells).collect(),
    }
}

fn found_column(table: &Labelled, column: &Column) -> FoundColumn {
    let sql_type = match (labels(column).is_empty(), table.database) {
        (true, _) => column.sql_type.clone(),
        (false, Database::Mysql) => format!("enum('{}')", labels(column).join("','")),
        (false, Database::Postgres | Database::Sqlite) => "a_type_of_its_own".to_owned(),
    };
    FoundColumn {
        name: column.name.clone(),
        sql_type,
        nullable: column.null && !column.key,
        primary_key: column.key,
    }
}

fn sayings(table: &Labelled) -> Vec<FoundSaying> {
    let mut all = Vec::new();
    let mut say = |column: Option<&str>, by: SaidBy, text: String| {
        all.push(FoundSaying {
            column: column.map(str::to_owned),
            by,
            text,
        });
    };
    for column in &table.columns {
        let name = Some(column.name.as_str());
        if let Some(default) = &column.default {
            let text = match family(column) {
                Family::Number | Family::Flag => default.clone(),
                _ => format!("'{default}'"),
            };
            say(name, SaidBy::Default, text);
        }
        for label in labels(column) {
            say(name, SaidBy::Label, label.to_owned());
        }
    }
    if table.database != Database::Mysql {
        for condition in &table.partial_indexes {
            say(None, SaidBy::Index, condition.clone());
        }
        for (column, words) in &table.checks {
            let words = words.join("', '");
            say(None, SaidBy::Check, format!("{column} IN ('{words}')"));
        }
    }
    if !table.comment.is_empty() {
        say(table.role("status"), SaidBy::Comment, made::said(table));
    }
    all
}

/// Whether two databases would be looked at alike is the adapters' test.
#[cfg(test)]
mod tests {
    use super::*;

    /// By the definitions and rows alone, as good as it has to be with the messages.
    #[test]
    fn most_tables_of_other_people_are_understood() {
        let tables = crate::corpus::labelled().expect("the corpus can be read");
        for (shape, table, core) in [
            (Shape::Full, 97, 90),
            (Shape::Steady, 94, 86),
            (Shape::Empty, 94, 86),
        ] {
            let run = run(&tables, shape);
            let of = run.outboxes.len();
            let found = run
                .outboxes
                .iter()
                .filter(|outcome| outcome.is_found)
                .count();
            let right = run.outboxes.iter().filter(|outcome| outcome.core).count();
            assert!(found * 100 >= table * of, "{shape:?}: {}", run.text());
            assert!(right * 100 >= core * of, "{shape:?}: {}", run.text());
            assert!(
                run.outboxes.iter().all(|outcome| !outcome.is_wrong),
                "{}",
                run.text()
            );
        }
    }
}
