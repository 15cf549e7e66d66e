//! The roles of an inbox, each by its name in a profile, as those of an outbox are.

use crate::{Inbox, RolePlace};

impl Inbox {
    /// The names of all roles.
    pub const ROLES: [&'static str; 8] = [
        "key",
        "id",
        "processed-at",
        "zone",
        "status",
        "processed-states",
        "failed-states",
        "failed-at",
    ];

    /// An inbox of which nothing is known but its name.
    pub fn unmapped(table: String) -> Self {
        Self {
            database: None,
            table,
            key: None,
            id: String::new(),
            processed_at: String::new(),
            zone: None,
            status: None,
            processed_states: Vec::new(),
            failed_states: Vec::new(),
            failed_at: None,
            kept_secs: None,
            consumer_column: None,
            consumer_value: None,
        }
    }

    /// The place of a role; `None` where there is no such role.
    pub fn role_mut(&mut self, role: &str) -> Option<RolePlace<'_>> {
        Some(match role {
            "id" => RolePlace::Needed(&mut self.id),
            "processed-at" => RolePlace::Needed(&mut self.processed_at),
            "key" => RolePlace::Optional(&mut self.key),
            "zone" => RolePlace::Word(&mut self.zone),
            "status" => RolePlace::Optional(&mut self.status),
            "failed-at" => RolePlace::Optional(&mut self.failed_at),
            "processed-states" => RolePlace::States(&mut self.processed_states),
            "failed-states" => RolePlace::States(&mut self.failed_states),
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
        let mut inbox = Inbox::unmapped("letters".to_owned());
        for role in Inbox::ROLES {
            inbox.role_mut(role).expect("it is a role").set("a, 2");
            assert_eq!(inbox.role(role), "a, 2", "{role}");
        }
        assert_eq!(inbox.processed_states, ["a", "2"]);
        assert_eq!(inbox.role_mut("table"), None);
        assert_eq!(inbox.role("table"), "");
    }
}
