//! What every Rust file keeps to.

use super::finding::Finding;

/// Past this nobody reads a file to its end.
const MOST_LINES: usize = 600;

/// Words that must not be in a source file. (Composed, so that this file may be.)
const FORBIDDEN: [(&str, &str, &str); 3] = [
    (
        concat!("#[ign", "ore"),
        "no test is skipped",
        "make it pass, or remove it and say so in an issue",
    ),
    (
        concat!("to", "do!("),
        "nothing is left unfinished",
        "write it, or leave the caller out",
    ),
    (
        concat!("unimpl", "emented!("),
        "nothing is left unfinished",
        "write it, or leave the caller out",
    ),
];

/// Looks at one file; `path` is relative to the workspace, with `/`.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(Finding::new(
            path,
            "every file says what it is for",
            "open it with a line that starts with //!",
        ));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        findings.push(Finding::new(
            path,
            format!("no file is longer than {MOST_LINES} lines"),
            format!("it has {lines}; find the second idea in it and give it a file"),
        ));
    }
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
    {
        for (word, rule, remedy) in FORBIDDEN {
            if line.contains(word) {
                findings.push(Finding::new(format!("{path}:{number}"), rule, remedy));
            }
        }
        if path.starts_with("ui/") && sets_style_attribute(line) {
            findings.push(Finding::new(
                format!("{path}:{number}"),
                "the page's content security policy blocks style attributes",
                "write style:name=value, or a class",
            ));
        }
    }
    findings
}

/// In a Leptos view, `style=` makes an attribute; `style:left=` does not.
/// (An assignment has a space before its `=`.)
fn sets_style_attribute(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("style=")
        .any(|(at, _)| at == 0 || code[..at].ends_with([' ', '\t']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let places: Vec<String> = check(path, text)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.place, finding.rule))
            .collect();
        assert_eq!(places, expected, "{text}");
    }

    #[test]
    fn files_open_with_their_purpose() {
        check_file("a.rs", "//! Adds.\n\nfn add() {}\n", &[]);
        check_file(
            "a.rs",
            "fn add() {}\n",
            &["a.rs: every file says what it is for"],
        );
        check_file("a.rs", "", &["a.rs: every file says what it is for"]);
    }

    #[test]
    fn files_end_in_time() {
        check_file("a.rs", &format!("//! Long.\n{}", "\n".repeat(599)), &[]);
        check_file(
            "a.rs",
            &format!("//! Longer.\n{}", "\n".repeat(600)),
            &["a.rs: no file is longer than 600 lines"],
        );
    }

    #[test]
    fn nothing_is_skipped_or_left_unfinished() {
        let skipped = concat!("//! T.\n#[test]\n#[ign", "ore = \"slow\"]\nfn slow() {}\n");
        check_file("a.rs", skipped, &["a.rs:3: no test is skipped"]);
        let unfinished = concat!("//! T.\nfn f() {\n    to", "do!()\n}\n");
        check_file("a.rs", unfinished, &["a.rs:3: nothing is left unfinished"]);
    }

    #[test]
    fn views_set_no_style_attribute() {
        let rule = "ui/a.rs:2: the page's content security policy blocks style attributes";
        check_file("ui/a.rs", "//! V.\n<div style=\"left: 1px\">\n", &[rule]);
        check_file(
            "ui/a.rs",
            "//! V.\n<div style:left=x class=\"style\">\n",
            &[],
        );
        check_file("ui/a.rs", "//! V.\nlet style = x; // style=\n", &[]);
        check_file("crates/a.rs", "//! V.\n<div style=x>\n", &[]);
    }
}
