//! The wizard as a machine: what is asked when, what is kept, and what is dropped.

use waybill_model::{Consumer, DatabaseSettings, Environment, Flow, GraceSettings, Inbox, Profile};
use waybill_protocol::{
    Asked, Code, Failure, MappedRow, MappedState, OpenTarget, Proposed, Proposing, Reasons,
    SeenColumn, SeenRole, SeenTable, Trying, Written,
};

use super::{Purpose, Step, Wizard, WizardEffect, WizardMessage};
use crate::state::{Effect, Message, State, message_for};

fn opened() -> State {
    let mut state = State::default();
    say(&mut state, WizardMessage::Open);
    let mut addresses = wizard(&state).addresses.clone();
    addresses.database.set_url("postgres://app:hunter2@db/toys");
    addresses.broker.set_url("kafka://mq:9092");
    say(&mut state, WizardMessage::Addresses(addresses));
    state
}

fn say(state: &mut State, message: WizardMessage) -> Vec<WizardEffect> {
    wizard_effects(state.update(Message::Wizard(message)))
}

fn wizard_effects(effects: Vec<Effect>) -> Vec<WizardEffect> {
    let own = effects.into_iter().filter_map(|effect| match effect {
        Effect::Wizard(effect) => Some(effect),
        _ => None,
    });
    own.collect()
}

fn wizard(state: &State) -> &Wizard {
    state.wizard.as_ref().expect("the wizard is open")
}

fn table(name: &str, role: SeenRole) -> SeenTable {
    let column = |name: &str| SeenColumn {
        name: name.to_owned(),
        sql_type: "text".to_owned(),
        key: name == "no",
    };
    SeenTable {
        database: None,
        name: name.to_owned(),
        columns: ["no", "event_id", "created_at", "rev"].map(column).into(),
        role,
        title: String::new(),
        confidence: String::new(),
        reasons: Vec::new(),
        inbox: None,
    }
}

fn consumer(name: &str) -> Consumer {
    Consumer {
        name: name.to_owned(),
        group: Some(name.to_owned()),
        queue: None,
        inbox: None,
        dead_letters: None,
        since: None,
    }
}

/// What the core answers when it has found an outbox and a flow.
fn found(outbox: &str) -> Proposing {
    let mut mapped = super::unmapped(&table(outbox, SeenRole::Outbox));
    "event_id".clone_into(&mut mapped.id);
    mapped.created_at = Some("created_at".to_owned());
    let profile = Profile {
        name: "toys".to_owned(),
        environment: Environment::Development,
        access: waybill_model::Access::ReadOnly,
        database: DatabaseSettings {
            url: "postgres://app@db/toys".to_owned(),
            secret: None,
        },
        databases: Default::default(),
        broker: waybill_model::BrokerSettings {
            url: "kafka://mq:9092".to_owned(),
            management_url: None,
            secret: None,
            options: Default::default(),
        },
        outbox: Some(mapped.clone()),
        business: Vec::new(),
        flows: vec![Flow {
            name: "toys".to_owned(),
            destination: "toys".to_owned(),
            audit_stream: None,
            routing_key: None,
            carriers: waybill_model::Carriers::default(),
            only: Default::default(),
            compare: None,
            samples: Vec::new(),
            template: None,
            consumers: vec![consumer("search"), consumer("billing")],
        }],
        grace: GraceSettings::default(),
        scan: waybill_model::ScanSettings::default(),
        masks: Vec::new(),
    };
    let why = Reasons {
        consumers: vec![vec![
            vec!["of search".to_owned()],
            vec!["of billing".to_owned()],
        ]],
        ..Reasons::default()
    };
    Proposing {
        done: true,
        tables: vec![
            table("outbox", SeenRole::Outbox),
            table("old_outbox", SeenRole::Outbox),
            table("letters", SeenRole::Nothing),
        ],
        outbox: Some(mapped),
        proposed: Some(Box::new(Proposed {
            profile,
            why,
            toml: String::new(),
            questions: Vec::new(),
        })),
        ..Proposing::default()
    }
}

/// Goes on, and answers what is asked of the core.
fn look(state: &mut State, answer: Proposing) -> Asked {
    let effects = say(state, WizardMessage::Next);
    answered(state, effects, answer)
}

