//! The event that is looked at.

use waybill_model::{EventDetail, Micros, VerdictClass};
use waybill_protocol::{Failure, GetDetail};

use super::{Effect, GridMessage, State};

/// The detail pane.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Which event; `None` shows what was found instead.
    pub no: Option<u32>,
    /// What is known of it. Belongs to an older event while the new one is loading.
    pub shown: Option<EventDetail>,
    /// Why it could not be had.
    pub failure: Option<Failure>,
    /// The chosen tab.
    pub tab: DetailTab,
    /// The raw body instead of the tree.
    pub raw: bool,
    /// Lines of the tree that are folded.
    pub folded: Vec<usize>,
    in_flight: Option<u32>,
    stale: bool,
    asked_at: Micros,
}

/// How long an event that is not where it should be is left alone before it is looked at again.
const ASK_AGAIN_MICROS: i64 = 2_000_000;

/// A tab of the detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DetailTab {
    /// The body.
    #[default]
    Payload,
    /// Headers and properties of the copy, columns of the row.
    Headers,
    /// Outbox row against copy.
    Diff,
    /// The aggregate's events.
    History,
}

/// What can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffWith {
    /// Both are there.
    Both,
    /// There is no outbox row.
    NoRow,
    /// There is no copy.
    NoCopy,
}

/// Something about the detail.
#[derive(Debug, Clone, PartialEq)]
pub enum DetailMessage {
    /// Look at this event.
    Show(u32),
    /// It arrived.
    Arrived {
        /// Which.
        no: u32,
        /// The answer.
        answer: Box<Result<EventDetail, Failure>>,
    },
    /// Look at none.
    Close,
    /// Choose a tab.
    Tab(DetailTab),
    /// Tree or raw.
    Raw(bool),
    /// Fold or unfold a line.
    Fold(usize),
    /// Ask again.
    Retry,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            no: None,
            shown: None,
            failure: None,
            tab: DetailTab::default(),
            raw: false,
            folded: Vec::new(),
            in_flight: None,
            stale: false,
            asked_at: Micros(0),
        }
    }
}

impl DetailTab {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Payload, Self::Headers, Self::Diff, Self::History];

    /// What stands on it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Payload => "Payload",
            Self::Headers => "Headers",
            Self::Diff => "Diff",
            Self::History => "History",
        }
    }

    /// Its `data-test`.
    pub fn test_name(self) -> &'static str {
        match self {
            Self::Payload => "detail-payload",
            Self::Headers => "detail-headers",
            Self::Diff => "detail-diff",
            Self::History => "detail-history",
        }
    }
}

impl Detail {
    /// Whether what is shown is not yet what is looked at.
    pub fn is_loading(&self) -> bool {
        self.no.is_some()
            && self.failure.is_none()
            && self.no != self.shown.as_ref().map(|shown| shown.row.no)
    }

    /// The body to show: the copy's when there is one, else the row's.
    pub fn body(&self) -> Option<(Option<&[u8]>, u64, &'static str)> {
        let shown = self.shown.as_ref()?;
        if let Some(copy) = shown.copies.first() {
            return Some((copy.payload.as_deref(), copy.payload_len, "as published"));
        }
        let row = shown.outbox_row.as_ref()?;
        Some((
            row.payload.as_deref(),
            row.payload_len,
            "from the outbox row",
        ))
    }

    /// What can be compared.
    pub fn diff_with(&self) -> DiffWith {
        let shown = self.shown.as_ref();
        if shown.is_none_or(|shown| shown.outbox_row.is_none()) {
            DiffWith::NoRow
        } else if shown.is_none_or(|shown| shown.copies.is_empty()) {
            DiffWith::NoCopy
        } else {
            DiffWith::Both
        }
    }
}

