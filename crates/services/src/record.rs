//! One server that was started: enough to ask it, stop it, start it again.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::blueprint::Blueprint;
use crate::kind::Kind;
use crate::process::{Process, log_file, wait_until};
use crate::{kafka, mariadb, postgres, probe, rabbitmq};

/// How long a server may take until it answers. On two busy cores RabbitMQ took 20 s.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A port that was free when it was chosen may be taken when the server opens it.
const ATTEMPTS: u32 = 2;

/// The file in a server's folder that names its processes.
const TRACE: &str = "processes.json";

/// A started server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    blueprint: Blueprint,
    processes: Vec<Process>,
}

impl Record {
    /// Starts an empty server in `folder`, whose content is removed first.
    /// Returns when it answers.
    pub(crate) fn start(kind: Kind, folder: &Path) -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::start_once(kind, folder) {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome.with_context(|| format!("failed to start {kind}")),
            }
        }
    }

    fn start_once(kind: Kind, folder: &Path) -> Result<Self> {
        clear(folder)?;
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
        let blueprint = match kind {
            Kind::Postgres => postgres::prepare(folder)?,
            Kind::MariaDb => mariadb::prepare(folder)?,
            Kind::RabbitMq => rabbitmq::prepare(folder)?,
            Kind::Kafka => kafka::prepare(folder)?,
        };
        let mut record = Self {
            blueprint,
            processes: Vec::new(),
        };
        record.launch()?;
        Ok(record)
    }

    /// Starts the commands and returns when the server answers. If it does not,
    /// nothing of it is left running.
    pub(crate) fn launch(&mut self) -> Result<()> {
        self.processes.clear();
        let outcome = self.launch_all().and_then(|()| self.await_answer());
        if outcome.is_err() {
            self.kill().ok();
        }
        outcome
    }

    fn launch_all(&mut self) -> Result<()> {
        for launch in &self.blueprint.launches {
            let process = Process::start(launch, &self.blueprint.folder)?;
            self.processes.push(process);
            // Written before we wait: whoever is interrupted here leaves a trace.
            let text = serde_json::to_string(&self.processes)?;
            fs::write(self.blueprint.folder.join(TRACE), text)
                .context("failed to write down the processes")?;
        }
        Ok(())
    }

    fn await_answer(&self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        wait_until(START_LIMIT, || self.answers().is_ok() || !self.runs());
        match self.answers() {
            Ok(()) => Ok(()),
            Err(error) if Instant::now() >= deadline => Err(error).context(format!(
                "it took more than {START_LIMIT:?}{}",
                self.log_ends()
            )),
            Err(_) => bail!("it ended while it was starting{}", self.log_ends()),
        }
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.blueprint.kind
    }

    /// Whether all its processes are there. They may still not answer.
    pub fn runs(&self) -> bool {
        !self.processes.is_empty() && self.processes.iter().all(|process| process.runs())
    }

    /// The numbers of its processes, the server's own last.
    pub fn pids(&self) -> Vec<i32> {
        self.processes.iter().map(|process| process.pid).collect()
    }

    /// Fails unless the server is ready to work.
    pub fn answers(&self) -> Result<()> {
        probe::probe(self.kind(), &self.blueprint.address)
    }

    /// Where everything it writes lies.
    pub fn folder(&self) -> &Path {
        &self.blueprint.folder
    }

    /// Its loopback port: the one clients use.
    pub fn port(&self) -> u16 {
        self.blueprint.address.port
    }

    /// How a client names it: a URL with the password, for Kafka `host:port`.
    pub fn url(&self) -> String {
        let address = &self.blueprint.address;
        let authority = format!(
            "{}:{}@127.0.0.1:{}",
            address.user, address.password, address.port
        );
        match self.kind() {
            Kind::Postgres => format!("postgres://{authority}/postgres"),
            Kind::MariaDb => format!("mysql://{authority}/mysql"),
            Kind::RabbitMq => format!("amqp://{authority}/%2f"),
            Kind::Kafka => format!("127.0.0.1:{}", address.port),
        }
    }

    /// RabbitMQ's management interface, with user and password.
    pub fn management_url(&self) -> Option<String> {
        let address = &self.blueprint.address;
        let port = address.management_port?;
        Some(format!(
            "http://{}:{}@127.0.0.1:{port}",
            address.user, address.password
        ))
    }

    /// Where RabbitMQ speaks STOMP.
    pub fn stomp_port(&self) -> Option<u16> {
        self.blueprint.address.stomp_port
    }

    /// Ends it in order. Its data stays.
    pub(crate) fn stop(&self) -> Result<()> {
        self.processes
            .iter()
            .rev()
            .try_for_each(|process| process.stop())
    }

    /// Ends it on the spot, as a power cut would. Its data stays.
    pub(crate) fn kill(&self) -> Result<()> {
        self.processes
            .iter()
            .rev()
            .try_for_each(|process| process.kill())
    }

    fn log_ends(&self) -> String {
        let mut text = String::new();
        for launch in &self.blueprint.launches {
            let path = log_file(&self.blueprint.folder, &launch.name);
            text.push_str(&format!(
                "\n--- the end of {}\n{}",
                path.display(),
                end_of(&path)
            ));
        }
        text
    }
}

/// Ends whatever still runs in a server's folder and removes the folder.
pub(crate) fn clear(folder: &Path) -> Result<()> {
    if let Ok(text) = fs::read_to_string(folder.join(TRACE)) {
        // A trace that was cut short names nothing that could be ended.
        let processes: Vec<Process> = serde_json::from_str(&text).unwrap_or_default();
        processes
            .iter()
            .rev()
            .try_for_each(|process| process.kill())?;
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The last lines of a log, or why they cannot be had.
fn end_of(path: &Path) -> String {
    const BYTES: i64 = 3000;
    let read = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        if file.metadata()?.len() > BYTES.unsigned_abs() {
            file.seek(SeekFrom::End(-BYTES))?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("(not readable: {error})"),
    }
}