fn answered(state: &mut State, effects: Vec<WizardEffect>, answer: Proposing) -> Asked {
    let [WizardEffect::Propose(order)] = effects.as_slice() else {
        panic!("it looks: {effects:?}");
    };
    let asked = order.asked.clone();
    say(state, WizardMessage::Looking(Ok(7)));
    let answer = Box::new(Ok(answer));
    say(state, WizardMessage::Looked { no: 7, answer });
    asked
}

#[test]
fn the_password_of_an_address_goes_beside_it() {
    let mut state = opened();
    let effects = say(&mut state, WizardMessage::Next);
    let [WizardEffect::Propose(order)] = effects.as_slice() else {
        panic!("it looks: {effects:?}");
    };
    assert!(order.test, "connections are tested first");
    assert_eq!(order.asked.database.url, "postgres://app@db/toys");
    let secret = order.asked.database.secret.clone().expect("it has one");
    assert_eq!(order.secrets.0, [(secret, "hunter2".to_owned())]);
    assert!(!format!("{state:?} {effects:?}").contains("hunter2"));
}

#[test]
fn what_has_not_changed_is_not_looked_for_again() {
    let mut state = opened();
    look(&mut state, found("outbox"));
    assert_eq!(wizard(&state).step, Step::Outbox);
    assert_eq!(wizard(&state).choice.as_deref(), Some("outbox"));
    say(&mut state, WizardMessage::Back);
    assert_eq!(wizard(&state).step, Step::Addresses);
    assert_eq!(say(&mut state, WizardMessage::Next), []);
    assert_eq!(wizard(&state).step, Step::Outbox);
    let sampled = say(&mut state, WizardMessage::Next);
    assert!(matches!(sampled.as_slice(), [WizardEffect::Sample { .. }]));
    assert_eq!(say(&mut state, WizardMessage::Next), []);
    assert_eq!(wizard(&state).step, Step::Flow);
    assert_eq!(wizard(&state).flows[0].consumers[1].why, ["of billing"]);
}

#[test]
fn other_addresses_make_what_was_found_worthless() {
    let mut state = opened();
    look(&mut state, found("outbox"));
    let mut addresses = wizard(&state).addresses.clone();
    addresses.database.set_url("postgres://app@db/other");
    say(&mut state, WizardMessage::Addresses(addresses));
    assert_eq!(wizard(&state).step, Step::Addresses);
    assert!(wizard(&state).tables.is_empty() && wizard(&state).proposed.is_none());
    let asked = look(&mut state, found("outbox"));
    assert_eq!(asked.outbox, None, "the outbox of another database is none");
}

#[test]
fn a_role_set_by_hand_is_asked_with_and_shown_at_once() {
    let mut state = opened();
    look(&mut state, found("outbox"));
    say(&mut state, WizardMessage::Next);
    let role = WizardMessage::Role {
        role: "version",
        value: "rev".to_owned(),
    };
    let effects = state.update(Message::Wizard(role));
    let [Effect::Later(later)] = effects.as_slice() else {
        panic!("it waits until setting has rested");
    };
    let rested = (*later.message).clone();
    let sampled = wizard_effects(state.update(rested.clone()));
    let [WizardEffect::Sample { edit, asked }] = sampled.as_slice() else {
        panic!("rows are read by it: {sampled:?}");
    };
    assert_eq!(asked.outbox.version.as_deref(), Some("rev"));
    // An answer to an earlier question says nothing about this one.
    let row = MappedRow {
        key: "1".to_owned(),
        id: "e".to_owned(),
        aggregate: String::new(),
        version: None,
        kind: String::new(),
        at: None,
        state: MappedState::Sent,
        oddities: Vec::new(),
        body: String::new(),
    };
    let stale = WizardMessage::Sampled {
        edit: edit - 1,
        answer: Ok(vec![row.clone()]),
    };
    say(&mut state, stale);
    assert!(wizard(&state).sample.rows.is_empty() && wizard(&state).sample.reading);
    let answer = Ok(vec![row]);
    say(
        &mut state,
        WizardMessage::Sampled {
            edit: *edit,
            answer,
        },
    );
    assert_eq!(wizard(&state).sample.rows.len(), 1);
    assert_eq!(
        wizard_effects(state.update(rested)),
        [],
        "it has rested once"
    );

    let asked = look(&mut state, found("outbox"));
    assert_eq!(asked.roles["version"], "rev");
    assert_eq!(asked.outbox.as_deref(), Some("outbox"));
    assert_eq!(wizard(&state).step, Step::Flow);
}

