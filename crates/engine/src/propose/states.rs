//! What the states of a hand-made outbox mean, learnt from rows whose messages were seen.

use std::collections::HashMap;

use waybill_source::Row;

use super::letters::Letter;
use super::outbox::Outbox;
use super::{Question, Subject, rows};

/// What a row's state is when its message is there means sent.
pub(super) fn learn_states(outbox: &mut Outbox, pairs: &[(&Row, &Letter)]) {
    if pairs.is_empty() {
        return;
    }
    if let Some(question) = outbox.question("deletes-after-send") {
        "false".clone_into(&mut question.default);
        outbox.settings.deletes_after_send = false;
        outbox
            .why
            .push("Rows of messages that were sent are still there.".to_owned());
    }
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

impl Outbox {
    fn question(&mut self, role: &str) -> Option<&mut Question> {
        let about = Subject::Role(role.to_owned());
        self.questions.iter_mut().find(|q| q.about == about)
    }
}
