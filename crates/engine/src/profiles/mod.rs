//! Profiles as TOML files, and the passwords they refer to.

mod secrets;
pub use secrets::{EnvironmentFirst, MemorySecrets, Secrets, SecretsError, environment_variable};

mod problem;
pub(crate) use problem::closest;

mod check;
pub use check::{check, checked};

mod lines;

mod meaning;
pub(crate) use meaning::is_secret;

mod store;
pub use store::{ProfileStore, StoreError};

mod template;
pub use template::TEMPLATE;

mod summary;
pub(crate) use summary::{secret_names, summary};
