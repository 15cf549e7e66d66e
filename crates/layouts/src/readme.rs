//! The README's list of recognised libraries.

use std::fmt::Write as _;

use crate::{Dbms, Layout, layouts};

/// The list, as a Markdown table.
pub fn list_for_readme() -> String {
    let mut text =
        "| library | language | tables | databases | re-queue |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    let mut layouts: Vec<&Layout> = layouts().iter().collect();
    layouts.sort_by_key(|layout| layout.title.to_lowercase());
    for layout in layouts {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            layout.title,
            layout.language,
            tables(layout),
            databases(layout),
            layout.ways_back().join(", "),
        )
        .expect("a String takes everything");
    }
    text
}

fn tables(layout: &Layout) -> String {
    let mut names: Vec<String> = Vec::new();
    for table in &layout.tables {
        let default = table.names.first();
        let name = default.map_or_else(
            || "named by the application".to_owned(),
            |name| format!("`{name}`"),
        );
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn databases(layout: &Layout) -> String {
    let on = |dbms: Dbms| layout.tables.iter().any(|table| table.is_on(dbms));
    let names = [
        (Dbms::Postgres, "PostgreSQL"),
        (Dbms::MySql, "MySQL"),
        (Dbms::Sqlite, "SQLite"),
    ];
    let names: Vec<&str> = names
        .into_iter()
        .filter(|(dbms, _)| on(*dbms))
        .map(|(_, name)| name)
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;

    const BEGIN: &str = "<!-- layouts: written by a test, see crates/layouts/src/readme.rs -->\n";
    const END: &str = "<!-- end of layouts -->";

    /// `UPDATE_EXPECT=1 cargo test -p waybill-layouts readme` writes it anew.
    #[test]
    fn the_readme_lists_what_is_recognised() {
        let readme = include_str!("../../../README.md");
        let (before, rest) = readme
            .split_once(BEGIN)
            .expect("the README has the list's beginning");
        let (_, after) = rest.split_once(END).expect("the README has the list's end");
        let current = format!("{before}{BEGIN}{}{END}{after}", list_for_readme());
        expect_file!["../../../README.md"].assert_eq(&current);
    }
}
