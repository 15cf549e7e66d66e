//! WebKitWebDriver, started for one test and ended with it.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use waybill_tests::wait::wait_for;

/// A driver on a port of its own.
pub(crate) struct Driver {
    process: Child,
    pub(crate) url: String,
}

impl Driver {
    /// Starts it with `environment`, which the window inherits.
    pub(crate) async fn start(environment: &[(&str, String)]) -> Self {
        // The client asks for one even where it speaks plain HTTP. A second test finds it installed.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let port = free_port();
        let process = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .envs([
                ("TAURI_AUTOMATION", "true"),
                ("TAURI_WEBVIEW_AUTOMATION", "true"),
            ])
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("WebKitWebDriver is installed (cargo xtask test window sees to that)");
        let driver = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        };
        wait_for(
            "WebKitWebDriver to listen",
            Duration::from_secs(20),
            async || {
                tokio::net::TcpStream::connect(("127.0.0.1", port))
                    .await
                    .ok()
            },
        )
        .await;
        driver
    }
}

/// A window goes with its session; that of a test that failed goes with the driver's group.
impl Drop for Driver {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.process);
        kill_process_group(group, Signal::KILL).ok();
        self.process.wait().ok();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}
