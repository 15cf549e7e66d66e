//! The roles of an outbox, set by hand.

use waybill_layouts::FoundTable;
use waybill_model::{InColumn, OutboxSettings, ParseZoneError, RolePlace, Zone};
use waybill_protocol::{Code, Failure};

use crate::profiles::closest;

/// An outbox of which nothing is known but its name and its key.
pub(super) fn unknown(table: &FoundTable) -> OutboxSettings {
    let key = table.columns.iter().find(|column| column.primary_key);
    let key = key.map(|column| column.name.clone());
    OutboxSettings::unmapped(table.full_name(), key.unwrap_or_default())
}

/// Sets one role: a column in any spelling, states as `a,b`, or nothing at all.
pub(super) fn set(
    outbox: &mut OutboxSettings,
    table: &FoundTable,
    role: &str,
    value: &str,
) -> Result<(), Failure> {
    match outbox.role_mut(role) {
        None => return Err(no_role(role)),
        Some(RolePlace::Needed(place)) => *place = real(table, role, value)?,
        Some(RolePlace::Optional(place)) if !value.is_empty() => {
            *place = Some(real(table, role, value)?);
        }
        Some(RolePlace::Word(place)) if role == "zone" && !value.is_empty() => {
            let zone: Zone = value.parse().map_err(|error| no_zone(&error))?;
            *place = Some(zone.to_string());
        }
        Some(place) => place.set(value),
    }
    Ok(())
}

/// What is still needed before it can be read.
pub(super) fn lacking(outbox: &OutboxSettings) -> Vec<&'static str> {
    let needed = [("key", &outbox.key), ("id", &outbox.id)];
    let lacking = needed.into_iter().filter(|(_, column)| column.is_empty());
    lacking.map(|(role, _)| role).collect()
}

/// The column in its real spelling, with the pointer that was set behind it.
fn real(table: &FoundTable, role: &str, value: &str) -> Result<String, Failure> {
    let place = InColumn::of(value);
    let Some(column) = table.column(place.column) else {
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let told = format!(
            "{} has no column '{}' for {role}.",
            table.full_name(),
            place.column
        );
        let hint = match closest(place.column, names.iter().copied()) {
            Some(meant) => format!("Did you mean '{meant}'?"),
            None => format!("Its columns are {}.", names.join(", ")),
        };
        return Err(Failure::new(Code::BadProfile, told).hint(hint));
    };
    Ok(match place.pointer {
        Some(pointer) => format!("{}#{pointer}", column.name),
        None => column.name.clone(),
    })
}

fn no_zone(error: &ParseZoneError) -> Failure {
    Failure::new(Code::BadProfile, format!("{error}.")).hint("Leave it out to have it found out.")
}

fn no_role(role: &str) -> Failure {
    let told = format!("An outbox has no role '{role}'.");
    let hint = match closest(role, OutboxSettings::ROLES) {
        Some(meant) => format!("Did you mean '{meant}'?"),
        None => format!("Its roles are {}.", OutboxSettings::ROLES.join(", ")),
    };
    Failure::new(Code::BadProfile, told).hint(hint)
}

#[cfg(test)]
mod tests {
    use waybill_layouts::FoundColumn;

    use super::*;

    fn table() -> FoundTable {
        let column = |name: &str| FoundColumn {
            name: name.to_owned(),
            sql_type: "text".to_owned(),
            nullable: true,
            primary_key: name == "No",
        };
        FoundTable {
            name: "letters".to_owned(),
            columns: ["No", "Body", "Written_At", "gone"].map(column).into(),
            ..FoundTable::default()
        }
    }

    #[test]
    fn every_role_can_be_set_and_what_is_needed_is_told() {
        let table = table();
        let mut outbox = unknown(&table);
        assert_eq!(lacking(&outbox), ["id"]);
        for role in OutboxSettings::ROLES {
            let value = match role {
                "deletes-after-send" => "true",
                "zone" => "-05:00",
                _ => "gone",
            };
            set(&mut outbox, &table, role, value).expect("it is a role");
        }
        let text = toml::to_string(&outbox).expect("it can be written");
        for role in OutboxSettings::ROLES {
            assert!(text.contains(&format!("{role} = ")), "{role}: {text}");
        }
        assert!(lacking(&outbox).is_empty());
    }

    #[test]
    fn columns_take_their_real_spelling_and_may_be_taken_away() {
        let table = table();
        let mut outbox = unknown(&table);
        set(&mut outbox, &table, "id", "body#/id").expect("it is there");
        set(&mut outbox, &table, "created-at", "writtenat").expect("it is there");
        assert_eq!(
            (outbox.id.as_str(), outbox.created_at.as_deref()),
            ("Body#/id", Some("Written_At"))
        );
        set(&mut outbox, &table, "sent-at", "gone").expect("it is there");
        set(&mut outbox, &table, "sent-at", "").expect("it may be missing");
        assert_eq!(outbox.sent_at, None);
        let wrong = set(&mut outbox, &table, "id", "Bodz").expect_err("it is not there");
        assert_eq!(wrong.hint, "Did you mean 'Body'?");
        let wrong = set(&mut outbox, &table, "creatd-at", "gone").expect_err("there is no such");
        assert_eq!(wrong.hint, "Did you mean 'created-at'?");
    }
}
