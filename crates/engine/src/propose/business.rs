//! Business tables by their columns: an aggregate's id, its version, and when it was changed.

use waybill_layouts::{FoundColumn, FoundTable, canon};
use waybill_model::BusinessTable;
use waybill_protocol::{Code, Failure};

use super::{Asked, Subject};
use crate::profiles::closest;
use crate::tables::Tables;

/// What people call the version of an aggregate.
const VERSIONS: [&str; 10] = [
    "version",
    "aggregateversion",
    "entityversion",
    "rowversion",
    "lockversion",
    "optlock",
    "revision",
    "rev",
    "sequencenumber",
    "seq",
];

/// What people call the time of a change …
const CHANGES: [&str; 12] = [
    "updatedat",
    "changedat",
    "modifiedat",
    "lastmodified",
    "lastmodifiedat",
    "lastupdated",
    "updatetime",
    "updatedon",
    "modifiedon",
    "updated",
    "modified",
    "changed",
];

/// … and, where each change has a row of its own, that of its making.
const MAKINGS: [&str; 9] = [
    "createdat",
    "recordedat",
    "occurredat",
    "insertedat",
    "validfrom",
    "created",
    "createdon",
    "at",
    "timestamp",
];

/// What a table is called that keeps a row of every version.
const HISTORIES: [&str; 8] = [
    "history",
    "versions",
    "revisions",
    "changes",
    "events",
    "audit",
    "log",
    "journal",
];

/// What a business table's columns are for.
const ROLES: [&str; 6] = [
    "key",
    "id",
    "version",
    "changed-at",
    "aggregate-type",
    "history",
];

/// Tables whose rows are held against messages; of a larger database the first by name.
const MAX_CANDIDATES: usize = 40;

/// The tables that were named, else all that have the columns, histories first.
pub(super) fn candidates(tables: &Tables, asked: &Asked) -> Result<Vec<BusinessTable>, Failure> {
    if asked.is_settled(&Subject::Business) {
        let names = asked.business.iter().flatten();
        return names.map(|name| named(tables, name, asked)).collect();
    }
    let own = tables.of_address(&asked.database.url);
    let mut found: Vec<BusinessTable> = own
        .tables
        .iter()
        .filter_map(|table| of(table, tables.unreadable(table)).ok())
        .collect();
    found.sort_by_key(|table| (!table.history, table.table.clone()));
    found.truncate(MAX_CANDIDATES);
    Ok(found)
}

fn named(tables: &Tables, name: &str, asked: &Asked) -> Result<BusinessTable, Failure> {
    let table = tables.find(name, &asked.database.url).map_err(|none| {
        let told = format!("There is no table '{name}', or there are several.");
        let hint = match none.alike.as_slice() {
            [] => "Name one that is there.".to_owned(),
            alike => format!("Write one of them out: {}.", alike.join(", ")),
        };
        Failure::new(Code::BadProfile, told).hint(hint)
    })?;
    let (mut business, _) = guessed(table, tables.unreadable(table));
    for (role, value) in &asked.roles {
        set(&mut business, table, role, value)?;
    }
    let lacking = lacking(&business);
    if lacking.is_empty() {
        return Ok(business);
    }
    let told = format!(
        "Nothing says which column of {} is its {}.",
        business.table,
        lacking.join(" or its ")
    );
    let columns = lacking.iter().map(|role| format!("--column {role}=…"));
    let hint = format!("Name them: {}.", columns.collect::<Vec<_>>().join(" "));
    Err(Failure::new(Code::NoOutbox, told).hint(hint))
}

/// A table as a business table, or the roles for which it has no column.
fn of(table: &FoundTable, unreadable: &[String]) -> Result<BusinessTable, Vec<&'static str>> {
    let (business, lacking) = guessed(table, unreadable);
    if lacking.is_empty() {
        Ok(business)
    } else {
        Err(lacking)
    }
}