#[test]
fn another_table_is_asked_about_or_mapped_by_hand() {
    let mut state = opened();
    look(&mut state, found("outbox"));
    say(&mut state, WizardMessage::Choose("old_outbox".to_owned()));
    let asked = look(&mut state, found("old_outbox"));
    assert_eq!(asked.outbox.as_deref(), Some("old_outbox"));
    assert_eq!(wizard(&state).step, Step::Columns);

    say(&mut state, WizardMessage::Back);
    say(&mut state, WizardMessage::Choose("letters".to_owned()));
    assert_eq!(say(&mut state, WizardMessage::Next), []);
    assert_eq!(wizard(&state).step, Step::Columns);
    let refusal = wizard(&state).refusal(&[]).expect("something is needed");
    assert_eq!(refusal, "Still needed: Event id.");
    assert_eq!(say(&mut state, WizardMessage::Next), []);
    assert_eq!(wizard(&state).step, Step::Columns, "it does not go on");

    let role = WizardMessage::Role {
        role: "id",
        value: "label".to_owned(),
    };
    state.update(Message::Wizard(role));
    let asked = look(&mut state, found("letters"));
    assert_eq!(asked.roles["id"], "label");
    assert_eq!(
        asked.roles["created-at"], "",
        "none of its columns was named"
    );
}

#[test]
fn a_database_without_an_outbox_offers_its_tables() {
    let mut state = opened();
    let nothing = Proposing {
        tables: vec![table("letters", SeenRole::Nothing)],
        outbox: None,
        proposed: None,
        failure: Some(Failure::new(Code::NoOutbox, "There is none.")),
        ..found("outbox")
    };
    look(&mut state, nothing);
    let now = wizard(&state);
    assert_eq!(
        (now.step, now.all_tables, now.has_outbox()),
        (Step::Outbox, true, false)
    );
    assert_eq!(now.choice, None);
}

#[test]
fn where_events_go_is_asked_when_nothing_tells() {
    let mut state = opened();
    let nowhere = Proposing {
        proposed: None,
        failure: Some(Failure::new(Code::NoDestination, "Nothing tells.")),
        ..found("outbox")
    };
    look(&mut state, nowhere.clone());
    say(&mut state, WizardMessage::Next);
    assert_eq!(wizard(&state).step, Step::Columns);
    look(&mut state, nowhere);
    assert_eq!(wizard(&state).step, Step::Flow);
    assert!(wizard(&state).refusal(&[]).is_some());
    let effects = say(
        &mut state,
        WizardMessage::AddDestination(" toys ".to_owned()),
    );
    let asked = answered(&mut state, effects, found("outbox"));
    assert_eq!(asked.destinations, ["toys"]);
    assert_eq!(wizard(&state).refusal(&[]), None);
}

#[test]
fn looking_that_is_stopped_is_given_up_in_the_core() {
    let mut state = opened();
    say(&mut state, WizardMessage::Next);
    say(&mut state, WizardMessage::Looking(Ok(7)));
    let escape = crate::state::KeyPress {
        key: "Escape".to_owned(),
        ctrl: false,
        shift: false,
        alt: false,
        place: crate::state::KeyPlace::Text,
    };
    let stop = message_for(&state, &escape).expect("Escape does something");
    assert_eq!(
        wizard_effects(state.update(stop)),
        [WizardEffect::DropProposal(7)]
    );
    assert!(!wizard(&state).work.running);
    let late = Box::new(Ok(found("outbox")));
    say(
        &mut state,
        WizardMessage::Looked {
            no: 7,
            answer: late,
        },
    );
    assert_eq!(
        wizard(&state).step,
        Step::Addresses,
        "what comes late is dropped"
    );
    let close = message_for(&state, &escape).expect("Escape does something");
    state.update(close);
    assert!(state.wizard.is_none());
}

