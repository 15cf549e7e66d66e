//! Keys: what each does, in one place, which is also what the sheet shows.

use super::{
    DemoMessage, DetailMessage, FilterMessage, FormMessage, GridMessage, Message, Overlay,
    OverlayMessage, ResendMessage, SessionMessage, State, TimelineMessage, WizardMessage,
};

/// A key that went down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPress {
    /// `KeyboardEvent.key`.
    pub key: String,
    /// Ctrl, or Cmd on a Mac.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
    /// Where the focus is.
    pub place: KeyPlace,
}

/// Where the keyboard focus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a text field: letters belong to it.
    Text,
    /// On a button, a tab or the like: Enter and Space belong to it.
    Control,
    /// In the grid.
    Grid,
    /// On the timeline.
    Timeline,
    /// Anywhere else.
    Page,
}

/// The sheet of keys: group, keys, what they do.
pub const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "Everywhere",
        &[
            ("Ctrl K", "Commands"),
            ("/", "Filter"),
            ("T", "Time window"),
            ("L", "Live, or stand still"),
            ("R", "Resend drawer"),
            ("Esc", "Close what is on top"),
            ("?", "This sheet"),
        ],
    ),
    (
        "Timeline",
        &[
            ("W  S", "Closer, further away"),
            ("A  D", "Earlier, later"),
            ("F", "Fill the view with the chosen range"),
            ("0", "Everything"),
            ("Drag", "Choose a range"),
            ("Shift Drag", "Move"),
        ],
    ),
    (
        "Grid",
        &[
            ("↑  ↓", "Previous, next event"),
            ("Home  End", "First, last"),
            ("Space", "Choose, or drop"),
            ("Shift ↑ ↓", "Choose a range"),
            ("Ctrl A", "Choose all confirmed in view"),
            ("Ctrl Z", "Undo the choice"),
            (".  ,", "Next, previous that needs action"),
            ("C", "Copy the event's id"),
        ],
    ),
];

/// What a key does, if anything.
pub fn message_for(state: &State, press: &KeyPress) -> Option<Message> {
    if press.key == "Escape" {
        return escape(state);
    }
    if press.ctrl && !press.alt {
        return with_ctrl(state, press);
    }
    if press.alt {
        return None;
    }
    if matches!(state.overlay, Overlay::Palette { .. }) {
        return in_palette(press);
    }
    if press.place == KeyPlace::Text
        || state.form.is_some()
        || state.wizard.is_some()
        || state.overlay != Overlay::None
    {
        return None;
    }
    if press.key == "?" {
        return Some(Message::Overlay(OverlayMessage::Toggle(Overlay::Keys)));
    }
    state.session.opened.as_ref()?;
    in_grid(press).or_else(|| plain(state, press))
}

fn escape(state: &State) -> Option<Message> {
    if state.overlay != Overlay::None {
        return Some(Message::Overlay(OverlayMessage::Close));
    }
    if state.form.is_some() {
        return Some(Message::Form(FormMessage::Close));
    }
    if let Some(wizard) = &state.wizard {
        return Some(Message::Wizard(if wizard.work.running {
            WizardMessage::StopLooking
        } else {
            WizardMessage::Close
        }));
    }
    if state.demo.open {
        return Some(Message::Demo(DemoMessage::Toggle));
    }
    if state.resend.open {
        return Some(Message::Resend(ResendMessage::Toggle));
    }
    if state.timeline.brush.is_some() {
        return Some(Message::Timeline(TimelineMessage::DropBrush));
    }
    state
        .detail
        .no
        .map(|_| Message::Detail(DetailMessage::Close))
}