fn guessed(table: &FoundTable, unreadable: &[String]) -> (BusinessTable, Vec<&'static str>) {
    let columns: Vec<&FoundColumn> = table
        .columns
        .iter()
        .filter(|column| !unreadable.contains(&column.name))
        .collect();
    let version = first_of(&columns, &VERSIONS, is_number);
    let (key, id, history) = identity(table, &columns, version.as_deref());
    let changed_at = first_of(&columns, &CHANGES, is_time);
    // A row that shows its newest version only keeps the time of its making.
    let changed_at = changed_at.or_else(|| {
        history
            .then(|| first_of(&columns, &MAKINGS, is_time))
            .flatten()
    });
    let business = BusinessTable {
        zone: None,
        table: table.full_name(),
        key,
        id: id.unwrap_or_default(),
        version: version.unwrap_or_default(),
        changed_at: changed_at.unwrap_or_default(),
        aggregate_type: singular(&table.name),
        history,
    };
    let lacking = lacking(&business);
    (business, lacking)
}

fn lacking(business: &BusinessTable) -> Vec<&'static str> {
    let roles = [
        ("id", &business.id),
        ("version", &business.version),
        ("changed-at", &business.changed_at),
    ];
    let empty = roles.into_iter().filter(|(_, column)| column.is_empty());
    empty.map(|(role, _)| role).collect()
}

/// The key where that is not the aggregate's id, the aggregate's id, and whether every version has
/// a row.
fn identity(
    table: &FoundTable,
    columns: &[&FoundColumn],
    version: Option<&str>,
) -> (Option<String>, Option<String>, bool) {
    let keys: Vec<&str> = columns
        .iter()
        .filter(|column| column.primary_key)
        .map(|column| column.name.as_str())
        .collect();
    let is_version = |name: &&str| version == Some(*name);
    match keys.as_slice() {
        [one, other] if is_version(one) => (None, Some((*other).to_owned()), true),
        [one, other] if is_version(other) => (None, Some((*one).to_owned()), true),
        [key] if is_called_history(&table.name) => {
            let whose = owner(table, columns, key);
            (Some((*key).to_owned()), whose, true)
        }
        [key] => (None, Some((*key).to_owned()), false),
        _ => (None, None, false),
    }
}

/// The column with the aggregate's id in a history: called after the table, else the only one that
/// is called an id.
fn owner(table: &FoundTable, columns: &[&FoundColumn], key: &str) -> Option<String> {
    let subject = canon(&singular(&table.name));
    let ids: Vec<&str> = columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| *name != key && canon(name).ends_with("id"))
        .collect();
    let own = ids
        .iter()
        .find(|name| canon(name) == format!("{subject}id"));
    match (own, ids.as_slice()) {
        (Some(own), _) => Some((*own).to_owned()),
        (None, [only]) => Some((*only).to_owned()),
        (None, _) => None,
    }
}

fn is_called_history(name: &str) -> bool {
    words(name).any(|word| HISTORIES.contains(&word.as_str()))
}

fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(['_', '-', '.']).map(str::to_lowercase)
}

/// What a table is about: `product_history` and `products` are about a `product`.
fn singular(name: &str) -> String {
    let about: Vec<String> = words(name)
        .filter(|word| !HISTORIES.contains(&word.as_str()))
        .collect();
    let about = match about.as_slice() {
        [] => name.to_lowercase(),
        about => about.join("_"),
    };
    if let Some(stem) = about.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let stem = about.strip_suffix('s').filter(|stem| !stem.ends_with('s'));
    stem.unwrap_or(&about).to_owned()
}

/// The column with the first of these names that fits.
fn first_of(
    columns: &[&FoundColumn],
    names: &[&str],
    fits: fn(&FoundColumn) -> bool,
) -> Option<String> {
    names.iter().find_map(|name| {
        let mut columns = columns.iter();
        let found = columns.find(|column| canon(&column.name) == *name && fits(column))?;
        Some(found.name.clone())
    })
}

