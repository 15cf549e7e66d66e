//! The filter bar: what is typed, what is applied, what is wrong with it, and its colours.

use super::{Effect, Message, State};

/// The filter bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// What stands in the bar.
    pub typed: String,
    /// What the grid shows.
    pub applied: String,
    /// Why what is typed cannot be applied.
    pub problem: Option<FilterProblem>,
    edit: u32,
}

/// Why a filter cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterProblem {
    /// What is wrong.
    pub message: String,
    /// First byte of what is wrong.
    pub from: usize,
    /// One past its last byte.
    pub to: usize,
    /// What it could have meant.
    pub suggestion: Option<String>,
}

/// Something about the filter bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterMessage {
    /// A letter was typed.
    Type(String),
    /// Typing has rested.
    Rested {
        /// The edit it belongs to.
        edit: u32,
    },
    /// Apply now.
    Apply,
    /// Put this in, or take it out when it is already there.
    Toggle(String),
    /// Take the suggestion.
    TakeSuggestion,
    /// Empty it.
    Clear,
    /// Put the keyboard focus there.
    Focus,
}

/// How long typing rests before a valid filter is applied, in milliseconds.
const REST_MILLIS: u32 = 350;

impl State {
    pub(super) fn update_filter(&mut self, message: FilterMessage) -> Vec<Effect> {
        match message {
            FilterMessage::Type(text) => {
                self.filter.problem = problem(&text);
                self.filter.typed = text;
                self.filter.edit += 1;
                let rested = FilterMessage::Rested {
                    edit: self.filter.edit,
                };
                vec![Effect::later(REST_MILLIS, Message::Filter(rested))]
            }
            FilterMessage::Rested { edit } if edit == self.filter.edit => self.apply_filter(),
            FilterMessage::Rested { .. } => Vec::new(),
            FilterMessage::Apply => self.apply_filter(),
            FilterMessage::Toggle(text) => {
                let same = self.filter.typed.trim() == text;
                self.put_filter(if same { String::new() } else { text })
            }
            FilterMessage::TakeSuggestion => {
                let Some(problem) = self.filter.problem.clone() else {
                    return Vec::new();
                };
                let Some(suggestion) = problem.suggestion else {
                    return Vec::new();
                };
                let mut text = self.filter.typed.clone();
                text.replace_range(problem.from..problem.to, &suggestion);
                self.put_filter(text)
            }
            FilterMessage::Clear => self.put_filter(String::new()),
            FilterMessage::Focus => vec![Effect::Focus("filter-input")],
        }
    }

    fn put_filter(&mut self, text: String) -> Vec<Effect> {
        self.filter.problem = problem(&text);
        self.filter.typed = text;
        self.filter.edit += 1;
        self.apply_filter()
    }

    fn apply_filter(&mut self) -> Vec<Effect> {
        let text = self.filter.typed.trim().to_owned();
        if self.filter.problem.is_some() || text == self.filter.applied {
            return Vec::new();
        }
        self.filter.applied = text;
        self.start_over()
    }
}

fn problem(text: &str) -> Option<FilterProblem> {
    let error = waybill_filter::Filter::parse(text).err()?;
    // A place in the middle of a letter would cut the text badly; the whole is then what is wrong.
    let fits = text.get(error.span.clone()).is_some();
    let (from, to) = if fits {
        (error.span.start, error.span.end)
    } else {
        (0, text.len())
    };
    Some(FilterProblem {
        message: error.message,
        from,
        to,
        suggestion: Some(error.suggestion).filter(|suggestion| !suggestion.is_empty()),
    })
}

/// A coloured piece of the filter: CSS class and letters. All pieces together are the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ink {
    /// CSS class.
    pub class: &'static str,
    /// The letters.
    pub text: String,
}

/// Colours what stands in the bar. Only looks at letters; what is wrong comes from the parser.
pub fn ink(text: &str, problem: Option<&FilterProblem>) -> Vec<Ink> {
    let mut inks = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let len = piece_len(rest);
        let piece = &rest[..len];
        let bad =
            problem.is_some_and(|p| at < p.to && at + len > p.from && !piece.trim().is_empty());
        let class = if bad {
            "bad"
        } else {
            class_of(piece, &rest[len..], &inks)
        };
        inks.push(Ink {
            class,
            text: piece.to_owned(),
        });
        at += len;
    }
    inks
}

fn piece_len(rest: &str) -> usize {
    let Some(first) = rest.chars().next() else {
        return 0;
    };
    let run =
        |stop: &dyn Fn(char) -> bool| rest.find(stop).unwrap_or(rest.len()).max(first.len_utf8());
    match first {
        '"' => rest[1..].find('"').map_or(rest.len(), |idx| idx + 2),
        c if c.is_whitespace() => run(&|c| !c.is_whitespace()),
        c if is_operator(c) => run(&|c| !is_operator(c)),
        '(' | ')' => 1,
        _ => run(&|c| c.is_whitespace() || is_operator(c) || matches!(c, '(' | ')' | '"')),
    }
}

fn is_operator(c: char) -> bool {
    matches!(c, ':' | '=' | '!' | '~' | '<' | '>')
}

fn class_of(piece: &str, after: &str, before: &[Ink]) -> &'static str {
    let first = piece.chars().next().unwrap_or(' ');
    if first.is_whitespace() {
        "space"
    } else if is_operator(first) || matches!(first, '(' | ')') {
        "op"
    } else if first == '"' {
        "text"
    } else if matches!(piece, "and" | "or" | "not") {
        "word"
    } else if after.trim_start().starts_with(is_operator)
        && before.last().is_none_or(|ink| ink.class != "op")
    {
        "field"
    } else {
        "value"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let inks = ink(text, problem(text).as_ref());
        let whole: String = inks.iter().map(|ink| ink.text.as_str()).collect();
        assert_eq!(whole, text, "no letter is lost");
        let shown: Vec<_> = inks
            .iter()
            .filter(|ink| ink.class != "space")
            .map(|ink| format!("{}:{}", ink.class, ink.text))
            .collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn fields_values_and_words_have_their_colours() {
        check(
            "verdict:missing and type ~ \"Product*\" and age > 30s",
            "field:verdict op:: value:missing word:and field:type op:~ text:\"Product*\" word:and field:age op:> value:30s",
        );
        check("4711", "value:4711");
    }

    #[test]
    fn what_is_wrong_is_marked_where_it_is() {
        check("verdit:missing", "bad:verdit op:: value:missing");
        let found = problem("verdit:missing").expect("it is wrong");
        assert_eq!(
            (found.from, found.to, found.suggestion.as_deref()),
            (0, 6, Some("verdict"))
        );
    }

    #[test]
    fn a_valid_filter_is_applied_when_typing_rests_and_a_wrong_one_is_not() {
        let mut state = State::default();
        state.update_filter(FilterMessage::Type("age > 30s".to_owned()));
        state.update_filter(FilterMessage::Rested { edit: 1 });
        assert_eq!(state.filter.applied, "age > 30s");
        state.update_filter(FilterMessage::Type("age > soon".to_owned()));
        state.update_filter(FilterMessage::Rested { edit: 2 });
        assert_eq!(state.filter.applied, "age > 30s");
        state.update_filter(FilterMessage::Clear);
        assert_eq!(state.filter.applied, "");
    }

    #[test]
    fn a_suggestion_replaces_only_what_was_wrong() {
        let mut state = State::default();
        state.update_filter(FilterMessage::Type("verdit:missing".to_owned()));
        state.update_filter(FilterMessage::TakeSuggestion);
        assert_eq!(state.filter.applied, "verdict:missing");
    }
}
