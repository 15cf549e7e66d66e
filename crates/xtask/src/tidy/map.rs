//! ARCHITECTURE.md is the map: it names every crate, and what it names exists.

use super::finding::Finding;

/// What Git does not keep, so a fresh clone has none of it.
const GENERATED: [&str; 2] = ["target/", "ui/dist"];

/// Looks whether the map names each folder that holds a crate.
pub(super) fn check_crates(place: &str, text: &str, folders: &[String]) -> Vec<Finding> {
    folders
        .iter()
        .filter(|folder| !names(text, folder))
        .map(|folder| {
            Finding::new(
                place,
                format!("the map names every crate, and {folder} is not on it"),
                "add a paragraph that says what it is for and what it must not know",
            )
        })
        .collect()
}

/// Looks whether each path in backticks exists. `exists` gets it relative to the workspace.
pub(super) fn check_paths(place: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    code_spans(text)
        .into_iter()
        .filter(|(_, span)| looks_like_a_path(span, &exists))
        .filter(|(_, span)| {
            !GENERATED
                .iter()
                .any(|generated| span.starts_with(generated))
        })
        .filter(|(_, span)| !exists(span.trim_end_matches('/')))
        .map(|(line, span)| {
            Finding::new(
                format!("{place}:{line}"),
                format!("every path it names exists, and {span} does not"),
                "correct it; paths start at the root of the workspace",
            )
        })
        .collect()
}

/// Whether the folder is named as a whole: `crates/source` is not named by
/// `crates/source-sql`.
fn names(text: &str, folder: &str) -> bool {
    let part_of_a_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(folder).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + folder.len()..].chars().next();
        !before.is_some_and(|c| part_of_a_name(c) || c == '/') && !after.is_some_and(part_of_a_name)
    })
}

/// What stands between single backticks outside of fenced blocks, with its line.
fn code_spans(text: &str) -> Vec<(usize, &str)> {
    let mut spans = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let inside = line.split('`').skip(1).step_by(2);
            spans.extend(inside.map(|span| (index + 1, span)));
        }
    }
    spans
}

/// `crates/engine` and `src/main.rs` do; `Result<T>`, `application/json` and `a/*.rs` do not.
fn looks_like_a_path(span: &str, exists: impl Fn(&str) -> bool) -> bool {
    const EXTENSIONS: [&str; 9] = [
        ".rs", ".md", ".toml", ".sql", ".css", ".html", ".js", ".json", ".svg",
    ];
    let plain = span
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if !plain || !span.contains('/') || span.starts_with('/') {
        return false;
    }
    let first = span.split('/').next().unwrap_or_default();
    exists(first) || EXTENSIONS.iter().any(|extension| span.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exists(path: &str) -> bool {
        [
            "crates",
            "crates/engine",
            "crates/engine/src/run.rs",
            "tests",
            "Cargo.toml",
        ]
        .contains(&path)
    }

    fn check_text(text: &str, expected: &[&str]) {
        let places: Vec<String> = check_paths("MAP", text, exists)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.place, finding.rule))
            .collect();
        assert_eq!(places, expected, "{text}");
    }

    #[test]
    fn paths_exist() {
        check_text(
            "Start at `crates/engine/src/run.rs`, in `crates/engine/`.",
            &[],
        );
        check_text(
            "\nSee `crates/gone` and `crates/engine`.",
            &["MAP:2: every path it names exists, and crates/gone does not"],
        );
        check_text(
            "`old/gone.rs`",
            &["MAP:1: every path it names exists, and old/gone.rs does not"],
        );
    }

    #[test]
    fn other_code_is_no_path() {
        check_text(
            "`Result<T>` `application/json` `crates/*/src` `x::y` `/etc/passwd` `ui/dist`",
            &[],
        );
        check_text("```\n`crates/gone`\n```\n", &[]);
    }

    #[test]
    fn every_crate_is_on_the_map() {
        let folders = ["crates/source".to_owned(), "ui".to_owned()];
        let rules = |text: &str| -> Vec<String> {
            check_crates("MAP", text, &folders)
                .into_iter()
                .map(|finding| finding.rule)
                .collect()
        };
        assert_eq!(rules("`crates/source/` and `ui`"), Vec::<String>::new());
        assert_eq!(
            rules("`crates/source-sql` is a guide to src/ui"),
            [
                "the map names every crate, and crates/source is not on it",
                "the map names every crate, and ui is not on it"
            ]
        );
    }
}
