//! A library's host program: a small service in the library's own language, installed once into
//! `target/libraries` by the language's own client.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::database::Database;

/// How a host program is made ready and started.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The folder here with its sources, and the one below `target/libraries`.
    pub(crate) folder: &'static str,
    /// Commands that make it, in that folder.
    pub(crate) make: &'static [&'static [&'static str]],
    /// What starts it, there too.
    pub(crate) start: &'static [&'static str],
}

/// A host program that is ready.
#[derive(Debug)]
pub(crate) struct Host {
    recipe: &'static Recipe,
    folder: PathBuf,
    /// Where it finds its database, its broker, and where its events go.
    environment: [(&'static str, String); 3],
}

impl Host {
    /// Makes it ready, unless it was made from the same sources before.
    pub(crate) fn install(
        recipe: &'static Recipe,
        database: String,
        broker: String,
        destination: &str,
    ) -> Self {
        let folder = libraries().join(recipe.folder);
        fs::create_dir_all(libraries()).expect("target can be written to");
        let lock = File::create(folder.with_extension("lock")).expect("target can be written to");
        lock.lock().expect("whoever installs it ends some day");
        let sources = sources(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("libraries")
                .join(recipe.folder),
        );
        let stamp = folder.with_extension("installed");
        let wanted = format!("{recipe:?}\n{sources:?}");
        if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
            make(recipe, &folder, &sources);
            fs::write(stamp, wanted).expect("target can be written to");
        }
        Self {
            recipe,
            folder,
            environment: [
                ("HOST_DATABASE", database),
                ("HOST_BROKER", broker),
                ("HOST_DESTINATION", destination.to_owned()),
            ],
        }
    }

    /// Runs it to its end, which is a good one. Returns the ids it printed.
    pub(crate) fn run(&self, words: &[&str]) -> Vec<String> {
        let output = self.output(words);
        assert!(
            output.status.success(),
            "{words:?} failed: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        ids(&output)
    }

    /// Runs it until its power is cut. Returns the ids it printed before.
    pub(crate) fn run_into_the_dark(&self, words: &[&str]) -> Vec<String> {
        let output = self.output(words);
        // By its own hand, as nobody else knows the moment.
        let cut = matches!(output.status.code(), None | Some(137));
        assert!(
            cut,
            "{words:?} did not die: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        ids(&output)
    }

    fn output(&self, words: &[&str]) -> Output {
        Command::new(self.recipe.start[0])
            .args(&self.recipe.start[1..])
            .args(words)
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("it was installed")
    }
}

fn ids(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).expect("ids are text");
    text.lines().map(str::to_owned).collect()
}

/// Lays the sources out anew and runs the commands.
fn make(recipe: &Recipe, folder: &Path, sources: &[(PathBuf, Vec<u8>)]) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("target can be written to");
    }
    for (path, content) in sources {
        let path = folder.join(path);
        let parent = path.parent().expect("it lies in the folder");
        fs::create_dir_all(parent).expect("target can be written to");
        fs::write(path, content).expect("target can be written to");
    }
    for command in recipe.make {
        let output = Command::new(command[0])
            .args(&command[1..])
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .expect("the toolchain was asked for before");
        assert!(
            output.status.success(),
            "{} failed in {}: {}\n{}{}",
            command.join(" "),
            folder.display(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// All files of a folder by their paths in it, in order.
fn sources(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("the sources are here") {
            let path = entry.expect("the sources are here").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = fs::read(&path).expect("the sources are here");
                let inside = path.strip_prefix(folder).expect("it lies in the folder");
                files.push((inside.to_owned(), content));
            }
        }
    }
    files.sort();
    files
}

/// `target/libraries`.
fn libraries() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let target = test.ancestors().nth(3);
    target
        .expect("tests lie in target/<profile>/deps")
        .join("libraries")
}

/// The database as JDBC spells it.
pub(crate) fn jdbc(database: &Database) -> String {
    let url = database.url();
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    let mut bare = url.clone();
    bare.set_password(None).expect("it has a host");
    bare.set_username("").expect("it has a host");
    bare.set_scheme("postgresql").expect("as good as postgres");
    format!("jdbc:{bare}?user={user}&password={password}")
}
