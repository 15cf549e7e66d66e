//! Performs effects.

use std::time::Duration;

use leptos::prelude::set_timeout;
use waybill_protocol::{
    Call, Close, Code, Failure, GetFaults, GetStatus, Heal, Hello, ResetDemo, Stop, StopSend,
};
use waybill_timeline::Tile;

use super::wizard::perform_wizard;
use super::{Page, browser, prefs};
use crate::host;
use crate::state::{
    DemoMessage, DetailMessage, Effect, FormMessage, GridMessage, Message, ResendMessage,
    SessionMessage, TimelineMessage,
};

/// Does what the state wants done.
pub(super) fn perform(page: Page, effect: Effect) {
    match effect {
        Effect::Hello => ask_always(page, Hello {}, Message::Welcomed),
        Effect::Open(open) => ask(page, open, |answer| {
            Message::Session(SessionMessage::Opened(Box::new(answer)))
        }),
        Effect::Close => ask_always(page, Close {}, |answer| {
            Message::Session(SessionMessage::Taken(answer))
        }),
        Effect::Scan(scan) => ask(page, scan, |answer| {
            Message::Session(SessionMessage::Taken(answer))
        }),
        Effect::Stop => ask(page, Stop {}, |answer| {
            Message::Session(SessionMessage::Taken(answer))
        }),
        Effect::Live(live) => ask(page, live, |answer| {
            Message::Session(SessionMessage::Taken(answer))
        }),
        Effect::Status => {
            ask(page, GetStatus {}, |answer| {
                Message::Session(SessionMessage::Status(Box::new(answer)))
            });
        }
        Effect::Rows(rows) => {
            let asked = rows.clone();
            ask(page, rows, |answer| {
                Message::Grid(GridMessage::Rows {
                    asked,
                    answer: Box::new(answer),
                })
            });
        }
        Effect::Range(rows) => ask(page, rows, |answer| {
            Message::Grid(GridMessage::Range(Box::new(answer)))
        }),
        Effect::Select(select) => ask(page, select, |answer| {
            Message::Grid(GridMessage::SelectedAll(answer))
        }),
        Effect::Tile(tile) => ask(page, tile, |answer| {
            Message::Timeline(TimelineMessage::Tile(Box::new(
                answer.and_then(|bytes| decode(&bytes)),
            )))
        }),
        Effect::Nearest(nearest) => ask(page, nearest, |answer| {
            Message::Timeline(TimelineMessage::Nearest(answer))
        }),
        Effect::Detail(detail) => {
            let no = detail.no;
            ask(page, detail, move |answer| {
                Message::Detail(DetailMessage::Arrived {
                    no,
                    answer: Box::new(answer),
                })
            });
        }
        Effect::Later(later) => {
            set_timeout(
                move || page.dispatch(*later.message),
                Duration::from_millis(u64::from(later.millis)),
            );
        }
        Effect::Copy(text) => browser::copy(&text),
        Effect::Focus(name) => browser::focus(name),
        Effect::Reveal { line } => browser::reveal(line),
        Effect::Theme(choice) => prefs::wear(choice),
        Effect::KeepLocalTimes(local) => prefs::keep_local_times(local),
        Effect::UiReady => page.host().ready(),
        other => perform_resend(page, other),
    }
}

fn perform_resend(page: Page, effect: Effect) {
    let resend = Message::Resend;
    match effect {
        Effect::Plan(plan) => ask(page, plan, move |answer| {
            resend(ResendMessage::Plan(Box::new(answer)))
        }),
        Effect::Preview(preview) => {
            let event = preview.event.clone();
            ask(page, preview, move |answer| {
                resend(ResendMessage::Previewed {
                    event,
                    answer: Box::new(answer),
                })
            });
        }
        Effect::DryRun(plan) => ask(page, plan, move |answer| {
            resend(ResendMessage::DryRan(answer))
        }),
        Effect::Send(send) => ask(page, send, move |answer| {
            resend(ResendMessage::Sent(answer))
        }),
        Effect::StopSend => ask(page, StopSend {}, move |answer| {
            resend(ResendMessage::Taken(answer))
        }),
        Effect::ContinueRun(run) => ask(page, run, move |answer| {
            resend(ResendMessage::Taken(answer))
        }),
        Effect::Journal(journal) => ask(page, journal, move |answer| {
            resend(ResendMessage::Journal(answer))
        }),
        other => perform_form(page, other),
    }
}

fn perform_form(page: Page, effect: Effect) {
    let (form, demo) = (Message::Form, Message::Demo);
    match effect {
        Effect::Profile(profile) => {
            ask_always(page, profile, move |answer| form(FormMessage::Text(answer)))
        }
        Effect::CheckProfile(check) => ask_always(page, check, move |answer| {
            form(FormMessage::Checked(answer))
        }),
        Effect::Probe(probe) => ask_always(page, probe, move |answer| {
            form(FormMessage::Probing(answer))
        }),
        Effect::ProbeSteps(steps) => {
            ask_always(page, steps, move |answer| form(FormMessage::Probed(answer)))
        }
        Effect::SaveProfile(save) => {
            ask_always(page, save, move |answer| form(FormMessage::Saved(answer)))
        }
        Effect::DeleteProfile(delete) => ask_always(page, delete, move |answer| {
            form(FormMessage::Deleted(answer))
        }),
        Effect::Wizard(effect) => perform_wizard(page, effect),
        Effect::Faults => ask(page, GetFaults {}, move |answer| {
            demo(DemoMessage::Faults(answer))
        }),
        Effect::Break(fault) => ask(page, fault, move |answer| demo(DemoMessage::Broken(answer))),
        Effect::Heal => ask(page, Heal {}, move |answer| {
            demo(DemoMessage::Healed(answer))
        }),
        Effect::ResetDemo => ask(page, ResetDemo {}, move |answer| {
            demo(DemoMessage::WasReset(answer))
        }),
        _ => {}
    }
}

/// Calls the core; an answer that comes after the session has been left is dropped.
fn ask<C: Call + 'static>(
    page: Page,
    call: C,
    answered: impl FnOnce(Result<C::Reply, Failure>) -> Message + 'static,
) {
    let epoch = page.peek(|state| state.session.epoch);
    let host = page.host();
    wasm_bindgen_futures::spawn_local(async move {
        let answer = host::call(&host, &call).await;
        if page.peek(|state| state.session.epoch) == epoch {
            page.dispatch(answered(answer));
        }
    });
}

/// Calls the core about something that no session owns.
pub(super) fn ask_always<C: Call + 'static>(
    page: Page,
    call: C,
    answered: impl FnOnce(Result<C::Reply, Failure>) -> Message + 'static,
) {
    let host = page.host();
    wasm_bindgen_futures::spawn_local(async move {
        let answer = host::call(&host, &call).await;
        page.dispatch(answered(answer));
    });
}

fn decode(bytes: &[u8]) -> Result<Tile, Failure> {
    Tile::decode(bytes).map_err(|error| {
        Failure::new(
            Code::Internal,
            "Page and core do not understand each other: tile.",
        )
        .detail(error.to_string())
    })
}
