//! Names taken apart into words, and patterns for them.

use crate::canon::same;

/// Words that only say that something is a time.
const OF_TIME: [&str; 18] = [
    "at",
    "on",
    "utc",
    "date",
    "time",
    "datetime",
    "ts",
    "timestamp",
    "instant",
    "em",
    "en",
    "le",
    "am",
    "ms",
    "millis",
    "epoch",
    "local",
    "gmt",
];

/// The words of a name in any spelling: `IsSendBus`, `is_send_bus` and `IS_SEND_BUS` are one.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_alphanumeric() {
            last = ' ';
            continue;
        }
        let is_last_capital =
            last.is_uppercase() && letters.peek().is_some_and(|c| c.is_lowercase());
        let begins =
            last == ' ' || letter.is_uppercase() && (!last.is_uppercase() || is_last_capital);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
        last = letter;
    }
    words
}

/// Whether a name fits a pattern.
pub(super) fn is_named(pattern: &str, name: &str) -> bool {
    if !pattern.contains(['*', '@']) {
        return same(pattern, name);
    }
    let steps: Vec<&str> = pattern.split('_').collect();
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    fits(&steps, &words)
}

fn fits(steps: &[&str], words: &[&str]) -> bool {
    match (steps.split_first(), words.split_first()) {
        (None, None) => true,
        (Some((&"*", rest)), _) => (0..=words.len()).any(|n| fits(rest, &words[n..])),
        (Some((&"@", rest)), _) => {
            let times = words
                .iter()
                .take_while(|word| OF_TIME.contains(word))
                .count();
            (0..=times).any(|n| fits(rest, &words[n..]))
        }
        (Some((step, rest)), Some((word, others))) => is_word(step, word) && fits(rest, others),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether a word is meant by a step of a pattern: as a whole, or as far as its star.
pub(super) fn is_word(step: &str, word: &str) -> bool {
    match step.strip_suffix('*') {
        // Without anything between its words a time may be a part of its first one.
        Some(begin) => word.starts_with(begin),
        None => step == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, expected) in [
            ("IsSendBus", "is send bus"),
            ("is_send_bus", "is send bus"),
            ("EVENT_TYPE", "event type"),
            ("HTTPMethod", "http method"),
            ("processedat", "processedat"),
            ("created-on.utc", "created on utc"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn patterns_mean_words_and_times() {
        for (pattern, name, expected) in [
            ("created_at", "CREATEDAT", true),
            ("creat*_@", "CreatedDateTimeUtc", true),
            ("creat*_@", "create_time", true),
            ("creat*_@", "createdat", true),
            ("creat*_@", "created_by", false),
            ("*_payload", "xml_payload", true),
            ("*_payload", "payload_hash", false),
            ("is_sen*_*", "IsSendBus", true),
            ("processed_@", "processed_count", false),
            ("next_*", "next_send_time", true),
        ] {
            assert_eq!(is_named(pattern, name), expected, "{pattern} {name}");
        }
    }
}
