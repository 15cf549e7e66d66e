//! Starting, recognising and ending processes that outlive us.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::blueprint::Launch;

/// How long a server may take to end in order before it is killed.
const ORDERLY_END: Duration = Duration::from_secs(15);

/// How often a condition is looked at while we wait for it.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A process we started. Its start time tells it from a later one with the same number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// In clock ticks since the machine was booted.
    started: u64,
}

impl Process {
    /// Starts a command in a session of its own, so that it neither hears our
    /// Ctrl-C nor ends with our terminal.
    pub(crate) fn start(launch: &Launch, folder: &Path) -> Result<Self> {
        let log = File::create(log_file(folder, &launch.name))
            .with_context(|| format!("failed to create the log file of {}", launch.name))?;
        let mut command = Command::new("setsid");
        command.args(in_the_name_of(launch.user.as_deref()));
        command
            .arg(&launch.program)
            .args(&launch.args)
            .envs(launch.env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("failed to share the log file")?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("failed to start {}", launch.program.display()))?;
        let pid = i32::try_from(child.id()).context("a process number beyond 2^31")?;
        let Some(started) = start_time(pid) else {
            bail!("{} ended at once", launch.name);
        };
        Ok(Self { pid, started })
    }

    /// Whether it still runs. A process that has ended but was not waited for does not.
    pub(crate) fn runs(self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Asks it to end, and its whole group; after a while, ends it.
    pub(crate) fn stop(self) -> Result<()> {
        self.signal(Signal::TERM)?;
        if wait_until(ORDERLY_END, || !self.runs()) {
            self.bury();
            return Ok(());
        }
        self.kill()
    }

    /// Ends it on the spot, as a power cut would.
    pub(crate) fn kill(self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if !wait_until(ORDERLY_END, || !self.runs()) {
            bail!("process {} does not end", self.pid);
        }
        self.bury();
        Ok(())
    }

    /// A process of ours that has ended keeps its number until it is waited for,
    /// and PostgreSQL takes the number for a server that still runs.
    fn bury(self) {
        // Most often it is not our child: whoever started it has ended before it.
        let pid = Pid::from_raw(self.pid);
        rustix::process::waitpid(pid, WaitOptions::NOHANG).ok();
    }

    fn signal(self, signal: Signal) -> Result<()> {
        if !self.runs() {
            return Ok(());
        }
        let group = Pid::from_raw(self.pid).context("a process has the number 0")?;
        match kill_process_group(group, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => {
                Err(error).with_context(|| format!("failed to signal process {}", self.pid))
            }
        }
    }
}

/// Runs a command to its end and fails with what it wrote.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to start {name}"))?;
    if !output.status.success() {
        bail!(
            "{name} failed ({})\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// The words to put before a command so that it runs as another account.
pub(crate) fn in_the_name_of(user: Option<&str>) -> Vec<String> {
    user.map_or_else(Vec::new, |user| {
        vec![
            "setpriv".to_owned(),
            format!("--reuid={user}"),
            format!("--regid={user}"),
            "--init-groups".to_owned(),
            "--".to_owned(),
        ]
    })
}

/// Loopback ports that are free now, all different.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until the last is known, so that none is given twice.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        *port = listener
            .local_addr()
            .context("a listener without an address")?
            .port();
        held.push(listener);
    }
    Ok(ports)
}

/// A password nobody has seen before.
pub(crate) fn new_password() -> Result<String> {
    use std::io::Read as _;
    let mut bytes = [0_u8; 12];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("failed to read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Looks at a condition until it holds (true) or the time is over (false).
pub(crate) fn wait_until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK_AGAIN_AFTER);
    }
}

/// Where the output of one command of a server goes.
pub(crate) fn log_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

/// When a process was started; `None` when it does not run.
fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    start_time_from_stat(&stat)
}

/// The name is in parentheses and may itself hold spaces and parentheses.
fn start_time_from_stat(stat: &str) -> Option<u64> {
    const STATE: usize = 0;
    const START_TIME: usize = 19;
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ended = matches!(fields.get(STATE), Some(&"Z" | &"X"));
    if ended {
        return None;
    }
    fields.get(START_TIME)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_times_are_read_past_any_name() {
        let rest = "1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        for (stat, expected) in [
            (format!("7 (sh) S {rest}"), Some(4711)),
            (format!("7 (a) b (c)) S {rest}"), Some(4711)),
            (format!("7 (sh) Z {rest}"), None),
            ("7 (sh)".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(start_time_from_stat(&stat), expected, "{stat}");
        }
    }

    #[test]
    fn ports_differ() {
        let ports = free_ports::<8>().expect("eight ports are free");
        let different: std::collections::BTreeSet<u16> = ports.into_iter().collect();
        assert_eq!(different.len(), ports.len());
    }
}
