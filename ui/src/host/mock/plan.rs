//! The made-up world's details, plans and runs.

use uuid::Uuid;
use waybill_model::{
    Attempt, AttemptState, BodySource, ConsumerVerdict, Coordinate, Copy, EventDetail, EventRow,
    Fact, HEADER_ATTEMPT, HEADER_ID, Marks, Micros, Mode, OutboxRow, Plan, PlannedEvent,
    PublishVerdict, Recipient, ResendId, Route, RouteCheck, Sibling, Stage, Stamp, Strength,
    VerdictClass, Warning,
};
use waybill_protocol::{
    CheckedRoute, Code, Failure, JournalRun, MakePlan, Preview, PreviewedParcel, RunStatus, Send,
};

use super::parts::CONSUMERS;
use super::world::{World, now, row_of};

fn stamp(at: Micros) -> Stamp {
    Stamp {
        at,
        clock: waybill_model::Clock::Database,
        resolution_micros: 1,
    }
}

fn record(event: &EventRow) -> Coordinate {
    Coordinate::Record {
        topic: "product-events".to_owned(),
        partition: event.no % 6,
        offset: i64::from(event.no) * 3,
    }
}

fn body(event: &EventRow) -> Vec<u8> {
    let id = event.aggregate.rsplit('/').next().unwrap_or_default();
    format!(
        "{{\"productId\":{id},\"version\":{},\"name\":\"Squeaky Otter, large\",\"previousName\":\"Squeaky Otter\",\"price\":{{\"amount\":1299,\"currency\":\"EUR\"}},\"tags\":[\"bath\",\"squeaky\"],\"at\":\"{}\"}}",
        event.version.unwrap_or(1),
        event.at,
    )
    .into_bytes()
}

pub(super) fn detail(world: &World, event: &EventRow) -> EventDetail {
    let fact = |stage, consumer: Option<&str>, coordinate, at, note: &str| Fact {
        stage,
        consumer: consumer.map(str::to_owned),
        strength: Strength::Proof,
        coordinate,
        stamp: stamp(at),
        marks: Marks::default(),
        note: note.to_owned(),
    };
    let key = event.aggregate.rsplit('/').next().unwrap_or_default();
    let stuck = matches!(event.verdict.publish, PublishVerdict::Stuck(_));
    let mut facts = Vec::new();
    if let Some(at) = event.stored {
        facts.push(fact(
            Stage::Stored,
            None,
            row_of("products", key),
            at,
            &format!("version {}", event.version.unwrap_or(1)),
        ));
    }
    if let Some(at) = event.outbox {
        let note = if stuck {
            "attempts 2 · \"broker unreachable\""
        } else {
            "sent"
        };
        facts.push(fact(
            Stage::Outbox,
            None,
            row_of("outbox", 80_000 + event.no),
            at,
            note,
        ));
    }
    if let Some(at) = event.published {
        facts.push(fact(Stage::Published, None, record(event), at, ""));
    }
    for (name, cell) in CONSUMERS.iter().zip(&event.consumers) {
        if let Some(at) = cell.at {
            facts.push(fact(
                Stage::Consumed,
                Some(name),
                row_of(&format!("{name}.inbox"), event.no),
                at,
                "",
            ));
        }
    }
    EventDetail {
        row: event.clone(),
        sentence: sentence(event),
        facts,
        outbox_row: event.outbox.map(|at| outbox_row(event, at)),
        copies: event
            .published
            .map(|at| copy(event, at))
            .into_iter()
            .collect(),
        history: history(world, event),
        problems: Vec::new(),
    }
}

fn sentence(event: &EventRow) -> String {
    match event.verdict.publish {
        PublishVerdict::Stuck(_) => "Stored and in the outbox 2 ms later. The relay tried twice and failed; the topic was read without a gap over the whole window and holds no copy.",
        PublishVerdict::MissingOutboxRow => "The product was changed, but no outbox row was written with it, and no copy is on the topic.",
        PublishVerdict::Phantom => "A copy is on the topic, but neither the outbox nor the products table knows of it: it was published before its transaction was rolled back.",
        _ if event.class == VerdictClass::Missing => "Published in time. Search moved past it, and its inbox, read without a gap, does not hold it.",
        _ => "Stored, published 41 ms later, and processed by everyone who should have it.",
    }
    .to_owned()
}

fn outbox_row(event: &EventRow, at: Micros) -> OutboxRow {
    let column = |name: &str, value: String| (name.to_owned(), Some(value));
    OutboxRow {
        columns: vec![
            column("id", (80_000 + event.no).to_string()),
            column("event_id", event.id.to_string()),
            column("type", event.kind.clone()),
            column("created_at", at.to_string()),
            (
                "sent_at".to_owned(),
                event.published.map(|at| at.to_string()),
            ),
        ],
        payload: Some(body(event)),
        payload_len: body(event).len() as u64,
    }
}

