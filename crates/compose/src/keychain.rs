//! Passwords in the keychain of the operating system.

use std::sync::OnceLock;

use keyring_core::{Entry, Error as KeyringError};
use waybill_engine::profiles::{EnvironmentFirst, Secrets, SecretsError};
use waybill_source::Secret;

/// The keychain's name for everything of ours.
const SERVICE: &str = "waybill";

/// The environment first (`WAYBILL_SECRET_<NAME>`), then the keychain.
pub fn secrets() -> EnvironmentFirst<Keychain> {
    EnvironmentFirst(Keychain)
}

/// Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
///
/// Opened when first asked, not at start-up: a machine without one can still use the environment.
#[derive(Debug, Clone, Copy)]
pub struct Keychain;

impl Secrets for Keychain {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        let read = entry(name).and_then(|entry| entry.get_password());
        match read {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(source) => Err(failed("read", name, source)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        let kept = entry(name).and_then(|entry| entry.set_password(secret.reveal()));
        kept.map_err(|source| failed("keep", name, source))
    }

    fn delete(&self, name: &str) -> Result<(), SecretsError> {
        match entry(name).and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(source) => Err(failed("forget", name, source)),
        }
    }
}

fn failed(doing: &'static str, name: &str, source: KeyringError) -> SecretsError {
    SecretsError {
        doing,
        name: name.to_owned(),
        source: Box::new(source),
    }
}

fn entry(name: &str) -> Result<Entry, KeyringError> {
    static OPENED: OnceLock<bool> = OnceLock::new();
    if !OPENED.get_or_init(|| open_store().is_ok()) {
        return Err(KeyringError::NotSupportedByStore(
            "this machine has no keychain that answers; use WAYBILL_SECRET_<NAME>".to_owned(),
        ));
    }
    Entry::new(SERVICE, name)
}

#[cfg(target_os = "linux")]
fn open_store() -> Result<(), KeyringError> {
    keyring_core::set_default_store(zbus_secret_service_keyring_store::Store::new()?);
    Ok(())
}

#[cfg(target_os = "macos")]
fn open_store() -> Result<(), KeyringError> {
    keyring_core::set_default_store(apple_native_keyring_store::keychain::Store::new()?);
    Ok(())
}

#[cfg(target_os = "windows")]
fn open_store() -> Result<(), KeyringError> {
    keyring_core::set_default_store(windows_native_keyring_store::Store::new()?);
    Ok(())
}
