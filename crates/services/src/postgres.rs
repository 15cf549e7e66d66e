//! PostgreSQL: a cluster of its own, on a port of its own, without a socket file.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::blueprint::{Address, Blueprint, Launch};
use crate::kind::Kind;
use crate::process::{free_ports, in_the_name_of, new_password, run};

const SUPERUSER: &str = "waybill";

/// The account of the Debian package. PostgreSQL refuses to run as root.
const ACCOUNT: &str = "postgres";

/// Nothing here has to survive a power cut, so nothing waits for the disk.
/// Commit times are kept because Waybill reads them.
/// Connectors read the log, which a slot that was left behind may not pile up.
const SETTINGS: [&str; 11] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "track_commit_timestamp=on",
    "wal_level=logical",
    "max_slot_wal_keep_size=256MB",
    "fsync=off",
    "full_page_writes=off",
    "min_wal_size=32MB",
    "max_wal_size=256MB",
    "shared_buffers=64MB",
];

/// Makes an empty cluster in `folder`, which exists and is empty.
pub(crate) fn prepare(folder: &Path) -> Result<Blueprint> {
    let binaries = binaries()?;
    let password = new_password()?;
    let [port] = free_ports()?;
    let user = rustix::process::geteuid()
        .is_root()
        .then(|| ACCOUNT.to_owned());
    let data = folder.join("data");

    let password_file = folder.join("password");
    fs::write(&password_file, &password).context("failed to write the password file")?;
    fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600))
        .context("failed to protect the password file")?;
    if let Some(user) = &user {
        for path in [folder, &password_file] {
            let id = account_id(user)?;
            chown(path, Some(id), None)
                .with_context(|| format!("failed to give {} to {user}", path.display()))?;
        }
    }
    let mut words = in_the_name_of(user.as_deref());
    words.push(binaries.join("initdb").display().to_string());
    let mut initdb = Command::new(words.remove(0));
    initdb.args(words).current_dir(folder);
    initdb
        .arg("--pgdata")
        .arg(&data)
        .arg("--pwfile")
        .arg(&password_file);
    initdb.args(["--username", SUPERUSER, "--auth", "scram-sha-256"]);
    initdb.args(["--encoding", "UTF8", "--locale", "C", "--no-sync"]);
    run(&mut initdb)?;
    fs::remove_file(&password_file).context("failed to remove the password file")?;

    let mut args = vec!["-D".to_owned(), data.display().to_string()];
    args.extend(["-p".to_owned(), port.to_string()]);
    for setting in SETTINGS {
        args.extend(["-c".to_owned(), setting.to_owned()]);
    }
    Ok(Blueprint {
        kind: Kind::Postgres,
        folder: folder.to_owned(),
        launches: vec![Launch {
            name: "postgres".to_owned(),
            program: binaries.join("postgres"),
            args,
            env: Vec::new(),
            user,
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

/// Debian keeps one folder per major version, outside the search path. We take the newest.
fn binaries() -> Result<PathBuf> {
    const VERSIONS: &str = "/usr/lib/postgresql";
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    if let Ok(entries) = fs::read_dir(VERSIONS) {
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to list {VERSIONS}"))?;
            let bin = entry.path().join("bin");
            if let Some(version) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
                && bin.join("initdb").exists()
            {
                found.push((version, bin));
            }
        }
    }
    let Some((_, newest)) = found.into_iter().max() else {
        bail!("PostgreSQL is not installed: no initdb under {VERSIONS}");
    };
    Ok(newest)
}

fn account_id(user: &str) -> Result<u32> {
    let accounts = fs::read_to_string("/etc/passwd").context("failed to read /etc/passwd")?;
    account_id_in(&accounts, user).with_context(|| format!("there is no account {user}"))
}

fn account_id_in(accounts: &str, user: &str) -> Option<u32> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(user)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        for (user, expected) in [("postgres", Some(101)), ("root", Some(0)), ("post", None)] {
            assert_eq!(account_id_in(accounts, user), expected, "{user}");
        }
    }
}