fn copy(event: &EventRow, at: Micros) -> Copy {
    let text = |value: &str| Some(value.as_bytes().to_vec());
    Copy {
        coordinate: record(event),
        stamp: stamp(at),
        key: text(&event.aggregate),
        headers: vec![
            ("id".to_owned(), text(event.id.as_str())),
            ("type".to_owned(), text(&event.kind)),
            ("trace".to_owned(), None),
        ],
        properties: Vec::new(),
        payload: Some(body(event)),
        payload_len: body(event).len() as u64,
    }
}

fn history(world: &World, event: &EventRow) -> Vec<Sibling> {
    let version = event.version.unwrap_or(5);
    (-3..=1)
        .map(|step| {
            let other = world
                .events
                .get(event.no.saturating_add_signed(step * 7) as usize)
                .unwrap_or(event);
            let here = step == 0;
            let shown = if here { event } else { other };
            Sibling {
                no: shown.no,
                id: shown.id.clone(),
                kind: shown.kind.clone(),
                version: Some(version + i64::from(step)),
                at: event.at.plus(i64::from(step) * 61_000_000),
                class: if here {
                    event.class
                } else {
                    VerdictClass::Arrived
                },
                stored: true,
                published: !here || event.published.is_some(),
                consumed: event
                    .consumers
                    .iter()
                    .map(|cell| !here || cell.at.is_some())
                    .collect(),
            }
        })
        .collect()
}

impl World {
    pub(super) fn plan(&mut self, call: MakePlan) -> Plan {
        let chosen: Vec<_> = self
            .events
            .iter()
            .filter(|event| call.events.contains(&event.no))
            .cloned()
            .collect();
        self.planned = chosen.iter().map(|event| event.no).collect();
        let events: Vec<_> = chosen
            .iter()
            .filter(|event| event.class.needs_action())
            .map(planned)
            .collect();
        let left_out = chosen.iter().filter(|event| !event.class.needs_action());
        let rebuilt = chosen.iter().filter(|event| event.outbox.is_none()).count() as u32;
        let processed = |no: usize| {
            chosen
                .iter()
                .filter(|e| e.consumers[no].verdict == ConsumerVerdict::Processed)
                .count() as u32
        };
        let names: Vec<_> = match &call.mode {
            Mode::Everyone => CONSUMERS.to_vec(),
            Mode::OneConsumer { consumer } => CONSUMERS
                .into_iter()
                .filter(|name| name == consumer)
                .collect(),
        };
        let mut warnings = vec![Warning::NewerPublished {
            aggregate: "product/4711".to_owned(),
            newer: 2,
        }];
        if rebuilt > 0 {
            warnings.push(Warning::Reconstructed { events: rebuilt });
        }
        Plan {
            id: ResendId(Uuid::new_v4()),
            mode: call.mode,
            pace: call.pace,
            left_out: left_out
                .map(|e| (e.id.clone(), "It has arrived everywhere.".to_owned()))
                .collect(),
            recipients: names
                .into_iter()
                .map(|name| Recipient {
                    name: name.to_owned(),
                    already_processed: CONSUMERS
                        .iter()
                        .position(|n| *n == name)
                        .map_or(0, processed),
                    expected: true,
                })
                .collect(),
            warnings,
            typed_confirmation: Some("toys".to_owned()),
            refused: None,
            unproven: Vec::new(),
            reconstructed: Vec::new(),
            events,
        }
    }

    pub(super) fn preview(&self, call: &Preview) -> Result<PreviewedParcel, Failure> {
        let found = self.events.iter().find(|event| event.id == call.event);
        let event = found.ok_or_else(|| Failure::new(Code::Stale, "The plan is out of date."))?;
        let text = |value: &str| Some(value.as_bytes().to_vec());
        Ok(PreviewedParcel {
            route: planned(event).route,
            headers: vec![
                ("id".to_owned(), text(event.id.as_str())),
                ("type".to_owned(), text(&event.kind)),
                (HEADER_ID.to_owned(), text(&call.plan.to_string())),
                (HEADER_ATTEMPT.to_owned(), text("1")),
            ],
            properties: Vec::new(),
            payload: Some(body(event)),
        })
    }

