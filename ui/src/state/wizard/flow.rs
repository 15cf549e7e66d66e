//! Where events go and who receives them, as it is edited before it is saved.

use std::str::FromStr;

use waybill_model::{Carrier, Carriers, Consumer, Flow, Inbox};
use waybill_protocol::{Proposed, SeenTable};

use super::RoleKind;

/// A flow in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowDraft {
    /// As it was proposed, without its consumers.
    pub flow: Flow,
    /// Why it goes there, and by what it is matched.
    pub why: Vec<String>,
    /// Its carriers as they are typed.
    pub carriers: CarrierTexts,
    /// Who should receive it.
    pub consumers: Vec<ConsumerDraft>,
}

/// A consumer in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerDraft {
    /// What it would be.
    pub consumer: Consumer,
    /// Why it is taken for one.
    pub why: Vec<String>,
    /// Whether it becomes part of the profile.
    pub taken: bool,
    /// Whether its parts are shown to be changed.
    pub open: bool,
}

/// Carriers as they are typed: places with commas between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarrierTexts {
    /// The event's id.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// Its aggregate.
    pub aggregate: String,
    /// The aggregate's version.
    pub version: String,
}

impl CarrierTexts {
    fn of(carriers: &Carriers) -> Self {
        let text = |all: &[Carrier]| {
            let all: Vec<String> = all.iter().map(Carrier::to_string).collect();
            all.join(", ")
        };
        Self {
            id: text(&carriers.id),
            kind: text(&carriers.kind),
            aggregate: text(&carriers.aggregate),
            version: text(&carriers.version),
        }
    }

    /// The carriers, or what is wrong with the text.
    pub fn carriers(&self) -> Result<Carriers, String> {
        Ok(Carriers {
            id: parsed(&self.id)?,
            kind: parsed(&self.kind)?,
            aggregate: parsed(&self.aggregate)?,
            version: parsed(&self.version)?,
        })
    }
}

fn parsed(text: &str) -> Result<Vec<Carrier>, String> {
    let words = text.split(',').map(str::trim);
    let words = words.filter(|word| !word.is_empty());
    words
        .map(|word| Carrier::from_str(word).map_err(|error| format!("{error}.")))
        .collect()
}

impl FlowDraft {
    /// The flow with the consumers that were taken, and the reasons of each.
    pub fn finished(&self) -> Result<(Flow, Vec<Vec<String>>), String> {
        let mut flow = self.flow.clone();
        flow.carriers = self.carriers.carriers()?;
        let taken: Vec<&ConsumerDraft> = self.consumers.iter().filter(|c| c.taken).collect();
        flow.consumers = taken.iter().map(|draft| draft.consumer.clone()).collect();
        let why = taken.iter().map(|draft| draft.why.clone()).collect();
        Ok((flow, why))
    }
}

impl ConsumerDraft {
    /// One that nobody has found.
    pub fn by_hand() -> Self {
        Self {
            consumer: Consumer {
                name: String::new(),
                group: None,
                queue: None,
                inbox: None,
                dead_letters: None,
                since: None,
            },
            why: vec!["It was added by hand.".to_owned()],
            taken: true,
            open: true,
        }
    }

    /// What tells how far it got, in short: `group search · inbox search_inbox`.
    pub fn summary(&self) -> String {
        let consumer = &self.consumer;
        let inbox = consumer.inbox.as_ref().map(|inbox| &inbox.table);
        let parts = [
            ("group", consumer.group.as_ref()),
            ("queue", consumer.queue.as_ref()),
            ("inbox", inbox),
            ("dead letters", consumer.dead_letters.as_ref()),
        ];
        let parts = parts.into_iter();
        let parts: Vec<String> = parts
            .filter_map(|(what, name)| Some(format!("{what} {}", name?)))
            .collect();
        parts.join(" · ")
    }
}

/// The flows of a proposal.
pub(super) fn drafts(proposed: &Proposed) -> Vec<FlowDraft> {
    let flows = proposed.profile.flows.iter().enumerate();
    flows
        .map(|(nth, flow)| {
            let reasons = proposed.why.consumers.get(nth);
            let consumers = flow.consumers.iter().enumerate();
            FlowDraft {
                why: proposed.why.flows.get(nth).cloned().unwrap_or_default(),
                carriers: CarrierTexts::of(&flow.carriers),
                consumers: consumers
                    .map(|(no, consumer)| ConsumerDraft {
                        consumer: consumer.clone(),
                        why: reasons
                            .and_then(|all| all.get(no))
                            .cloned()
                            .unwrap_or_default(),
                        taken: true,
                        open: false,
                    })
                    .collect(),
                flow: Flow {
                    consumers: Vec::new(),
                    ..flow.clone()
                },
            }
        })
        .collect()
}

