//! The event grid: which lines are loaded, where the cursor is, which tab is chosen.

use waybill_model::EventRow;
use waybill_protocol::{Failure, GetRows, Group, Rows, Select};

use super::{DetailMessage, Effect, Message, ResendMessage, State, ToastKind};

/// The grid.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    /// The tabs over the grid.
    pub groups: Vec<Group>,
    /// The chosen tab, by title; `None` until there is one.
    pub tab: Option<String>,
    tab_is_users: bool,
    /// The lines that are loaded.
    pub block: Option<Block>,
    /// First line in view.
    pub first: u64,
    /// Lines in view.
    pub visible: u64,
    /// The line the cursor is on.
    pub cursor: Option<u64>,
    anchor: Option<u64>,
    /// Newest first.
    pub descending: bool,
    in_flight: bool,
    stale: bool,
    /// Why the lines could not be had.
    pub failure: Option<Failure>,
}

/// A stretch of lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The question it answers.
    pub asked: GetRows,
    /// How many lines there are in all.
    pub total: u64,
    /// The lines.
    pub rows: Vec<EventRow>,
}

/// Something about the grid.
#[derive(Debug, Clone, PartialEq)]
pub enum GridMessage {
    /// Rows may look different.
    Refresh,
    /// Lines arrived.
    Rows {
        /// The question.
        asked: GetRows,
        /// The answer.
        answer: Box<Result<Rows, Failure>>,
    },
    /// The view moved.
    Scrolled {
        /// First line in view.
        first: u64,
        /// Lines in view.
        visible: u64,
    },
    /// A tab was chosen.
    Tab(String),
    /// Newest or oldest first.
    Turn,
    /// The cursor goes to a line.
    Cursor {
        /// Line.
        line: u64,
        /// Everything from the anchor to here is chosen too.
        extend: bool,
    },
    /// The cursor goes up or down.
    Move {
        /// Lines, negative is up.
        by: i64,
        /// Everything from the anchor to there is chosen too.
        extend: bool,
    },
    /// The cursor goes to the next line that needs action, among those that are loaded.
    NextProblem {
        /// Down, or up.
        forward: bool,
    },
    /// The line of the cursor is chosen or dropped.
    ToggleAtCursor,
    /// This event is chosen or dropped.
    Toggle {
        /// Line.
        line: u64,
        /// Number.
        no: u32,
    },
    /// All that may be resent.
    SelectAll,
    /// Numbers of all that may be resent.
    SelectedAll(Result<Vec<u32>, Failure>),
    /// Lines of a range that was chosen.
    Range(Box<Result<Rows, Failure>>),
    /// Nothing is chosen any more.
    Clear,
    /// The last change of the selection is taken back.
    Undo,
}

/// Lines asked for at once.
const BLOCK: u32 = 160;

/// Lines before the view that a block begins with.
const LEAD: u64 = 50;

/// The most lines a range can bring at once (the protocol's limit).
const MAX_RANGE: u64 = 1_000;

impl Grid {
    /// A line, when it is loaded.
    pub fn row(&self, line: u64) -> Option<&EventRow> {
        let block = self.block.as_ref()?;
        let idx = line.checked_sub(block.asked.offset)?;
        block.rows.get(usize::try_from(idx).ok()?)
    }

    /// How many lines there are.
    pub fn total(&self) -> u64 {
        self.block.as_ref().map_or(0, |block| block.total)
    }

    /// The chosen tab.
    pub fn group(&self) -> Option<&Group> {
        let tab = self.tab.as_ref()?;
        self.groups.iter().find(|group| group.title == *tab)
    }

    /// The line of an event, when it is loaded.
    pub fn line_of(&self, no: u32) -> Option<u64> {
        let block = self.block.as_ref()?;
        let idx = block.rows.iter().position(|row| row.no == no)?;
        Some(block.asked.offset + u64::try_from(idx).ok()?)
    }

    /// Whether lines were asked for and none have come yet.
    pub fn is_loading(&self) -> bool {
        self.block.is_none() && self.failure.is_none()
    }