/// An inbox that says everything an inbox can.
fn inbox() -> Inbox {
    let mut inbox = Inbox::unmapped("billing_inbox".to_owned());
    for role in Inbox::ROLES {
        inbox.role_mut(role).expect("it is a role").set(role);
    }
    Inbox {
        kept_secs: Some(300),
        ..inbox
    }
}

fn at_preview() -> State {
    let mut state = opened();
    let mut found = found("outbox");
    let proposed = found.proposed.as_mut().expect("it was found");
    proposed.profile.flows[0].consumers[1].inbox = Some(inbox());
    look(&mut state, found);
    say(&mut state, WizardMessage::Next);
    say(&mut state, WizardMessage::Next);
    let mut draft = wizard(&state).flows[0].clone();
    draft.consumers[0].taken = false;
    let draft = Box::new(draft);
    say(&mut state, WizardMessage::Flow { at: 0, draft });
    let effects = say(&mut state, WizardMessage::Next);
    let [WizardEffect::Write { purpose, asked }] = effects.as_slice() else {
        panic!("it is written down: {effects:?}");
    };
    assert_eq!(*purpose, Purpose::Try);
    let consumers = &asked.profile.flows[0].consumers;
    assert_eq!(consumers.len(), 1, "what is not taken is left out");
    assert_eq!(consumers[0].name, "billing");
    assert_eq!(consumers[0].inbox, Some(inbox()), "with all it tells");
    assert_eq!(
        asked.why.consumers[0],
        [["of billing"]],
        "with its own reason"
    );
    assert_eq!(
        asked.profile.database.secret.as_deref(),
        Some("toys-database")
    );
    state
}

fn written(toml: &str) -> Result<Written, Failure> {
    Ok(Written {
        toml: toml.to_owned(),
        problems: Vec::new(),
    })
}

#[test]
fn what_was_tried_is_not_tried_again_unless_it_changes() {
    let mut state = at_preview();
    let tried = |answer| WizardMessage::Written {
        purpose: Purpose::Try,
        answer,
    };
    let effects = say(&mut state, tried(written("a")));
    assert!(
        matches!(effects.as_slice(), [WizardEffect::Try(_)]),
        "{effects:?}"
    );
    say(&mut state, WizardMessage::Trying(Ok(3)));
    let over = Trying {
        total: 5,
        done: true,
        ..Trying::default()
    };
    let answer = Box::new(Ok(over));
    say(&mut state, WizardMessage::Tried { no: 3, answer });
    assert_eq!(wizard(&state).trial.shown.total, 5);
    assert_eq!(say(&mut state, tried(written("a"))), []);
    let effects = say(&mut state, tried(written("b")));
    assert!(
        matches!(
            effects.as_slice(),
            [WizardEffect::DropTry(3), WizardEffect::Try(_)]
        ),
        "{effects:?}"
    );
}

#[test]
fn a_saved_profile_is_opened() {
    let mut state = at_preview();
    let answer = written("a");
    let purpose = Purpose::Try;
    say(&mut state, WizardMessage::Written { purpose, answer });
    say(&mut state, WizardMessage::Next);
    assert_eq!(wizard(&state).finish.name, "toys");
    let refused = wizard(&state).refusal(&["toys".to_owned()]);
    assert!(refused.is_some_and(|why| why.contains("another name")));
    say(&mut state, WizardMessage::Next);
    let answer = written("a");
    let purpose = Purpose::Save;
    let effects = say(&mut state, WizardMessage::Written { purpose, answer });
    let [WizardEffect::Save(order)] = effects.as_slice() else {
        panic!("it is saved: {effects:?}");
    };
    assert_eq!(
        order.0.secrets,
        [("toys-database".to_owned(), "hunter2".to_owned())]
    );
    let effects = state.update(Message::Wizard(WizardMessage::Saved(Ok(()))));
    let opens = effects.iter().any(|effect| {
        matches!(effect, Effect::Open(open) if open.target == OpenTarget::Profile("toys".to_owned()))
    });
    assert!(opens && state.wizard.is_none());
}
