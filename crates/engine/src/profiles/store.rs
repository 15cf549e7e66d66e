//! The folder of profiles.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use waybill_model::{Access, Environment, Profile};
use waybill_protocol::{ProfileProblem, ProfileSummary};

use super::check::checked;
use super::problem::closest;
use super::summary;
use crate::Drivers;

/// The saved profiles: one `NAME.toml` each in one folder.
#[derive(Debug, Clone)]
pub struct ProfileStore {
    folder: PathBuf,
}

/// Why a profile could not be listed, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is none of that name.
    #[error("there is no profile '{name}' in {folder}{suggestion}")]
    NotFound {
        /// As asked for.
        name: String,
        /// Where we looked.
        folder: String,
        /// `; did you mean '…'?` or empty.
        suggestion: String,
    },
    /// It is wrong.
    #[error("profile '{name}' cannot be used")]
    Wrong {
        /// Its name, or the file's.
        name: String,
        /// What is wrong, at least one.
        problems: Vec<ProfileProblem>,
    },
    /// The folder or file does not let us.
    #[error("failed to {doing} {path}")]
    Io {
        /// `read`, `write`, `remove`.
        doing: &'static str,
        /// What.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl ProfileStore {
    /// Over a folder that need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where the profiles lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All profiles by name; one that cannot be used says why.
    pub fn list(&self, drivers: &Drivers) -> Result<Vec<ProfileSummary>, StoreError> {
        let names = self.names()?;
        Ok(names
            .into_iter()
            .map(|name| self.listed(name, drivers))
            .collect())
    }

    /// The profile of that name, checked.
    pub fn load(&self, name: &str, drivers: &Drivers) -> Result<Profile, StoreError> {
        let text = self.text(name)?;
        let wrong = |problems| StoreError::Wrong {
            name: name.to_owned(),
            problems,
        };
        let profile = checked(&text, drivers).map_err(wrong)?;
        if profile.name == name {
            return Ok(profile);
        }
        Err(wrong(vec![ProfileProblem {
            line: 1,
            message: format!(
                "The file is called '{name}.toml', but the profile calls itself '{}'.",
                profile.name
            ),
            suggestion: format!("Write name = \"{name}\"."),
        }]))
    }

    /// The text of a profile.
    pub fn text(&self, name: &str) -> Result<String, StoreError> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.not_found(name)),
            Err(source) => Err(io_error("read", &path, source)),
        }
    }

    /// Checks a profile's text and saves it under its name. Whoever reads meanwhile sees the old
    /// text or the new one, never half of it.
    pub fn save(&self, toml: &str, drivers: &Drivers) -> Result<Profile, StoreError> {
        let profile = checked(toml, drivers).map_err(|problems| StoreError::Wrong {
            name: "new".to_owned(),
            problems,
        })?;
        let path = self.path(&profile.name);
        self.write(&path, toml)
            .map_err(|source| io_error("write", &path, source))?;
        Ok(profile)
    }

    /// Removes a profile.
    pub fn delete(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.not_found(name)),
            Err(source) => Err(io_error("remove", &path, source)),
        }
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_error("read", &self.folder, source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry
                .map_err(|source| io_error("read", &self.folder, source))?
                .path();
            if path.extension().is_some_and(|ext| ext == "toml")
                && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
            {
                names.push(stem.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn listed(&self, name: String, drivers: &Drivers) -> ProfileSummary {
        match self.load(&name, drivers) {
            Ok(profile) => summary(&profile),
            Err(error) => ProfileSummary {
                problem: first_problem(&error),
                name,
                environment: Environment::default(),
                access: Access::default(),
                subtitle: String::new(),
            },
        }
    }

    fn write(&self, path: &Path, toml: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let beside = path.with_extension("toml.new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(toml.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    }

    fn path(&self, name: &str) -> PathBuf {
        // A name with a separator would reach outside the folder; it names no profile.
        let name = name.replace(['/', '\\'], "_");
        self.folder.join(format!("{name}.toml"))
    }

    fn not_found(&self, name: &str) -> StoreError {
        let names = self.names().unwrap_or_default();
        let meant = closest(name, names.iter().map(String::as_str));
        StoreError::NotFound {
            name: name.to_owned(),
            folder: self.folder.display().to_string(),
            suggestion: meant.map_or_else(String::new, |n| format!("; did you mean '{n}'?")),
        }
    }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        doing,
        path: path.display().to_string(),
        source,
    }
}

/// One line for the list.
fn first_problem(error: &StoreError) -> String {
    match error {
        StoreError::Wrong { problems, .. } => match problems.first() {
            Some(found) => format!("Line {}: {}", found.line, found.message),
            None => error.to_string(),
        },
        StoreError::NotFound { .. } | StoreError::Io { .. } => crate::failure::chain(error),
    }
}
