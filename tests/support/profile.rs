//! A profile on disk and its passwords in the environment, as a user would have them.

use std::collections::BTreeMap;
use std::path::Path;

use waybill_engine::profiles::environment_variable;
use waybill_model::Profile;

/// Writes a profile into a config folder as it is, right or wrong.
///
/// # Panics
/// When it cannot be written.
pub fn save(config: &Path, profile: &Profile) {
    std::fs::create_dir_all(config).expect("the config folder can be made");
    let text = toml::to_string(profile).expect("a profile can be written as TOML");
    let path = config.join(format!("{}.toml", profile.name));
    std::fs::write(path, text).expect("the profile can be written");
}

/// Passwords by the variables they are looked for in.
pub fn environment(secrets: BTreeMap<String, String>) -> Vec<(String, String)> {
    let variable = |(name, password): (String, String)| (environment_variable(&name), password);
    secrets.into_iter().map(variable).collect()
}