impl State {
    pub(super) fn update_detail(&mut self, message: DetailMessage) -> Vec<Effect> {
        match message {
            DetailMessage::Show(no) => self.look_at(no),
            DetailMessage::Arrived { no, answer } => {
                self.detail.in_flight = None;
                if self.detail.no == Some(no) {
                    match *answer {
                        Ok(detail) => {
                            self.detail.shown = Some(detail);
                            self.detail.failure = None;
                        }
                        Err(failure) => self.detail.failure = Some(failure),
                    }
                }
                if self.detail.stale || (self.detail.is_loading() && self.detail.no != Some(no)) {
                    return self.ask_detail();
                }
                Vec::new()
            }
            DetailMessage::Close => {
                let kept = (self.detail.tab, self.detail.raw);
                self.detail = Detail {
                    tab: kept.0,
                    raw: kept.1,
                    in_flight: self.detail.in_flight,
                    ..Detail::default()
                };
                self.grid.cursor = None;
                Vec::new()
            }
            DetailMessage::Tab(tab) => {
                self.detail.tab = tab;
                Vec::new()
            }
            DetailMessage::Raw(raw) => {
                self.detail.raw = raw;
                Vec::new()
            }
            DetailMessage::Fold(line) => {
                match self.detail.folded.iter().position(|folded| *folded == line) {
                    Some(idx) => {
                        self.detail.folded.remove(idx);
                    }
                    None => self.detail.folded.push(line),
                }
                Vec::new()
            }
            DetailMessage::Retry => {
                self.detail.failure = None;
                self.ask_detail()
            }
        }
    }

    fn look_at(&mut self, no: u32) -> Vec<Effect> {
        if self.detail.no != Some(no) {
            self.detail.folded.clear();
            self.detail.failure = None;
        }
        self.detail.no = Some(no);
        let mut effects = self.ask_detail();
        if self
            .grid
            .cursor
            .and_then(|line| self.grid.row(line))
            .map(|row| row.no)
            != Some(no)
        {
            if let Some(line) = self.grid.line_of(no) {
                effects.extend(self.update_grid(GridMessage::Cursor {
                    line,
                    extend: false,
                }));
            } else {
                self.grid.cursor = None;
            }
        }
        effects
    }

    fn ask_detail(&mut self) -> Vec<Effect> {
        let Some(no) = self.detail.no else {
            return Vec::new();
        };
        if self.detail.in_flight.is_some() {
            // One question at a time: holding the down key must not queue a hundred of them.
            self.detail.stale = true;
            return Vec::new();
        }
        self.detail.stale = false;
        self.detail.in_flight = Some(no);
        self.detail.asked_at = self.now();
        vec![Effect::Detail(GetDetail { no })]
    }

    /// The verdict of the event may have changed. Asking reads its row and copies from their sources,
    /// so we do it when the grid shows another verdict, and otherwise rarely.
    pub(super) fn refresh_detail(&mut self) -> Vec<Effect> {
        let Some(shown) = self
            .detail
            .shown
            .as_ref()
            .filter(|shown| Some(shown.row.no) == self.detail.no)
        else {
            return Vec::new();
        };
        let row = self
            .grid
            .line_of(shown.row.no)
            .and_then(|line| self.grid.row(line));
        let due = match row {
            Some(row) => row.verdict != shown.row.verdict,
            // The tab no longer holds it, perhaps because it has just arrived.
            None => self.now().since(self.detail.asked_at) > ASK_AGAIN_MICROS && !is_settled(shown),
        };
        if due { self.ask_detail() } else { Vec::new() }
    }
}

fn is_settled(shown: &EventDetail) -> bool {
    shown.row.class == VerdictClass::Arrived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holding_a_key_asks_for_the_last_event_only() {
        let mut state = State::default();
        let asked = |effects: &[Effect]| {
            let detail = |effect: &Effect| match effect {
                Effect::Detail(detail) => Some(detail.no),
                _ => None,
            };
            effects.iter().filter_map(detail).collect::<Vec<_>>()
        };
        assert_eq!(asked(&state.update_detail(DetailMessage::Show(1))), [1]);
        assert_eq!(
            asked(&state.update_detail(DetailMessage::Show(2))),
            Vec::<u32>::new()
        );
        assert_eq!(
            asked(&state.update_detail(DetailMessage::Show(3))),
            Vec::<u32>::new()
        );
        let gone = Failure::new(waybill_protocol::Code::Stale, "gone");
        let answer = Box::new(Err(gone));
        assert_eq!(
            asked(&state.update_detail(DetailMessage::Arrived { no: 1, answer })),
            [3]
        );
        assert!(
            state.detail.failure.is_none(),
            "the failure of an event nobody looks at any more is not shown"
        );
    }
}
