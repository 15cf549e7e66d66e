//! The palette: everything that can be done, found by a few letters.

use waybill_protocol::OpenTarget;

use super::{
    Asked, DemoMessage, Drawer, FilterMessage, FormMessage, GridMessage, Message, Overlay,
    OverlayMessage, PRESETS, ResendMessage, SessionMessage, State, TimelineMessage, WizardMessage,
};

/// An entry of the palette.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it says.
    pub title: String,
    /// Its key; `""` for none.
    pub key: &'static str,
    /// What it does.
    pub message: Message,
    /// Why it cannot be done now.
    pub refused: Option<String>,
}

fn entry(title: impl Into<String>, key: &'static str, message: Message) -> Entry {
    Entry {
        title: title.into(),
        key,
        message,
        refused: None,
    }
}

impl State {
    /// The entries for what is typed.
    pub fn palette_entries(&self) -> Vec<Entry> {
        match &self.overlay {
            Overlay::Palette { typed, .. } => entries(self, typed),
            _ => Vec::new(),
        }
    }
}

/// Entries that fit what is typed, the best first.
pub fn entries(state: &State, typed: &str) -> Vec<Entry> {
    let all = if state.session.opened.is_some() {
        in_session(state)
    } else {
        Vec::new()
    };
    let all = all.into_iter().chain(everywhere(state));
    let mut scored: Vec<_> = all
        .filter_map(|entry| score(&entry.title, typed).map(|score| (score, entry)))
        .collect();
    // The sort is stable: among equals the order of the list decides.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut found: Vec<_> = scored.into_iter().map(|(_, entry)| entry).collect();
    if state.session.opened.is_some() && typed.trim().len() >= 3 {
        let filter = format!("\"{}\"", typed.trim().replace('"', ""));
        let message = Message::Filter(FilterMessage::Toggle(filter));
        found.push(entry(
            format!("Find “{}” in id, type and aggregate", typed.trim()),
            "",
            message,
        ));
    }
    found
}

fn in_session(state: &State) -> Vec<Entry> {
    let mut list = about_events(state);
    list.extend(about_looking());
    list.extend(about_findings(state));
    let opened = state.session.opened.as_ref();
    if opened.is_some_and(|opened| opened.demo) {
        let demo = [
            ("Break something in the demo", DemoMessage::Toggle),
            ("Heal the demo", DemoMessage::Heal),
            ("Start the demo anew", DemoMessage::Reset),
        ];
        list.extend(demo.map(|(title, message)| entry(title, "", Message::Demo(message))));
    }
    list
}

fn about_events(state: &State) -> Vec<Entry> {
    use GridMessage::{Clear, NextProblem, SelectAll, Turn};
    use ResendMessage::{Ask, OpenJournal, Show};
    let grid = [
        ("Choose all confirmed in view", "Ctrl A", SelectAll),
        ("Clear the choice", "", Clear),
        (
            "Next event that needs action",
            ".",
            NextProblem { forward: true },
        ),
        ("Newest or oldest first", "", Turn),
    ];
    let grid = grid.map(|(title, key, message)| entry(title, key, Message::Grid(message)));
    let send = entry("Resend the chosen events", "", Message::Resend(Ask));
    let refused = state.send_refusal();
    let resend = [
        ("Preview the resend", Show(Drawer::Preview)),
        ("Journal of resends", OpenJournal),
    ];
    let resend = resend.map(|(title, message)| entry(title, "", Message::Resend(message)));
    grid.into_iter()
        .chain([Entry { refused, ..send }])
        .chain(resend)
        .collect()
}

fn about_looking() -> Vec<Entry> {
    let window = OverlayMessage::Toggle(Overlay::Window);
    let fit = Message::Timeline(TimelineMessage::Fit);
    let mut list = vec![
        entry("Scan again", "", Message::Session(SessionMessage::Rescan)),
        entry("Stop the scan", "", Message::Session(SessionMessage::Stop)),
        entry(
            "Live, or stand still",
            "L",
            Message::Session(SessionMessage::ToggleLive),
        ),
        entry("Filter", "/", Message::Filter(FilterMessage::Focus)),
        entry(
            "Clear the filter",
            "",
            Message::Filter(FilterMessage::Clear),
        ),
        entry("Time window", "T", Message::Overlay(window)),
        entry("Show the whole window", "0", fit),
    ];
    for (name, micros) in PRESETS {
        let message = Message::Session(SessionMessage::Look(Asked::last(micros)));
        list.push(entry(format!("Look at the last {name}"), "", message));
    }
    list
}

fn about_findings(state: &State) -> Vec<Entry> {
    let groups = state.grid.groups.iter().map(|group| {
        let message = Message::Grid(GridMessage::Tab(group.title.clone()));
        entry(format!("Show: {}", group.title), "", message)
    });
    let consumers = state.session.consumers().iter().map(|consumer| {
        let message = Message::Filter(FilterMessage::Toggle(format!("consumer:{consumer}")));
        entry(format!("What {consumer} does not have"), "", message)
    });
    groups.chain(consumers).collect()
}

fn everywhere(state: &State) -> Vec<Entry> {
    let open = |target| Message::Session(SessionMessage::Open(target));
    let mut list = vec![
        entry("Open the demo", "", open(OpenTarget::Demo)),
        entry("New profile", "", Message::Wizard(WizardMessage::Open)),
        entry("UTC or local times", "", Message::SwitchZone),
        entry(
            "Light, dark or as the system says",
            "",
            Message::Theme(state.look.theme.next()),
        ),
        entry(
            "Keys",
            "?",
            Message::Overlay(OverlayMessage::Toggle(Overlay::Keys)),
        ),
    ];
    for profile in state.welcome.iter().flat_map(|welcome| &welcome.profiles) {
        list.push(Entry {
            refused: Some(profile.problem.clone()).filter(|problem| !problem.is_empty()),
            ..entry(
                format!("Open {}", profile.name),
                "",
                open(OpenTarget::Profile(profile.name.clone())),
            )
        });
        let edit = Message::Form(FormMessage::Open(Some(profile.name.clone())));
        list.push(entry(format!("Edit {}", profile.name), "", edit));
    }
    if state.session.opened.is_some() {
        list.push(entry(
            "Back to the start",
            "",
            Message::Session(SessionMessage::Close),
        ));
    }
    list
}

/// How well `typed` fits: its letters occur in order; at the start of a word counts more, in one
/// piece counts most. `None` when it does not fit.
fn score(title: &str, typed: &str) -> Option<i32> {
    let title = title.to_lowercase();
    let typed = typed.trim().to_lowercase();
    if title.contains(&typed) {
        let starts = title.starts_with(&typed) || title.contains(&format!(" {typed}"));
        return Some(1_000 + i32::from(starts) * 100);
    }
    let mut letters = title.char_indices().peekable();
    let mut score = 0;
    for wanted in typed.chars().filter(|c| !c.is_whitespace()) {
        let (idx, _) = letters.find(|(_, letter)| *letter == wanted)?;
        let at_word = idx == 0 || title[..idx].ends_with(' ');
        score += if at_word { 10 } else { 1 };
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(typed: &str) -> Vec<String> {
        entries(&State::default(), typed)
            .into_iter()
            .map(|entry| entry.title)
            .collect()
    }

    #[test]
    fn letters_in_order_find_and_whole_words_win() {
        assert_eq!(titles("new p"), ["New profile"]);
        assert_eq!(
            titles("otd").first().map(String::as_str),
            Some("Open the demo")
        );
        assert!(titles("xyz").is_empty());
        assert_eq!(titles("").len(), 5, "nothing typed shows everything");
    }
}
