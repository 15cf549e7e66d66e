//! RabbitMQ: a node of its own with the management interface and STOMP, everything on loopback.
//!
//! Also its port mapper (epmd) is its own: the machine's, if there is one,
//! belongs to somebody else, and would stay behind when our node ends.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::blueprint::{Address, Blueprint, Launch};
use crate::kind::Kind;
use crate::process::{free_ports, new_password};

const ADMINISTRATOR: &str = "waybill";

/// Lays out `folder`, which exists and is empty.
pub(crate) fn prepare(folder: &Path) -> Result<Blueprint> {
    let server = server_script()?;
    let password = new_password()?;
    let [port, management_port, stomp_port, node_port, mapper_port] = free_ports()?;

    let inside = |name: &str| folder.join(name).display().to_string();
    fs::write(
        inside("rabbitmq.conf"),
        configuration(port, management_port, stomp_port, &password),
    )
    .context("failed to write rabbitmq.conf")?;
    let plugins = "[rabbitmq_management,rabbitmq_stomp].\n";
    fs::write(inside("enabled_plugins"), plugins).context("failed to write the list of plugins")?;
    fs::write(inside("rabbitmq-env.conf"), "")
        .context("failed to write an empty rabbitmq-env.conf")?;

    let env = environment(folder, node_port, mapper_port);
    Ok(Blueprint {
        kind: Kind::RabbitMq,
        folder: folder.to_owned(),
        launches: vec![
            Launch {
                name: "epmd".to_owned(),
                program: "epmd".into(),
                args: ["-address", "127.0.0.1", "-port", &mapper_port.to_string()]
                    .map(str::to_owned)
                    .to_vec(),
                env: Vec::new(),
                user: None,
            },
            Launch {
                name: "rabbitmq".to_owned(),
                program: server,
                args: Vec::new(),
                env,
                user: None,
            },
        ],
        address: Address {
            port,
            management_port: Some(management_port),
            stomp_port: Some(stomp_port),
            user: ADMINISTRATOR.to_owned(),
            password,
        },
    })
}

/// What tells the node to keep to its folder and to loopback.
fn environment(folder: &Path, node_port: u16, mapper_port: u16) -> Vec<(String, String)> {
    let mut env = vec![
        // The cookie is made there.
        ("HOME".to_owned(), folder.display().to_string()),
        (
            "RABBITMQ_NODENAME".to_owned(),
            "waybill@localhost".to_owned(),
        ),
        ("RABBITMQ_DIST_PORT".to_owned(), node_port.to_string()),
        ("ERL_EPMD_ADDRESS".to_owned(), "127.0.0.1".to_owned()),
        ("ERL_EPMD_PORT".to_owned(), mapper_port.to_string()),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS".to_owned(),
            "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}".to_owned(),
        ),
    ];
    for (variable, name) in [
        ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
        // The machine's own settings would otherwise be read.
        ("RABBITMQ_CONF_ENV_FILE", "rabbitmq-env.conf"),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", "advanced.config"),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", "enabled_plugins"),
        ("RABBITMQ_GENERATED_CONFIG_DIR", "config"),
        ("RABBITMQ_MNESIA_BASE", "data"),
        ("RABBITMQ_LOG_BASE", "log"),
        ("RABBITMQ_PID_FILE", "server.pid"),
    ] {
        env.push((variable.to_owned(), folder.join(name).display().to_string()));
    }
    env
}

/// Statistics every second instead of every five, so that tests do not wait for them.
fn configuration(port: u16, management_port: u16, stomp_port: u16, password: &str) -> String {
    format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {management_port}\n\
         stomp.listeners.tcp.1 = 127.0.0.1:{stomp_port}\n\
         default_user = {ADMINISTRATOR}\n\
         default_pass = {password}\n\
         collect_statistics_interval = 1000\n\
         log.console = true\n\
         log.console.level = warning\n\
         log.file = false\n"
    )
}

/// Debian's command in the search path insists on the package's own account; the
/// script behind it does not.
fn server_script() -> Result<PathBuf> {
    let script = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if !script.exists() {
        bail!(
            "RabbitMQ is not installed: {} does not exist",
            script.display()
        );
    }
    Ok(script)
}