fn is_number(column: &FoundColumn) -> bool {
    let sql_type = column.sql_type.to_ascii_lowercase();
    sql_type.contains("int") || sql_type.contains("serial")
}

fn is_time(column: &FoundColumn) -> bool {
    let sql_type = column.sql_type.to_ascii_lowercase();
    // SQLite keeps times as texts.
    ["time", "date", "text"]
        .iter()
        .any(|it| sql_type.contains(it))
}

/// Sets one role by hand.
fn set(
    business: &mut BusinessTable,
    table: &FoundTable,
    role: &str,
    value: &str,
) -> Result<(), Failure> {
    let column = || match table.column(value) {
        Some(column) => Ok(column.name.clone()),
        None => {
            let told = format!("{} has no column '{value}'.", business.table);
            Err(Failure::new(Code::BadProfile, told).hint("Name one that is there."))
        }
    };
    match role {
        "key" if value.is_empty() => business.key = None,
        "key" => business.key = Some(column()?),
        "id" => business.id = column()?,
        "version" => business.version = column()?,
        "changed-at" => business.changed_at = column()?,
        "aggregate-type" => value.clone_into(&mut business.aggregate_type),
        "history" => business.history = value == "true",
        other => {
            let told = format!("A business table has no role '{other}'.");
            let hint = match closest(other, ROLES) {
                Some(meant) => format!("Did you mean '{meant}'?"),
                None => format!("Its roles are {}.", ROLES.join(", ")),
            };
            return Err(Failure::new(Code::BadProfile, told).hint(hint));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[(&str, &str)]) -> FoundTable {
        let column = |(name, sql_type): &(&str, &str)| FoundColumn {
            name: name.trim_start_matches('*').to_owned(),
            sql_type: (*sql_type).to_owned(),
            nullable: true,
            primary_key: name.starts_with('*'),
        };
        FoundTable {
            name: name.to_owned(),
            columns: columns.iter().map(column).collect(),
            ..FoundTable::default()
        }
    }

    /// `id version changed-at aggregate-type`, and whether every version has a row.
    fn told(name: &str, columns: &[(&str, &str)]) -> Result<String, String> {
        let found = of(&table(name, columns), &[]);
        found
            .map(|it| {
                let key = it.key.unwrap_or_default();
                format!(
                    "{key}|{} {} {} {} {}",
                    it.id, it.version, it.changed_at, it.aggregate_type, it.history
                )
            })
            .map_err(|lacking| lacking.join(","))
    }

    #[test]
    fn states_and_histories_are_told_by_their_keys_and_names() {
        let state = [
            ("*id", "bigint"),
            ("version", "integer"),
            ("updated_at", "timestamptz"),
        ];
        assert_eq!(
            told("products", &state).as_deref(),
            Ok("|id version updated_at product false")
        );
        let history = [
            ("*no", "bigint"),
            ("product_id", "bigint"),
            ("made_by_id", "bigint"),
            ("version", "int"),
            ("created_at", "datetime(6)"),
        ];
        assert_eq!(
            told("product_history", &history).as_deref(),
            Ok("no|product_id version created_at product true")
        );
        let composite = [
            ("*sku", "text"),
            ("*rev", "int4"),
            ("recorded_at", "timestamp"),
        ];
        assert_eq!(
            told("categories", &composite).as_deref(),
            Ok("|sku rev recorded_at category true")
        );
    }

    #[test]
    fn a_row_that_only_says_when_it_was_made_does_not_say_when_it_was_changed() {
        let made = [
            ("*id", "bigint"),
            ("version", "integer"),
            ("created_at", "timestamptz"),
        ];
        assert_eq!(told("products", &made), Err("changed-at".to_owned()));
        let bare = [
            ("*id", "bigint"),
            ("version", "text"),
            ("updated_at", "timestamptz"),
        ];
        assert_eq!(told("products", &bare), Err("version".to_owned()));
    }
}
