//! The roles of an outbox, each by its name in a profile: for whoever maps columns, by hand or by
//! what was recognised.

use std::collections::BTreeMap;

use crate::{OutboxSettings, RolePlace};

impl OutboxSettings {
    /// The names of all roles.
    pub const ROLES: [&'static str; 21] = [
        "key",
        "id",
        "aggregate-type",
        "aggregate-id",
        "version",
        "type",
        "destination",
        "payload",
        "headers",
        "created-at",
        "zone",
        "sent-at",
        "due-at",
        "due-states",
        "failed-at",
        "status",
        "sent-states",
        "failed-states",
        "attempts",
        "error",
        "deletes-after-send",
    ];

    /// An outbox of which nothing is known but its name and its key, `""` where that is not known
    /// either.
    pub fn unmapped(table: String, key: String) -> Self {
        Self {
            table,
            key,
            id: String::new(),
            aggregate_type: None,
            aggregate_id: None,
            version: None,
            kind: None,
            destination: None,
            payload: None,
            headers: None,
            created_at: None,
            zone: None,
            sent_at: None,
            due_at: None,
            due_states: Vec::new(),
            failed_at: None,
            status: None,
            sent_states: Vec::new(),
            failed_states: Vec::new(),
            attempts: None,
            error: None,
            only: BTreeMap::new(),
            deletes_after_send: false,
            dead_letters: None,
        }
    }

    /// The place of a role; `None` where there is no such role.
    pub fn role_mut(&mut self, role: &str) -> Option<RolePlace<'_>> {
        Some(match role {
            "key" => RolePlace::Needed(&mut self.key),
            "id" => RolePlace::Needed(&mut self.id),
            "created-at" => RolePlace::Optional(&mut self.created_at),
            "aggregate-type" => RolePlace::Optional(&mut self.aggregate_type),
            "aggregate-id" => RolePlace::Optional(&mut self.aggregate_id),
            "zone" => RolePlace::Word(&mut self.zone),
            "version" => RolePlace::Optional(&mut self.version),
            "type" => RolePlace::Optional(&mut self.kind),
            "destination" => RolePlace::Optional(&mut self.destination),
            "payload" => RolePlace::Optional(&mut self.payload),
            "headers" => RolePlace::Optional(&mut self.headers),
            "sent-at" => RolePlace::Optional(&mut self.sent_at),
            "due-at" => RolePlace::Optional(&mut self.due_at),
            "due-states" => RolePlace::States(&mut self.due_states),
            "failed-at" => RolePlace::Optional(&mut self.failed_at),
            "status" => RolePlace::Optional(&mut self.status),
            "attempts" => RolePlace::Optional(&mut self.attempts),
            "error" => RolePlace::Optional(&mut self.error),
            "sent-states" => RolePlace::States(&mut self.sent_states),
            "failed-states" => RolePlace::States(&mut self.failed_states),
            "deletes-after-send" => RolePlace::Flag(&mut self.deletes_after_send),
            _ => return None,
        })
    }

    /// What a role is, as it can be set again; `""` for nothing.
    pub fn role(&self, role: &str) -> String {
        let mut own = self.clone();
        own.role_mut(role)
            .map_or_else(String::new, RolePlace::taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_a_place_and_nothing_else_is() {
        let mut outbox = OutboxSettings::unmapped("letters".to_owned(), String::new());
        for role in OutboxSettings::ROLES {
            let value = if role == "deletes-after-send" {
                "true"
            } else {
                "gone"
            };
            outbox.role_mut(role).expect("it is a role").set(value);
            assert_eq!(outbox.role(role), value, "{role}");
        }
        assert_eq!(outbox.role_mut("table"), None);
        assert_eq!(outbox.role("table"), "");
    }
}