    pub(super) fn dry_run(&self) -> Vec<CheckedRoute> {
        let route = |partition| Route {
            destination: "product-events".to_owned(),
            key: None,
            partition: Some(partition),
            routing_key: None,
        };
        let check = |notes: &[&str]| RouteCheck {
            reachable: true,
            reaches: CONSUMERS.map(str::to_owned).to_vec(),
            notes: notes.iter().map(|note| (*note).to_owned()).collect(),
        };
        vec![
            CheckedRoute {
                route: route(1),
                events: 5,
                check: check(&[]),
            },
            CheckedRoute {
                route: route(4),
                events: 7,
                check: check(&["search has no member attached right now."]),
            },
        ]
    }

    pub(super) fn send(&mut self, call: &Send) -> Result<(), Failure> {
        if call.typed != "toys" {
            return Err(Failure::new(
                Code::NotConfirmed,
                "What was typed is not the profile's name.",
            ));
        }
        let chosen = self
            .events
            .iter()
            .filter(|event| self.planned.contains(&event.no));
        let attempts = chosen.map(|event| Attempt {
            resend: call.plan,
            event: event.id.clone(),
            attempt: 1,
            state: AttemptState::Planned,
            at: now(),
        });
        let attempts = attempts.collect();
        self.run = Some(RunStatus {
            id: call.plan,
            running: true,
            doing: "Starting".to_owned(),
            attempts,
        });
        Ok(())
    }

    pub(super) fn stop_send(&mut self) -> Result<(), Failure> {
        if let Some(run) = &mut self.run {
            run.running = false;
            let waiting = run
                .attempts
                .iter_mut()
                .filter(|attempt| attempt.state == AttemptState::Planned);
            waiting.for_each(|attempt| attempt.state = AttemptState::Cancelled);
        }
        Ok(())
    }

    /// One step of the running resend per poll: send the next, then watch.
    pub(super) fn move_run(&mut self) {
        let Some(run) = self.run.as_mut().filter(|run| run.running) else {
            return;
        };
        self.generation += 1;
        let total = run.attempts.len();
        if let Some(next) = run
            .attempts
            .iter()
            .position(|attempt| attempt.state == AttemptState::Planned)
        {
            run.attempts[next].state = AttemptState::Sent {
                coordinate: Some(Coordinate::Record {
                    topic: "product-events".to_owned(),
                    partition: 1,
                    offset: 90_000,
                }),
            };
            run.doing = format!("Sending {} of {total}", next + 1);
            return;
        }
        let sent = run
            .attempts
            .iter()
            .position(|attempt| matches!(attempt.state, AttemptState::Sent { .. }));
        let Some(idx) = sent else {
            run.running = false;
            "Done".clone_into(&mut run.doing);
            return;
        };
        run.attempts[idx].state = AttemptState::Effective;
        run.doing = format!("Watching until {total} events arrive");
        let id = run.attempts[idx].event.clone();
        if let Some(event) = self.events.iter_mut().find(|event| event.id == id) {
            arrive(event);
        }
    }

    pub(super) fn journal(&self) -> Vec<JournalRun> {
        let run = self.run.iter().map(|run| JournalRun {
            id: run.id,
            profile: "toys".to_owned(),
            mode: Mode::Everyone,
            by: "mara".to_owned(),
            reason: "INC-2231: search misses renamed products".to_owned(),
            unproven_form: None,
            at: now(),
            unfinished: false,
            attempts: run.attempts.clone(),
        });
        run.collect()
    }
}

fn planned(event: &EventRow) -> PlannedEvent {
    let body = if event.outbox.is_some() {
        BodySource::OutboxRow {
            coordinate: row_of("outbox", 80_000 + event.no),
        }
    } else {
        BodySource::Reconstructed {
            coordinate: row_of("products", event.no),
        }
    };
    PlannedEvent {
        no: event.no,
        id: event.id.clone(),
        kind: event.kind.clone(),
        aggregate: event.aggregate.clone(),
        route: Route {
            destination: "product-events".to_owned(),
            key: Some(event.aggregate.clone().into_bytes()),
            partition: Some(event.no % 6),
            routing_key: None,
        },
        body,
        attempt: 1,
    }
}

fn arrive(event: &mut EventRow) {
    event.published = event.published.or_else(|| Some(now()));
    event.outbox = event.outbox.or(event.stored);
    event.verdict.publish = PublishVerdict::Published;
    event.verdict.flags |= waybill_model::Flags::RESENT;
    for (cell, verdict) in event.consumers.iter_mut().zip(&mut event.verdict.consumers) {
        cell.at = cell.at.or_else(|| Some(now()));
        cell.verdict = ConsumerVerdict::Processed;
        *verdict = ConsumerVerdict::Processed;
    }
    event.class = event.verdict.class();
}
