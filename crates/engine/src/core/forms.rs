//! Calls about profiles: reading, checking, saving, removing.

use std::sync::Arc;

use waybill_protocol::{Failure, GetProfile, ProfileProblem, ProfileText, SaveProfile};
use waybill_source::Secret;

use super::{Core, of_store};
use crate::failure;
use crate::profiles::{self, Secrets, TEMPLATE, secret_names};

impl Core {
    /// A profile's text, or the template of a new one for the empty name.
    pub async fn profile_text(&self, asked: GetProfile) -> Result<ProfileText, Failure> {
        if asked.name.is_empty() {
            return Ok(ProfileText {
                toml: TEMPLATE.to_owned(),
                secrets: Vec::new(),
            });
        }
        let toml = self
            .inner
            .profiles
            .text(&asked.name)
            .map_err(|error| of_store(&error))?;
        let names = profiles::checked(&toml, &self.inner.drivers)
            .map(|profile| secret_names(&profile))
            .unwrap_or_default();
        let secrets = Arc::clone(&self.inner.secrets);
        let known = in_background(move || {
            let there = |name: String| {
                let found = secrets.get(&name).is_ok_and(|secret| secret.is_some());
                (name, found)
            };
            names.into_iter().map(there).collect()
        });
        Ok(ProfileText {
            toml,
            secrets: known.await?,
        })
    }

    /// Everything that is wrong with a profile's text.
    pub fn check_profile(&self, toml: &str) -> Vec<ProfileProblem> {
        profiles::check(toml, &self.inner.drivers)
    }

    /// Saves a profile and the passwords typed with it.
    pub async fn save_profile(&self, order: SaveProfile) -> Result<(), Failure> {
        let profile = self.inner.profiles.save(&order.toml, &self.inner.drivers);
        let profile = profile.map_err(|error| of_store(&error))?;
        tracing::info!(profile = %profile.name, "Saved a profile");
        let secrets = Arc::clone(&self.inner.secrets);
        let typed = order
            .secrets
            .into_iter()
            .filter(|(_, text)| !text.is_empty());
        let typed: Vec<(String, Secret)> = typed
            .map(|(name, text)| (name, Secret::new(text)))
            .collect();
        in_background(move || kept(&*secrets, &typed)).await?
    }

    /// Removes a saved profile. Its passwords stay: other profiles may use them.
    pub fn delete_profile(&self, name: &str) -> Result<(), Failure> {
        self.inner
            .profiles
            .delete(name)
            .map_err(|error| of_store(&error))
    }
}

fn kept(secrets: &dyn Secrets, typed: &[(String, Secret)]) -> Result<(), Failure> {
    for (name, secret) in typed {
        secrets.set(name, secret).map_err(|error| {
            failure::internal(
                "The profile is saved, but a password could not be kept.",
                &error,
            )
            .hint(format!(
                "Set {} instead.",
                profiles::environment_variable(name)
            ))
        })?;
    }
    Ok(())
}

/// Keychains block, and may wait for the user.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| failure::internal("Asking the keychain was cut off.", &error))
}
