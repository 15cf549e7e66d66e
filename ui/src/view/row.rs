//! One line of the grid.

use leptos::prelude::*;
use waybill_model::{ConsumerVerdict, EventRow, Flags, Micros, Phase, VerdictClass};

use crate::run::use_page;
use crate::state::{
    GridMessage, Message, State, Zone, clock, consumer, consumer_reason, date_clock, delta,
    finding, publish, publish_reason, span, tone,
};

/// A cell of a stage: letters, tone, and the sentence behind it.
#[derive(Clone, PartialEq)]
struct Cell {
    text: String,
    tone: &'static str,
    title: String,
}

/// A line as it is shown.
#[derive(Clone, PartialEq)]
struct Shown {
    no: u32,
    pill: String,
    pill_class: String,
    pill_title: String,
    flags: Vec<&'static str>,
    kind: String,
    aggregate: String,
    id: String,
    at: String,
    at_title: String,
    cells: Vec<(Cell, bool)>,
    resent: bool,
}

fn cell(text: impl Into<String>, tone: &'static str, title: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        tone,
        title: title.into(),
    }
}

fn shown(state: &State, line: u64) -> Option<Shown> {
    let row = state.grid.row(line)?;
    let zone = state.look.zone();
    let consumers = state.session.consumers();
    let suspected = row.verdict.phase == Phase::Suspected && row.class.needs_action();
    let reason = publish_reason(&row.verdict.publish).unwrap_or_default();
    let phase = if suspected {
        " Suspected: seen by one scan so far."
    } else {
        ""
    };
    Some(Shown {
        no: row.no,
        pill: finding(row, consumers),
        pill_class: format!(
            "pill {}{}",
            tone(row.class),
            if suspected { " suspected" } else { "" }
        ),
        pill_title: format!("{reason}{phase}"),
        flags: flags(row.verdict.flags),
        kind: if row.kind.is_empty() {
            "–".to_owned()
        } else {
            row.kind.clone()
        },
        aggregate: row.aggregate.replacen('/', " ", 1),
        id: row.id.to_string(),
        at: clock(row.at, zone),
        at_title: date_clock(row.at, zone),
        cells: cells(row, consumers, zone),
        resent: row.verdict.flags.contains(Flags::RESENT),
    })
}

fn flags(flags: Flags) -> Vec<&'static str> {
    let all = [
        (Flags::DUPLICATE, "published more than once"),
        (Flags::OUT_OF_ORDER, "out of order"),
        (Flags::PAYLOAD_MISMATCH, "outbox row and copy differ"),
        (Flags::KEY_MOVED, "its aggregate lies in several partitions"),
        (Flags::SKEW, "the clocks contradict each other"),
        (Flags::DUPLICATE_ROW, "its id stands in several outbox rows"),
        (
            Flags::MALFORMED,
            "something about it could not be understood",
        ),
        (Flags::NO_ID, "it carries no id to be matched by"),
    ];
    all.into_iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, words)| words)
        .collect()
}

fn cells(row: &EventRow, consumers: &[String], zone: Zone) -> Vec<(Cell, bool)> {
    let mut cells = vec![
        (stored(row, zone), false),
        (outbox(row, zone), false),
        (published(row, zone), true),
    ];
    for (name, seen) in consumers.iter().zip(&row.consumers) {
        cells.push((consumed(row, name, seen.at, &seen.verdict, zone), true));
    }
    cells
}

/// The time since the event first happened; the first stage itself is a dot.
fn since(row: &EventRow, at: Micros, zone: Zone, what: &str) -> Cell {
    let title = format!("{what} {}", date_clock(at, zone));
    if at == row.at {
        cell("●", "tone-muted", title)
    } else {
        cell(delta(at.since(row.at)), "", title)
    }
}

fn stored(row: &EventRow, zone: Zone) -> Cell {
    match row.stored {
        Some(at) => since(row, at, zone, "Stored"),
        None if row.class == VerdictClass::Phantom => {
            cell("✕", "tone-missing", "There is no business row")
        }
        None => cell(
            "·",
            "tone-faint",
            "No business table is read, or it holds no such version",
        ),
    }
}

fn outbox(row: &EventRow, zone: Zone) -> Cell {
    use waybill_model::PublishVerdict::{MissingOutboxRow, Phantom};
    match (row.outbox, &row.verdict.publish) {
        (Some(at), _) => since(row, at, zone, "In the outbox"),
        (None, MissingOutboxRow | Phantom) => cell("✕", "tone-missing", "There is no outbox row"),
        (None, _) => cell("·", "tone-faint", "No outbox row was seen"),
    }
}

fn published(row: &EventRow, zone: Zone) -> Cell {
    let verdict = &row.verdict.publish;
    if let Some(at) = row.published {
        return since(row, at, zone, "Published");
    }
    let title = publish_reason(verdict).map_or_else(
        || publish(verdict).to_owned(),
        |why| format!("{}: {why}", publish(verdict)),
    );
    match verdict.class() {
        VerdictClass::Unknown => cell("?", "tone-unknown", title),
        VerdictClass::Pending => cell("…", "tone-faint", title),
        VerdictClass::Arrived => cell("·", "tone-faint", title),
        _ => cell("✕", "tone-missing", title),
    }
}

