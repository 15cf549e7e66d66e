//! What the states of a hand-made outbox mean, learnt from rows whose messages were seen.

use std::collections::HashMap;

use waybill_source::Row;

use super::letters::Letter;
use super::outbox::Outbox;
use super::{Question, Subject, rows};

/// What a row's state is when its message is there means sent. `sampled` is how many messages with
/// an id were read, whether their rows are there or not.
pub(super) fn learn_states(outbox: &mut Outbox, pairs: &[(&Row, &Letter)], sampled: usize) {
    if sampled == 0 {
        // Were they kept, each old row would be called stuck.
        keeps_rows(
            outbox,
            "No message with an id could be read, so nothing shows that rows are deleted when they are sent.",
        );
    }
    if pairs.is_empty() {
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
            settings,
            table,
            layout: None,
            destination: None,
            open_status: None,
            is_settled_id: false,
            why: Vec::new(),
            limits: Vec::new(),
            questions: vec![Question {
                about: Subject::Role("deletes-after-send".to_owned()),
                text: String::new(),
                choices: Vec::new(),
                default: "true".to_owned(),
            }],
        }
    }

    fn deletes(mut outbox: Outbox, sampled: usize) -> bool {
        learn_states(&mut outbox, &[], sampled);
        outbox.settings.deletes_after_send
    }

    #[test]
    fn rows_are_deleted_only_where_messages_without_rows_show_it_or_somebody_says_so() {
        assert!(deletes(outbox(), 20));
        assert!(!deletes(outbox(), 0));
        let answered = Outbox {
            questions: Vec::new(),
            ..outbox()
        };
        assert!(deletes(answered, 0));
    }
}
