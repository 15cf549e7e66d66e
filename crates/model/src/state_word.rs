//! Words for the state of a row, as profiles name them and tables spell them.

/// Whether two are one: `permanently_failed`, `PermanentlyFailed` and `PERMANENTLY-FAILED` are.
/// Numbers are compared as they stand, since `-1` is not `1`.
pub fn is_same_state(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    // Each row is held against each word, and nearly none fits.
    let first = |text: &str| text.bytes().next().map(|byte| byte.to_ascii_lowercase());
    if first(a) != first(b) {
        return false;
    }
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    let is_word = |text: &str| text.contains(|c: char| c.is_alphabetic());
    is_word(a) && is_word(b) && letters(a).eq(letters(b))
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_word_are_one_and_numbers_are_not() {
        for (a, b, expected) in [
            ("permanently_failed", "PermanentlyFailed", true),
            ("permanently_failed", " PERMANENTLY-FAILED ", true),
            ("failed", "failed2", false),
            ("-1", "1", false),
            ("-1", "-1", true),
            ("dead letter", "deadletter", true),
        ] {
            assert_eq!(is_same_state(a, b), expected, "{a} {b}");
        }
    }
}
