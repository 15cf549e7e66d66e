//! What the columns of an outbox mean: each role, read and set by its name in a profile.

use waybill_model::{InColumn, OutboxSettings};
use waybill_protocol::{SeenColumn, SeenTable};

/// A role of an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleInfo {
    /// As a profile writes it.
    pub name: &'static str,
    /// As a person says it.
    pub title: &'static str,
    /// What it is good for.
    pub help: &'static str,
    /// How it is set.
    pub kind: RoleKind,
}

/// How a role is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleKind {
    /// A column that must be there.
    Needed,
    /// A column, or a place inside of its JSON, that must be there.
    NeededPlace,
    /// A column, or none.
    Column,
    /// A column, a place inside of its JSON, or none.
    Place,
    /// A word that is no column.
    Word,
    /// Values of the state column.
    States,
    /// Yes or no.
    Flag,
}

const fn role(
    name: &'static str,
    title: &'static str,
    kind: RoleKind,
    help: &'static str,
) -> RoleInfo {
    RoleInfo {
        name,
        title,
        help,
        kind,
    }
}

/// All roles, in the groups they are shown in.
pub const ROLES: [(&str, &[RoleInfo]); 3] = [
    (
        "Which row, which event",
        &[
            role(
                "key",
                "Key",
                RoleKind::Needed,
                "Orders and identifies rows; the primary key.",
            ),
            role(
                "id",
                "Event id",
                RoleKind::NeededPlace,
                "What messages carry too.",
            ),
            role(
                "created-at",
                "Written at",
                RoleKind::Column,
                "Places the row on the timeline; without it its message does.",
            ),
            role(
                "zone",
                "Zone of its times",
                RoleKind::Word,
                "Of times written without one: UTC, -05:00. Left out, it is found out.",
            ),
        ],
    ),
    (
        "What it is about",
        &[
            role("type", "Event type", RoleKind::Place, ""),
            role("aggregate-type", "Aggregate type", RoleKind::Place, ""),
            role("aggregate-id", "Aggregate id", RoleKind::Place, ""),
            role("version", "Version", RoleKind::Column, "Of the aggregate."),
            role(
                "destination",
                "Destination",
                RoleKind::Column,
                "The topic or exchange it is for, where rows say so.",
            ),
            role("payload", "Payload", RoleKind::Column, ""),
            role("headers", "Headers", RoleKind::Column, "As JSON."),
        ],
    ),
    (
        "How it stands",
        &[
            role(
                "sent-at",
                "Sent",
                RoleKind::Column,
                "A time or a flag, filled when sent.",
            ),
            role(
                "failed-at",
                "Given up",
                RoleKind::Column,
                "A time or a flag, filled when given up.",
            ),
            role("status", "State", RoleKind::Column, "A word or a number."),
            role(
                "sent-states",
                "… means sent",
                RoleKind::States,
                "Values of the state, with commas between.",
            ),
            role(
                "failed-states",
                "… means given up",
                RoleKind::States,
                "Values of the state, with commas between.",
            ),
            role(
                "due-at",
                "To be sent from",
                RoleKind::Column,
                "A time; before it the row is not late.",
            ),
            role(
                "due-states",
                "… means later",
                RoleKind::States,
                "Values of the state, with commas between.",
            ),
            role("attempts", "Attempts", RoleKind::Column, ""),
            role("error", "Last error", RoleKind::Column, ""),
            role(
                "deletes-after-send",
                "Deleted when sent",
                RoleKind::Flag,
                "A row that is there was not sent.",
            ),
        ],
    ),
];

/// An outbox of which nothing is known but its name and its key.
pub(super) fn unmapped(table: &SeenTable) -> OutboxSettings {
    let key = table.columns.iter().find(|column| column.key);
    let key = key.map(|column| column.name.clone());
    OutboxSettings::unmapped(table.name.clone(), key.unwrap_or_default())
}

/// Sets a role; `""` for nothing.
pub(super) fn set_role(outbox: &mut OutboxSettings, role: &str, value: &str) {
    if let Some(place) = outbox.role_mut(role) {
        place.set(value);
    }
}

/// What is still needed before rows can be read, as a person says it.
pub(super) fn lacking(outbox: &OutboxSettings) -> Vec<&'static str> {
    let all = ROLES.iter().flat_map(|(_, roles)| *roles);
    let needed = all.filter(|role| matches!(role.kind, RoleKind::Needed | RoleKind::NeededPlace));
    needed
        .filter(|role| InColumn::of(&outbox.role(role.name)).column.is_empty())
        .map(|role| role.title)
        .collect()
}

/// A column and a place inside of it put together, as [`InColumn`] takes them apart. A pointer begins with a slash.
pub fn joined_place(column: &str, pointer: &str) -> String {
    let pointer = pointer.trim().trim_start_matches('#');
    match (column, pointer.trim_start_matches('/')) {
        ("", _) => String::new(),
        (column, "") => column.to_owned(),
        (column, pointer) => format!("{column}#/{pointer}"),
    }
}

/// Whether a place inside of a column is worth asking for: it is JSON by its type, or it is the
/// body, which may be JSON in a column of any type.
pub fn may_hold_json(column: &SeenColumn, is_body: bool) -> bool {
    is_body || column.sql_type.to_lowercase().contains("json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_back_as_it_was_set() {
        let mut outbox = unmapped(&SeenTable {
            database: None,
            name: "letters".to_owned(),
            columns: Vec::new(),
            role: waybill_protocol::SeenRole::Nothing,
            title: String::new(),
            confidence: String::new(),
            reasons: Vec::new(),
            inbox: None,
        });
        assert_eq!(lacking(&outbox), ["Key", "Event id"]);
        let mut asked = Vec::new();
        for role in ROLES.iter().flat_map(|(_, roles)| *roles) {
            let value = match role.kind {
                RoleKind::Flag => "true",
                RoleKind::States => "2, 3",
                _ => role.name,
            };
            set_role(&mut outbox, role.name, value);
            assert_eq!(outbox.role(role.name), value, "{}", role.name);
            asked.push(role.name);
        }
        asked.sort_unstable();
        let mut roles: Vec<_> = OutboxSettings::ROLES.to_vec();
        roles.sort_unstable();
        assert_eq!(asked, roles, "each role of the profile is asked for once");
        assert_eq!(outbox.sent_states, ["2", "3"]);
        assert!(lacking(&outbox).is_empty());
        set_role(&mut outbox, "sent-at", "");
        assert_eq!(outbox.sent_at, None);
    }

    #[test]
    fn a_pointer_is_told_from_its_column() {
        for (place, column, pointer) in [
            ("body#/id", "body", "/id"),
            ("body#/data/id", "body", "/data/id"),
            ("body", "body", ""),
            ("#1", "#1", ""),
        ] {
            let split = InColumn::of(place);
            assert_eq!(
                (split.column, split.pointer.unwrap_or_default()),
                (column, pointer)
            );
            assert_eq!(joined_place(column, pointer), place);
        }
        assert_eq!(joined_place("body", "data/id"), "body#/data/id");
        assert_eq!(joined_place("", "/id"), "");
    }
}