/// An inbox of a table: as it was recognised, or else its columns guessed by what they are called. A
/// state is taken without its values, so that somebody has to say which of them mean processed.
pub fn inbox_of(table: &SeenTable) -> Inbox {
    if let Some(known) = &table.inbox {
        return Inbox {
            database: table.database.clone(),
            ..known.clone()
        };
    }
    let named = |words: &[&str]| {
        let mut columns = table.columns.iter();
        let found = columns.find(|column| {
            let name = column.name.to_lowercase();
            words.iter().any(|word| name.contains(word))
        });
        found.map(|column| column.name.clone())
    };
    let key = table.columns.iter().find(|column| column.key);
    let id = named(&["message_id", "messageid", "event_id", "eventid"]);
    let id = id.or_else(|| key.map(|column| column.name.clone()));
    let is_state = |name: &str| name == "state" || name.contains("status");
    let mut columns = table.columns.iter().map(|column| &column.name);
    let status = columns.find(|name| is_state(&name.to_lowercase()));
    Inbox {
        database: table.database.clone(),
        id: id.unwrap_or_default(),
        processed_at: named(&[
            "processed",
            "consumed",
            "handled",
            "received",
            "created",
            "_at",
        ])
        .unwrap_or_default(),
        status: status.cloned(),
        ..Inbox::unmapped(table.name.clone())
    }
}

/// Roles of an inbox and how a person says them, in the order they are shown in.
pub const INBOX_ROLES: [(&str, &str, RoleKind); 8] = [
    ("id", "event id", RoleKind::NeededPlace),
    ("key", "key", RoleKind::Column),
    ("processed-at", "processed at", RoleKind::Needed),
    ("zone", "zone of its times", RoleKind::Word),
    ("status", "state", RoleKind::Column),
    ("processed-states", "means processed", RoleKind::States),
    ("failed-states", "means failed", RoleKind::States),
    ("failed-at", "failed at", RoleKind::Column),
];

#[cfg(test)]
mod tests {
    use waybill_protocol::{SeenColumn, SeenRole};

    use super::*;

    fn table(columns: &[&str]) -> SeenTable {
        let column = |name: &&str| SeenColumn {
            name: (*name).to_owned(),
            sql_type: String::new(),
            key: false,
        };
        SeenTable {
            database: Some("search".to_owned()),
            name: "letters".to_owned(),
            columns: columns.iter().map(column).collect(),
            role: SeenRole::Nothing,
            title: String::new(),
            confidence: String::new(),
            reasons: Vec::new(),
            inbox: None,
        }
    }

    #[test]
    fn a_state_is_taken_without_its_meaning_and_a_recognised_inbox_with_it() {
        let mut letters = table(&["message_id", "received_at", "Status"]);
        let guessed = inbox_of(&letters);
        assert_eq!(guessed.status.as_deref(), Some("Status"));
        assert!(guessed.processed_states.is_empty(), "nobody has said which");
        letters.inbox = Some(Inbox {
            processed_states: vec!["2".to_owned()],
            ..guessed.clone()
        });
        let known = inbox_of(&letters);
        assert_eq!(known.processed_states, ["2"]);
        assert_eq!(known.database.as_deref(), Some("search"));
        assert_eq!(
            inbox_of(&table(&["message_id", "received_at"])).status,
            None
        );
    }

    #[test]
    fn every_role_of_an_inbox_can_be_set() {
        let mut shown: Vec<&str> = INBOX_ROLES.iter().map(|(name, ..)| *name).collect();
        let mut all = Inbox::ROLES;
        shown.sort_unstable();
        all.sort_unstable();
        assert_eq!(shown, all);
    }

    #[test]
    fn carriers_that_cannot_be_are_told_with_what_can() {
        let mut texts = CarrierTexts {
            id: "header:id, message-id".to_owned(),
            ..CarrierTexts::default()
        };
        let carriers = texts.carriers().expect("both are places");
        assert_eq!(
            carriers.id,
            [Carrier::Header("id".to_owned()), Carrier::MessageId]
        );
        assert_eq!(CarrierTexts::of(&carriers), texts);
        texts.version = "headers:v".to_owned();
        let wrong = texts.carriers().expect_err("no place is called so");
        assert!(
            wrong.contains("'headers:v'") && wrong.contains("header:NAME"),
            "{wrong}"
        );
    }
}
