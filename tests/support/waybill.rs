//! The real `waybill` program, run with folders of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use waybill_model::Profile;

use crate::profile::{environment, save};
use crate::terminal::Conversation;

/// A user's machine: config and data folders, passwords in the environment.
#[derive(Debug)]
pub struct Waybill {
    folder: tempfile::TempDir,
    secrets: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none when it was killed.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

impl Ended {
    /// The document it printed.
    ///
    /// # Panics
    /// When it printed something else.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}\n{}", self.stdout, self.stderr))
    }
}

impl Default for Waybill {
    fn default() -> Self {
        Self::new()
    }
}

impl Waybill {
    /// A machine on which Waybill was never started.
    ///
    /// # Panics
    /// When there is no temporary folder to be had.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self {
            folder,
            secrets: Vec::new(),
        }
    }

    /// With one password in the environment.
    pub fn with_secret(name: &str, password: &str) -> Self {
        Self::with_secrets([(name.to_owned(), password.to_owned())].into())
    }

    /// With passwords in the environment.
    pub fn with_secrets(secrets: BTreeMap<String, String>) -> Self {
        Self {
            secrets: environment(secrets),
            ..Self::new()
        }
    }

    /// Saves a profile; the passwords it names go into the environment.
    pub fn with_profile(profile: &Profile, secrets: BTreeMap<String, String>) -> Self {
        let mut waybill = Self::new();
        waybill.secrets = environment(secrets);
        save(&waybill.config(), profile);
        waybill
    }

    /// Where its profiles are.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Lets a saved profile, which only looks, resend.
    ///
    /// # Panics
    /// When there is no such profile.
    pub fn may_resend(&self, name: &str) {
        let path = self.config().join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&path).expect("it was saved");
        let text = text.replace("access = \"read-only\"", "access = \"resend\"");
        std::fs::write(path, text).expect("it can be written");
    }

    /// Where its journal is.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs `check --json` with these arguments: what it printed, held against its own schema.
    ///
    /// # Panics
    /// When it does not fit.
    pub fn check(&self, args: &[&str]) -> Ended {
        let ended = self.run(&[&["check", "--json"], args].concat());
        let schema = self.run(&["schema"]).json();
        let wrong: Vec<String> = jsonschema::validator_for(&schema)
            .expect("the schema is one")
            .iter_errors(&ended.json())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        ended
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.run_with(args, &[])
    }

    /// The same with more in its environment.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Ended {
        let mut command = self.command(args);
        command.envs(environment.iter().copied());
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("waybill can be started");
        Ended {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Starts it and lets it run.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("waybill can be started")
    }

    /// Runs it at a terminal.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn talk(&self, args: &[&str]) -> Conversation {
        Conversation::begin(&mut self.command(args))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(args)
            .env("WAYBILL_CONFIG_DIR", self.folder.path().join("config"))
            .env("WAYBILL_DATA_DIR", self.data())
            .envs(self.secrets.iter().map(|(name, password)| (name, password)))
            .stdin(Stdio::null());
        command
    }
}

/// The program that was built with this test: `target/<profile>/waybill`.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/<profile>/deps");
    let program = folder.join(format!("waybill{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with cargo build -p waybill-cli",
        program.display()
    );
    program
}
