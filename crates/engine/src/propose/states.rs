//! What the states of a hand-made outbox mean, learnt from rows whose messages were seen.

use std::collections::HashMap;

use waybill_source::Row;

use super::letters::Letter;
use super::outbox::Outbox;
use super::{Question, Subject, rows};

/// What messages say of rows, whether theirs are there or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Witnessed {
    /// How many with an id were read.
    pub(super) letters: usize,
    /// Most of them are older than any row.
    pub(super) outlived: bool,
}

/// So many messages without a row are no chance.
const ENOUGH: usize = 5;

/// What a row's state is when its message is there means sent.
pub(super) fn learn_states(outbox: &mut Outbox, pairs: &[(&Row, &Letter)], seen: Witnessed) {
    if seen.letters == 0 {
        // Were they kept, each old row would be called stuck.
        keeps_rows(
            outbox,
            "No message with an id could be read, so nothing shows that rows are deleted when they are sent.",
        );
    } else if pairs.is_empty() && !seen.outlived {
        keeps_rows(
            outbox,
            "Rows are there that are as old as the messages, so nothing shows that they are deleted when they are sent.",
        );
    }
    if outbox.may_delete_at_once && seen.letters >= ENOUGH {
        deletes_at_once(outbox, seen.letters, pairs.len());
    }
    if pairs.is_empty() {
        if seen.letters >= ENOUGH && seen.outlived {
            deletes_rows(outbox);
        }
        return;
    }
    keeps_rows(outbox, "Rows of messages that were sent are still there.");
    let Some(column) = outbox.open_status.clone() else {
        return;
    };
    let states = pairs
        .iter()
        .filter_map(|(row, _)| rows::value(row, &outbox.settings, &column));
    let mut counted: HashMap<String, usize> = HashMap::new();
    for state in states {
        *counted.entry(state).or_default() += 1;
    }
    let mut sent: Vec<String> = counted
        .into_iter()
        .filter(|(_, n)| n * 10 >= pairs.len())
        .map(|(state, _)| state)
        .collect();
    sent.sort();
    outbox.why.push(format!(
        "Rows whose messages were seen have {column} {}: that means sent.",
        sent.join(" or ")
    ));
    if let Some(question) = outbox.question("sent-states") {
        question.default = sent.join(",");
    }
    outbox.settings.sent_states = sent;
    outbox.settings.status = Some(column);
}

/// Says of an outbox that is read from the log whether rows stay: rows that are there may be those
/// that were never read, and a message without a row is none that was never stored.
fn deletes_at_once(outbox: &mut Outbox, letters: usize, kept: usize) {
    let deletes = kept * 10 < letters * 9;
    outbox.settings.deletes_after_send = deletes;
    if deletes {
        outbox.why.push(format!(
            "Of {letters} messages {} have no row any more: rows are taken to be deleted as they are written.",
            letters - kept
        ));
    }
}

/// Says of a hand-made outbox that it deletes what it has sent, whatever its columns are called:
/// messages are there, and not one row that says it was sent.
fn deletes_rows(outbox: &mut Outbox) {
    let settings = &outbox.settings;
    let is_own = outbox.layout.is_none() && !settings.deletes_after_send;
    let says_sent = |row: &Vec<Option<String>>| {
        let cell = |name: &Option<String>| {
            let name = name.as_ref()?;
            let at = outbox.table.columns.iter();
            let at = at.map(|column| &column.name).position(|it| it == name)?;
            row.get(at)?.as_deref()
        };
        let is_filled =
            cell(&settings.sent_at).is_some_and(|text| !["", "0", "f", "false"].contains(&text));
        let word = cell(&settings.status).unwrap_or_default();
        let mut sent = settings.sent_states.iter();
        is_filled || sent.any(|it| it.eq_ignore_ascii_case(word))
    };
    let has_mark = settings.sent_at.is_some() || settings.status.is_some();
    if !is_own || !has_mark || outbox.table.rows.iter().any(says_sent) {
        return;
    }
    let column = settings.sent_at.clone().or_else(|| settings.status.clone());
    let column = column.unwrap_or_default();
    outbox.why.push(format!(
        "Messages are older than every row, and {column} says of none that it was sent: rows are taken to be deleted when they are sent."
    ));
    outbox.settings.sent_at = None;
    outbox.settings.deletes_after_send = true;
    outbox.questions.push(Question {
        about: Subject::Role("deletes-after-send".to_owned()),
        text: format!("{column} says of no row that it was sent: are rows deleted after sending?"),
        choices: vec!["true".to_owned(), "false".to_owned()],
        default: "true".to_owned(),
        must_be_answered: false,
    });
}

/// Says of a hand-made outbox, unless somebody has answered, that it keeps what it has sent.
fn keeps_rows(outbox: &mut Outbox, why: &str) {
    if let Some(question) = outbox.question("deletes-after-send") {
        "false".clone_into(&mut question.default);
        outbox.settings.deletes_after_send = false;
        outbox.why.push(why.to_owned());
    }
}

impl Outbox {
    fn question(&mut self, role: &str) -> Option<&mut Question> {
        let about = Subject::Role(role.to_owned());
        self.questions.iter_mut().find(|q| q.about == about)
    }
}

#[cfg(test)]
mod tests {
    use waybill_layouts::FoundTable;

    use super::*;
    use crate::propose::roles::unknown;

    /// A hand-made outbox without a column that says sent.
    fn outbox() -> Outbox {
        let table = FoundTable::default();
        let mut settings = unknown(&table);
        settings.deletes_after_send = true;
        Outbox {
            questions: vec![Question {
                about: Subject::Role("deletes-after-send".to_owned()),
                text: String::new(),
                choices: Vec::new(),
                default: "true".to_owned(),
                must_be_answered: false,
            }],
            ..Outbox::bare(table, settings)
        }
    }

    fn deletes(mut outbox: Outbox, sampled: usize, outlived: bool) -> bool {
        let seen = Witnessed {
            letters: sampled,
            outlived,
        };
        learn_states(&mut outbox, &[], seen);
        outbox.settings.deletes_after_send
    }

    #[test]
    fn rows_are_deleted_only_where_messages_without_rows_show_it_or_somebody_says_so() {
        assert!(deletes(outbox(), 20, true));
        assert!(!deletes(outbox(), 20, false));
        assert!(!deletes(outbox(), 0, true));
        let answered = Outbox {
            questions: Vec::new(),
            ..outbox()
        };
        assert!(deletes(answered, 0, true));
    }
}