fn consumed(
    row: &EventRow,
    name: &str,
    at: Option<Micros>,
    verdict: &ConsumerVerdict,
    zone: Zone,
) -> Cell {
    let why = consumer_reason(verdict).unwrap_or_default();
    let title = format!("{}: {why}", consumer(verdict, name));
    match (verdict, at) {
        (ConsumerVerdict::Processed, Some(at)) => {
            since(row, at, zone, &format!("Processed by {name}"))
        }
        (ConsumerVerdict::Processed, None) => cell("✓", "", title),
        (ConsumerVerdict::Passed, _) => cell("passed", "tone-unknown", title),
        (ConsumerVerdict::DeadLettered | ConsumerVerdict::Failed, _) => {
            cell("✕", "tone-dead", title)
        }
        (ConsumerVerdict::LostByConsumer | ConsumerVerdict::NotRouted, _) => {
            cell("✕", "tone-missing", title)
        }
        (ConsumerVerdict::Lagging(_), _) => cell("late", "tone-late", title),
        (ConsumerVerdict::Retrying, _) => cell("again", "tone-late", title),
        (ConsumerVerdict::InFlight, _) => cell("…", "tone-faint", title),
        (ConsumerVerdict::NotDue, _) => cell("·", "tone-faint", title),
        (ConsumerVerdict::Unknown(_), _) => cell("?", "tone-unknown", title),
    }
}

/// A line.
#[component]
pub(super) fn Row(
    /// Which, from 0.
    line: u64,
) -> impl IntoView {
    let page = use_page();
    let row = page.memo(move |state| shown(state, line));
    // By itself, because it changes every second and the rest of the line does not.
    let age = page.memo(move |state| {
        state
            .grid
            .row(line)
            .map(|row| span(state.now().since(row.at)))
    });
    let chosen = page.memo(move |state| {
        state
            .grid
            .row(line)
            .is_some_and(|row| state.selection.contains(row.no))
    });
    let current = page.memo(move |state| state.grid.cursor == Some(line));
    let send = move |message| page.dispatch(Message::Grid(message));
    let top = format!("translateY({}px)", line * 28);
    let click = move |event: leptos::ev::MouseEvent| match row
        .get_untracked()
        .filter(|_| event.ctrl_key() || event.meta_key())
    {
        Some(row) => send(GridMessage::Toggle { line, no: row.no }),
        None => send(GridMessage::Cursor {
            line,
            extend: event.shift_key(),
        }),
    };
    view! {
        <div class="tr" role="row" id=format!("line-{line}") style:transform=top data-test="row"
            data-event=move || row.get().map(|row| row.id) data-class=move || row.get().map(|row| row.pill_class)
            aria-rowindex=(line + 1).to_string() aria-selected=move || chosen.get().to_string()
            class:cur=move || current.get() class:resent=move || row.get().is_some_and(|row| row.resent)
            on:click=click>
            {move || match row.get() {
                Some(row) => filled(row, chosen, age, line, send).into_any(),
                None => view! { <span class="td pick"></span><span class="bone" style:width="40%"></span> }.into_any(),
            }}
        </div>
    }
}

fn filled(
    row: Shown,
    chosen: Memo<bool>,
    age: Memo<Option<String>>,
    line: u64,
    send: impl Fn(GridMessage) + Copy + 'static,
) -> impl IntoView {
    let no = row.no;
    let cells = row.cells.into_iter().map(|(cell, far)| {
        let class = format!("td stage {} {}", if far { "far" } else { "" }, cell.tone);
        view! { <span class=class role="gridcell" title=cell.title>{cell.text}</span> }
    });
    let flags = row.flags.join(", ");
    view! {
        <span class="td pick" on:click=move |event| event.stop_propagation()>
            <input type="checkbox" tabindex="-1" data-test="pick" aria-label="Choose this event"
                prop:checked=move || chosen.get() on:change=move |_| send(GridMessage::Toggle { line, no })/>
        </span>
        <span class="td verdict" role="gridcell" title=row.pill_title>
            <span class=row.pill_class data-test="row-verdict">{row.pill}</span>
            {(!flags.is_empty()).then(|| view! { <span class="flagged" title=flags.clone() aria-label=flags>"▲"</span> })}
        </span>
        <span class="td kind" role="gridcell" title=row.kind.clone()>{row.kind.clone()}</span>
        <span class="td aggregate" role="gridcell">{row.aggregate}</span>
        <span class="td id" role="gridcell" title=row.id.clone()>{row.id.clone()}</span>
        <span class="td at" role="gridcell" title=row.at_title>{row.at}</span>
        <span class="td age" role="gridcell">{move || age.get()}</span>
        {cells.collect_view()}
    }
}