    /// The tabs are these now. A chosen tab stays when its events are gone: it then shows that all
    /// is well, which is what whoever just resent them wants to see.
    pub(super) fn groups_are(&mut self, groups: &[Group]) {
        let mut groups = groups.to_vec();
        let chosen = self.group().cloned().filter(|_| self.tab_is_users);
        if let Some(chosen) =
            chosen.filter(|chosen| groups.iter().all(|group| group.title != chosen.title))
        {
            groups.insert(0, Group { count: 0, ..chosen });
        }
        self.groups = groups;
        if !self.tab_is_users || self.group().is_none() {
            self.tab = self.groups.first().map(|group| group.title.clone());
        }
    }

    fn block_covers_view(&self) -> bool {
        let Some(block) = &self.block else {
            return false;
        };
        let end = block.asked.offset + u64::try_from(block.rows.len()).unwrap_or(0);
        block.asked.offset <= self.first && (self.first + self.visible).min(block.total) <= end
    }
}

impl State {
    pub(super) fn update_grid(&mut self, message: GridMessage) -> Vec<Effect> {
        match message {
            GridMessage::Refresh => self.ask_rows(),
            GridMessage::Rows { asked, answer } => self.rows_arrived(asked, *answer),
            GridMessage::Scrolled { first, visible } => {
                self.grid.first = first;
                self.grid.visible = visible;
                if self.grid.block_covers_view() {
                    Vec::new()
                } else {
                    self.ask_rows()
                }
            }
            GridMessage::Tab(title) => {
                self.grid.tab = Some(title);
                self.grid.tab_is_users = true;
                self.start_over()
            }
            GridMessage::Turn => {
                self.grid.descending = !self.grid.descending;
                self.start_over()
            }
            GridMessage::Cursor { line, extend } => self.cursor_to(line, extend),
            GridMessage::Move { by, extend } => self.move_cursor(by, extend),
            GridMessage::NextProblem { forward } => self.next_problem(forward),
            GridMessage::ToggleAtCursor => {
                let at_cursor = self
                    .grid
                    .cursor
                    .and_then(|line| Some((line, self.grid.row(line)?.no)));
                at_cursor.map_or_else(Vec::new, |(line, no)| self.toggle(line, no))
            }
            GridMessage::Toggle { line, no } => self.toggle(line, no),
            GridMessage::SelectAll => {
                vec![Effect::Select(Select {
                    filter: self.effective_filter(),
                    within: self.timeline.brush,
                })]
            }
            GridMessage::SelectedAll(answer) => self.selected_all(answer),
            GridMessage::Range(answer) => {
                if let Ok(rows) = *answer {
                    self.selection.add(rows.rows.iter().map(|row| row.no));
                }
                self.selection_changed()
            }
            GridMessage::Clear => {
                self.selection.clear();
                self.selection_changed()
            }
            GridMessage::Undo => {
                self.selection.undo();
                self.selection_changed()
            }
        }
    }

    /// Filter bar and tab together.
    pub(super) fn effective_filter(&self) -> String {
        let tab = self.grid.group().map_or("", |group| group.filter.as_str());
        match (tab, self.filter.applied.as_str()) {
            ("", bar) => bar.to_owned(),
            (tab, "") => tab.to_owned(),
            (tab, bar) => format!("({tab}) and ({bar})"),
        }
    }

    /// Another question: back to the first line.
    pub(super) fn start_over(&mut self) -> Vec<Effect> {
        self.grid.first = 0;
        self.grid.cursor = None;
        self.grid.anchor = None;
        self.grid.block = None;
        let mut effects = vec![Effect::Reveal { line: 0 }];
        effects.extend(self.ask_rows());
        effects
    }

    fn wanted(&self) -> GetRows {
        GetRows {
            filter: self.effective_filter(),
            within: self.timeline.brush,
            descending: self.grid.descending,
            offset: self.grid.first.saturating_sub(LEAD),
            limit: BLOCK,
        }
    }

    fn ask_rows(&mut self) -> Vec<Effect> {
        if self.session.status.is_none() {
            return Vec::new();
        }
        if self.grid.in_flight {
            self.grid.stale = true;
            return Vec::new();
        }
        self.grid.in_flight = true;
        self.grid.stale = false;
        vec![Effect::Rows(self.wanted())]
    }

