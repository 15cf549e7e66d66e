//! MariaDB: a data folder of its own, on a port of its own, no option file read.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::blueprint::{Address, Blueprint, Launch};
use crate::kind::Kind;
use crate::process::{free_ports, new_password, run};

const SUPERUSER: &str = "waybill";

/// Nothing here has to survive a power cut, so nothing waits for the disk.
/// A packet may be 64 MiB because a test stores a payload of 20 MB. The socket's
/// name is relative to the data folder: a whole path may exceed what a socket allows.
const SETTINGS: [&str; 10] = [
    "--bind-address=127.0.0.1",
    "--socket=server.sock",
    "--skip-name-resolve",
    "--max-connections=200",
    "--max-allowed-packet=64M",
    "--character-set-server=utf8mb4",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=64M",
    "--performance-schema=off",
];

/// Makes an empty data folder in `folder`, which exists and is empty.
pub(crate) fn prepare(folder: &Path) -> Result<Blueprint> {
    let password = new_password()?;
    let [port] = free_ports()?;
    let data = folder.join("data");
    let mut first = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", data.display()),
    ];
    if rustix::process::geteuid().is_root() {
        // It runs as root only when told so.
        first.push("--user=root".to_owned());
    }
    run(Command::new("mariadb-install-db")
        .args(&first)
        .current_dir(folder)
        .args([
            "--auth-root-authentication-method=socket",
            "--auth-root-socket-user=root",
            "--skip-test-db",
        ]))?;
    let welcome = folder.join("welcome.sql");
    fs::write(&welcome, welcome_statements(&password))
        .context("failed to write the statements that make the user")?;

    let mut args = first;
    args.extend(SETTINGS.map(str::to_owned));
    args.push(format!("--port={port}"));
    args.push(format!("--tmpdir={}", folder.display()));
    args.push(format!(
        "--pid-file={}",
        folder.join("server.pid").display()
    ));
    args.push(format!("--init-file={}", welcome.display()));
    Ok(Blueprint {
        kind: Kind::MariaDb,
        folder: folder.to_owned(),
        launches: vec![Launch {
            name: "mariadb".to_owned(),
            program: "mariadbd".into(),
            args,
            env: Vec::new(),
            user: None,
        }],
        address: Address {
            port,
            management_port: None,
            stomp_port: None,
            user: SUPERUSER.to_owned(),
            password,
        },
    })
}

/// Run by the server at every start; so each says "if not exists". One per line.
fn welcome_statements(password: &str) -> String {
    format!(
        "CREATE USER IF NOT EXISTS '{SUPERUSER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL ON *.* TO '{SUPERUSER}'@'127.0.0.1' WITH GRANT OPTION;\n"
    )
}
