//! The rival of reconciling: DuckDB's full outer join of the same columns, on one thread.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

const VERSION: &str = "2.0.0.1";
const PROGRAM: &str = include_str!("duckdb/Join.java");

/// DuckDB for Java, ready to be run.
pub(crate) struct DuckDb {
    jar: PathBuf,
    program: PathBuf,
}

impl DuckDb {
    /// Downloads it from Maven Central when it is not there.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = tools()?.join(format!("duckdb-{VERSION}"));
        std::fs::create_dir_all(&folder)?;
        let jar = folder.join(format!("duckdb_jdbc-{VERSION}.jar"));
        if !jar.exists() {
            let run = Command::new("mvn")
                .args(["--quiet", "--batch-mode"])
                .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy")
                .arg(format!("-Dartifact=org.duckdb:duckdb_jdbc:{VERSION}"))
                .arg(format!("-DoutputDirectory={}", folder.display()))
                .output();
            let output = run.context("failed to start mvn")?;
            anyhow::ensure!(
                output.status.success() && jar.exists(),
                "failed to download DuckDB: {}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
        let program = folder.join("Join.java");
        std::fs::write(&program, PROGRAM)?;
        Ok(Self { jar, program })
    }

    /// Seconds for joining outbox, copies and three inboxes of so many events.
    pub(crate) fn join(&self, events: usize) -> anyhow::Result<f64> {
        let run = Command::new("java")
            .arg("-cp")
            .arg(&self.jar)
            .arg(&self.program)
            .arg(events.to_string())
            .output();
        let output = run.context("failed to start java")?;
        anyhow::ensure!(
            output.status.success(),
            "DuckDB: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let told = String::from_utf8(output.stdout)?;
        told.trim().parse().context("DuckDB told no time")
    }
}

/// `target/tools`, where what is downloaded lies.
fn tools() -> anyhow::Result<PathBuf> {
    let ours = std::env::current_exe()?;
    let target = ours
        .ancestors()
        .nth(2)
        .context("this program lies in target/<profile>")?;
    Ok(target.join("tools"))
}
