//! The profile a new one starts from.

/// A commented profile for a service with an outbox and a Kafka topic. It passes the check.
pub const TEMPLATE: &str = include_str!("template.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use waybill_model::{Access, Profile};

    #[test]
    fn a_new_profile_can_be_read_and_only_looks() {
        let profile: Profile = toml::from_str(TEMPLATE).expect("the template is a profile");
        assert_eq!(profile.access, Access::ReadOnly);
        assert_eq!(profile.consumers().count(), 1);
    }
}