    fn rows_arrived(&mut self, asked: GetRows, answer: Result<Rows, Failure>) -> Vec<Effect> {
        self.grid.in_flight = false;
        let wanted = self.wanted();
        let same_question = GetRows {
            offset: 0,
            ..asked.clone()
        } == GetRows {
            offset: 0,
            ..wanted
        };
        match answer {
            Ok(rows) if same_question => {
                let looked_at = self
                    .grid
                    .cursor
                    .and_then(|line| self.grid.row(line))
                    .map(|row| row.no);
                self.grid.block = Some(Block {
                    asked,
                    total: rows.total,
                    rows: rows.rows,
                });
                self.grid.failure = None;
                // New lines above push the rest down; the cursor stays with its event.
                if let Some(line) = looked_at.and_then(|no| self.grid.line_of(no)) {
                    self.grid.cursor = Some(line);
                }
            }
            Ok(_) => {}
            Err(failure) => self.grid.failure = Some(failure),
        }
        if self.grid.stale || (self.grid.failure.is_none() && !self.grid.block_covers_view()) {
            return self.ask_rows();
        }
        Vec::new()
    }

    fn cursor_to(&mut self, line: u64, extend: bool) -> Vec<Effect> {
        let line = line.min(self.grid.total().saturating_sub(1));
        let mut effects = Vec::new();
        if extend {
            let anchor = *self
                .grid
                .anchor
                .get_or_insert(self.grid.cursor.unwrap_or(line));
            effects.extend(self.choose_range(anchor.min(line), anchor.max(line)));
        } else {
            self.grid.anchor = Some(line);
        }
        self.grid.cursor = Some(line);
        effects.push(Effect::Reveal { line });
        if let Some(no) = self.grid.row(line).map(|row| row.no) {
            effects.extend(self.update_detail(DetailMessage::Show(no)));
        }
        effects
    }

    fn choose_range(&mut self, from: u64, to: u64) -> Vec<Effect> {
        let loaded: Option<Vec<u32>> = (from..=to)
            .map(|line| self.grid.row(line).map(|row| row.no))
            .collect();
        if let Some(numbers) = loaded {
            self.selection.add(numbers);
            return self.selection_changed();
        }
        let limit = u32::try_from((to - from + 1).min(MAX_RANGE)).unwrap_or(0);
        vec![Effect::Range(GetRows {
            offset: from,
            limit,
            ..self.wanted()
        })]
    }

    fn move_cursor(&mut self, by: i64, extend: bool) -> Vec<Effect> {
        if self.grid.total() == 0 {
            return Vec::new();
        }
        let line = match self.grid.cursor {
            Some(line) => line.saturating_add_signed(by),
            None => self.grid.first,
        };
        self.cursor_to(line, extend)
    }

    fn next_problem(&mut self, forward: bool) -> Vec<Effect> {
        let Some(block) = &self.grid.block else {
            return Vec::new();
        };
        let lines = (block.asked.offset..).zip(&block.rows);
        let problems: Vec<u64> = lines
            .filter(|(_, row)| row.class.needs_action())
            .map(|(line, _)| line)
            .collect();
        let next = match (self.grid.cursor, forward) {
            (Some(cursor), true) => problems.iter().find(|line| **line > cursor),
            (Some(cursor), false) => problems.iter().rfind(|line| **line < cursor),
            (None, true) => problems.first(),
            (None, false) => problems.last(),
        };
        next.copied()
            .map_or_else(Vec::new, |line| self.cursor_to(line, false))
    }

    fn toggle(&mut self, line: u64, no: u32) -> Vec<Effect> {
        self.grid.anchor = Some(line);
        self.selection.toggle(no);
        self.selection_changed()
    }

    fn selected_all(&mut self, answer: Result<Vec<u32>, Failure>) -> Vec<Effect> {
        match answer {
            Ok(numbers) if numbers.is_empty() => self.toast(
                ToastKind::Note,
                "Nothing here can be resent in bulk: only verdicts confirmed by a second scan can.",
            ),
            Ok(numbers) => {
                self.selection.set(numbers);
                self.selection_changed()
            }
            Err(failure) => {
                self.complain(&failure, Some(Message::Grid(GridMessage::SelectAll)));
                Vec::new()
            }
        }
    }

    fn selection_changed(&mut self) -> Vec<Effect> {
        // Whoever chooses events means this tab, also when it later runs empty.
        self.grid.tab_is_users = true;
        self.update_resend(ResendMessage::SelectionChanged)
    }
}
