//! What lies above the window: at most one thing at a time.

use super::{Effect, State};

/// What lies above the window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The palette, with what is typed and which entry is marked.
    Palette {
        /// What is typed.
        typed: String,
        /// The marked entry.
        marked: usize,
    },
    /// The sheet of keys.
    Keys,
    /// The menu of the time window.
    Window,
    /// The menu of profiles.
    Profiles,
    /// The question before sending.
    Confirm,
}

/// Something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverlayMessage {
    /// Show this, or hide it when it is shown.
    Toggle(Overlay),
    /// Hide whatever is shown.
    Close,
    /// A letter was typed into the palette.
    Type(String),
    /// Mark another entry.
    Mark {
        /// Entries, negative is up.
        by: i64,
    },
    /// Mark this entry.
    MarkAt(usize),
    /// Do what the marked entry says.
    Run,
}

impl Overlay {
    /// The palette, empty.
    pub fn palette() -> Self {
        Self::Palette {
            typed: String::new(),
            marked: 0,
        }
    }
}

impl State {
    pub(super) fn update_overlay(&mut self, message: OverlayMessage) -> Vec<Effect> {
        match message {
            OverlayMessage::Toggle(overlay) => {
                let same =
                    std::mem::discriminant(&overlay) == std::mem::discriminant(&self.overlay);
                self.overlay = if same { Overlay::None } else { overlay };
                match self.overlay {
                    Overlay::Palette { .. } => vec![Effect::Focus("palette-input")],
                    Overlay::Window => vec![Effect::Focus("window-input")],
                    Overlay::Profiles => vec![Effect::Focus("profile-menu-first")],
                    Overlay::Keys => vec![Effect::Focus("keys-close")],
                    Overlay::Confirm => vec![Effect::Focus("confirm-reason")],
                    Overlay::None => Vec::new(),
                }
            }
            OverlayMessage::Close => {
                self.overlay = Overlay::None;
                self.session.asked_problem = None;
                Vec::new()
            }
            OverlayMessage::Type(text) => {
                self.overlay = Overlay::Palette {
                    typed: text,
                    marked: 0,
                };
                Vec::new()
            }
            OverlayMessage::Mark { by } => {
                let n = self.palette_entries().len();
                if let Overlay::Palette { marked, .. } = &mut self.overlay
                    && n > 0
                {
                    *marked = marked
                        .saturating_add_signed(isize::try_from(by).unwrap_or(0))
                        .min(n - 1);
                }
                Vec::new()
            }
            OverlayMessage::MarkAt(idx) => {
                if let Overlay::Palette { marked, .. } = &mut self.overlay {
                    *marked = idx;
                }
                Vec::new()
            }
            OverlayMessage::Run => {
                let Overlay::Palette { marked, .. } = self.overlay else {
                    return Vec::new();
                };
                let entry = self.palette_entries().into_iter().nth(marked);
                let Some(entry) = entry.filter(|entry| entry.refused.is_none()) else {
                    return Vec::new();
                };
                self.overlay = Overlay::None;
                self.update(entry.message)
            }
        }
    }
}
