//! Which values count, as a profile says it: `"a"`, `"a*"` for all that begin so, or a list of these.

use serde::{Deserialize, Serialize};

/// Values of which one must be there. `*` at the end stands for anything, `\*` for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OneOrMore", into = "OneOrMore")]
pub struct Wanted(pub Vec<String>);

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for Wanted {
    fn from(written: OneOrMore) -> Self {
        match written {
            OneOrMore::One(value) => Self(vec![value]),
            OneOrMore::More(values) => Self(values),
        }
    }
}

impl From<Wanted> for OneOrMore {
    fn from(Wanted(mut values): Wanted) -> Self {
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Self::One(value),
            (last, _) => {
                values.extend(last);
                Self::More(values)
            }
        }
    }
}

impl Wanted {
    /// Whether a value is one of them.
    pub fn fits(&self, value: &str) -> bool {
        self.0.iter().any(|wanted| is_one(wanted, value))
    }
}

fn is_one(wanted: &str, value: &str) -> bool {
    if let Some(literal) = wanted.strip_suffix("\\*") {
        return value.strip_prefix(literal) == Some("*");
    }
    match wanted.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_a_beginning_or_one_of_several() {
        let of = |values: &[&str]| Wanted(values.iter().map(|it| (*it).to_owned()).collect());
        for (wanted, value, expected) in [
            (of(&["orders"]), "orders", true),
            (of(&["orders"]), "Orders", false),
            (of(&["org.spring*"]), "org.springframework.X", true),
            (of(&["org.spring*"]), "shop.org.spring", false),
            (of(&["a", "b*"]), "bc", true),
            (of(&["a\\*"]), "a*", true),
            (of(&["a\\*"]), "ab", false),
            (of(&[]), "a", false),
        ] {
            assert_eq!(wanted.fits(value), expected, "{wanted:?} {value}");
        }
    }

    #[test]
    fn it_is_written_as_it_was_read() {
        for text in ["\"a*\"", "[\"a\",\"b\"]", "[]"] {
            let wanted: Wanted = serde_json::from_str(text).expect("it can be read");
            assert_eq!(serde_json::to_string(&wanted).ok().as_deref(), Some(text));
        }
    }
}