fn with_ctrl(state: &State, press: &KeyPress) -> Option<Message> {
    match press.key.to_lowercase().as_str() {
        "k" => Some(Message::Overlay(OverlayMessage::Toggle(Overlay::palette()))),
        "a" if press.place != KeyPlace::Text && state.session.opened.is_some() => {
            Some(Message::Grid(GridMessage::SelectAll))
        }
        "z" if press.place != KeyPlace::Text && state.selection.can_undo() => {
            Some(Message::Grid(GridMessage::Undo))
        }
        _ => None,
    }
}

fn in_palette(press: &KeyPress) -> Option<Message> {
    let message = match press.key.as_str() {
        "ArrowDown" => OverlayMessage::Mark { by: 1 },
        "ArrowUp" => OverlayMessage::Mark { by: -1 },
        "Enter" => OverlayMessage::Run,
        _ => return None,
    };
    Some(Message::Overlay(message))
}

fn in_grid(press: &KeyPress) -> Option<Message> {
    if !matches!(press.place, KeyPlace::Grid | KeyPlace::Page) {
        return None;
    }
    let by = |by| GridMessage::Move {
        by,
        extend: press.shift,
    };
    let message = match press.key.as_str() {
        "ArrowDown" => by(1),
        "ArrowUp" => by(-1),
        "PageDown" => by(15),
        "PageUp" => by(-15),
        "Home" => by(i64::MIN),
        "End" => by(i64::MAX),
        " " => GridMessage::ToggleAtCursor,
        _ => return None,
    };
    Some(Message::Grid(message))
}

fn plain(state: &State, press: &KeyPress) -> Option<Message> {
    let message = match press.key.to_lowercase().as_str() {
        "w" => Message::Timeline(TimelineMessage::ZoomIn),
        "s" => Message::Timeline(TimelineMessage::ZoomOut),
        "a" => Message::Timeline(TimelineMessage::PanLeft),
        "d" => Message::Timeline(TimelineMessage::PanRight),
        "f" => Message::Timeline(TimelineMessage::ZoomToBrush),
        "0" => Message::Timeline(TimelineMessage::Fit),
        "l" => Message::Session(SessionMessage::ToggleLive),
        "r" => Message::Resend(ResendMessage::Toggle),
        "t" => Message::Overlay(OverlayMessage::Toggle(Overlay::Window)),
        "/" => Message::Filter(FilterMessage::Focus),
        "." => Message::Grid(GridMessage::NextProblem { forward: true }),
        "," => Message::Grid(GridMessage::NextProblem { forward: false }),
        "c" => {
            let id = &state.detail.shown.as_ref()?.row.id;
            Message::Copy {
                text: id.to_string(),
                said: "The event's id is copied.",
            }
        }
        _ => return None,
    };
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str, place: KeyPlace) -> KeyPress {
        KeyPress {
            key: key.to_owned(),
            ctrl: false,
            shift: false,
            alt: false,
            place,
        }
    }

    #[test]
    fn letters_typed_into_a_field_stay_there() {
        let state = State::default();
        for key in ["w", "/", "?", "ArrowDown", " "] {
            assert_eq!(
                message_for(&state, &press(key, KeyPlace::Text)),
                None,
                "{key}"
            );
        }
    }

    #[test]
    fn escape_closes_one_layer_at_a_time() {
        let mut state = State::default();
        state.demo.open = true;
        state.overlay = Overlay::Keys;
        let closed = message_for(&state, &press("Escape", KeyPlace::Page));
        assert_eq!(closed, Some(Message::Overlay(OverlayMessage::Close)));
        state.overlay = Overlay::None;
        let closed = message_for(&state, &press("Escape", KeyPlace::Page));
        assert_eq!(closed, Some(Message::Demo(DemoMessage::Toggle)));
    }

    #[test]
    fn the_palette_opens_from_within_a_field() {
        let press = KeyPress {
            ctrl: true,
            ..press("k", KeyPlace::Text)
        };
        assert!(matches!(
            message_for(&State::default(), &press),
            Some(Message::Overlay(OverlayMessage::Toggle(
                Overlay::Palette { .. }
            )))
        ));
    }
}
