//! PgBouncer in front of the shared PostgreSQL, for one test.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use url::Url;

use crate::wait::wait_for;

/// A pooler that gives each transaction another session. It ends when dropped.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// In front of the server of this address, with further lines of configuration.
    ///
    /// # Panics
    /// When it is not installed (`cargo xtask services up` does that) or does not answer.
    pub async fn of(server: &Url, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("the folder is ours");
        let path = |name: &str| folder.path().join(name);
        let host = server.host_str().expect("it has a host");
        let upstream = server.port().expect("it has a port");
        let (user, password) = (server.username(), server.password().unwrap_or_default());
        let port = free_port();
        std::fs::write(path("users"), format!("\"{user}\" \"{password}\"\n")).expect("written");
        let settings = format!(
            "[databases]\n* = host={host} port={upstream}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n\
             pool_mode = transaction\ndefault_pool_size = 2\n{more}\n",
            path("users").display()
        );
        std::fs::write(path("pgbouncer.ini"), settings).expect("written");
        let mut command = Command::new("/usr/sbin/pgbouncer");
        if rustix::process::geteuid().is_root() {
            // It refuses to run as root.
            command.args(["-u", "nobody"]);
        }
        let child = command
            .arg(path("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer is installed: cargo xtask services up");
        let pooler = Self {
            child,
            port,
            _folder: folder,
        };
        let options: PgConnectOptions = server.as_str().parse().expect("an address");
        let options = options.port(port).extra_float_digits(None);
        wait_for("the pooler", Duration::from_secs(10), async || {
            options.connect().await.ok()?.close().await.ok()
        })
        .await;
        pooler
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
