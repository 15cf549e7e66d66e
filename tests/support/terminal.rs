//! Somebody at a terminal: hears what a program asks, and answers.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::waybill::Ended;

/// How long a program may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program whose standard input and error are a terminal. It is killed when dropped.
#[derive(Debug)]
pub struct Conversation {
    child: Child,
    terminal: File,
    saying: Receiver<String>,
    /// Everything it said, and what it was answered.
    heard: String,
    /// Up to where that was waited for.
    understood: usize,
}

impl Conversation {
    /// Starts a program at a terminal of its own; its standard output is not one.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn begin(command: &mut Command) -> Self {
        let terminal =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
        grantpt(&terminal).expect("it is ours");
        unlockpt(&terminal).expect("it is ours");
        let name = ptsname(&terminal, Vec::new()).expect("it has a name");
        let other_end = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name.to_str().expect("it is a path"))
            .expect("it can be opened");
        let stdin = other_end.try_clone().expect("it can be shared");
        command
            .stdin(stdin)
            .stderr(other_end)
            .stdout(Stdio::piped());
        let child = command.spawn().expect("waybill can be started");
        // Its ends of the terminal are the child's alone from now on.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let terminal = File::from(terminal);
        let saying = listen(terminal.try_clone().expect("it can be shared"));
        Self {
            child,
            terminal,
            saying,
            heard: String::new(),
            understood: 0,
        }
    }

    /// Waits until it has said this since it was last waited for.
    ///
    /// # Panics
    /// When it does not.
    pub fn hear(&mut self, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.heard[self.understood..].find(wanted) {
                self.understood += at + wanted.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.saying.recv_timeout(left) {
                Ok(more) => self.heard.push_str(&more),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("it did not say '{wanted}' but: {}", self.heard)
                }
            }
        }
    }

    /// Types a line.
    ///
    /// # Panics
    /// When nobody is there any more.
    pub fn say(&mut self, line: &str) {
        writeln!(self.terminal, "{line}").expect("it listens");
    }

    /// Waits for its end. What was heard counts as standard error.
    ///
    /// # Panics
    /// When it does not come.
    pub fn end(mut self) -> Ended {
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().expect("it was made so");
        pipe.read_to_string(&mut stdout).expect("it is text");
        let status = self.child.wait().expect("it has ended");
        while let Ok(more) = self.saying.recv_timeout(PATIENCE) {
            self.heard.push_str(&more);
        }
        Ended {
            code: status.code(),
            stdout,
            stderr: std::mem::take(&mut self.heard),
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads until the last one at the other end has gone.
fn listen(mut terminal: File) -> Receiver<String> {
    let (hears, saying) = sync_channel(64);
    let listening = move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = terminal.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
            if hears.send(text).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("terminal".to_owned())
        .spawn(listening)
        .expect("a thread can be started");
    saying
}
