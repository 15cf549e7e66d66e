//! Where passwords come from. They are never written into a profile, a log or an error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use waybill_source::{BoxError, Secret};

/// A store of passwords by name. Called on threads that may block: keychains ask the user.
pub trait Secrets: fmt::Debug + Send + Sync {
    /// The password of that name, if there is one.
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError>;
    /// Keeps a password under that name.
    fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretsError>;
    /// Forgets the password of that name; fine when there is none.
    fn delete(&self, name: &str) -> Result<(), SecretsError>;
}

/// The store could not be used.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing} the password '{name}'")]
pub struct SecretsError {
    /// `read`, `keep`, `forget`.
    pub doing: &'static str,
    /// The secret's name.
    pub name: String,
    /// Why.
    pub source: BoxError,
}

/// Looks into `WAYBILL_SECRET_<NAME>` first, then into a store (the keychain).
#[derive(Debug)]
pub struct EnvironmentFirst<S>(pub S);

impl<S: Secrets> Secrets for EnvironmentFirst<S> {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        match std::env::var(environment_variable(name)) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(_) => self.0.get(name),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        self.0.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), SecretsError> {
        self.0.delete(name)
    }
}

/// The environment variable a password may come from: `toys-db` → `WAYBILL_SECRET_TOYS_DB`.
pub fn environment_variable(name: &str) -> String {
    format!("WAYBILL_SECRET_{}", name.to_uppercase().replace('-', "_"))
}

/// Passwords in memory: the demo's, a connection test's, a test's.
#[derive(Default)]
pub struct MemorySecrets(Mutex<BTreeMap<String, Secret>>);

impl MemorySecrets {
    /// With these in it.
    pub fn with(secrets: impl IntoIterator<Item = (String, Secret)>) -> Self {
        Self(Mutex::new(secrets.into_iter().collect()))
    }
}

impl fmt::Debug for MemorySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemorySecrets(…)")
    }
}

impl Secrets for MemorySecrets {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(held.get(name).cloned())
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(name.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), SecretsError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_kept_and_forgotten_but_never_printed() {
        let secrets = MemorySecrets::with([("db".to_owned(), Secret::new("hunter2"))]);
        let found = secrets.get("db").expect("memory does not fail");
        assert_eq!(found.expect("it is there").reveal(), "hunter2");
        assert!(!format!("{secrets:?} {:?}", secrets.get("db")).contains("hunter2"));
        secrets.delete("db").expect("memory does not fail");
        assert!(secrets.get("db").expect("memory does not fail").is_none());
    }

    #[test]
    fn the_variable_is_upper_case_with_underscores() {
        assert_eq!(environment_variable("toys-db2"), "WAYBILL_SECRET_TOYS_DB2");
    }
}
