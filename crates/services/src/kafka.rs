//! Apache Kafka: one node that is broker and controller, from Maven Central's jars.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::blueprint::{Address, Blueprint, Launch};
use crate::kind::Kind;
use crate::place;
use crate::process::{free_ports, run};

/// The newest release; its broker needs Java 17 or later.
const VERSION: &str = "4.4.0";

/// Any 16 bytes in URL-safe base64 name a cluster.
const CLUSTER_ID: &str = "d2F5YmlsbC1zZXJ2aWNlcw";

const OLDEST_JAVA: u32 = 17;

/// What Maven is asked for. `kafka-tools-api` is left out because this release
/// names it and it was never published; the broker does not need it. The logging
/// bridge is in Kafka's archive but not among its dependencies.
const POM: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>waybill</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>@VERSION@</version>
      <exclusions>
        <exclusion>
          <groupId>org.apache.kafka</groupId>
          <artifactId>kafka-tools-api</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.5</version>
    </dependency>
  </dependencies>
</project>
"#;

const LOGGING: &str = "\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
";

/// Formats an empty log in `folder`, which exists and is empty.
pub(crate) fn prepare(folder: &Path) -> Result<Blueprint> {
    let java = java()?;
    let jars = jars()?;
    let [port, controller_port] = free_ports()?;
    let properties = folder.join("server.properties");
    fs::write(&properties, configuration(folder, port, controller_port))
        .context("failed to write server.properties")?;
    let logging = folder.join("log4j2.properties");
    fs::write(&logging, LOGGING).context("failed to write log4j2.properties")?;

    let common = [
        "-XX:+UseSerialGC".to_owned(),
        format!("-Dlog4j2.configurationFile={}", logging.display()),
        "-cp".to_owned(),
        jars.join("*").display().to_string(),
    ];
    run(Command::new(&java)
        .args(["-Xmx128m", "-XX:TieredStopAtLevel=1"])
        .args(&common)
        .args([
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            CLUSTER_ID,
            "--config",
        ])
        .arg(&properties)
        .current_dir(folder))?;

    let mut args = vec!["-Xms128m".to_owned(), "-Xmx512m".to_owned()];
    args.extend(common);
    args.push("kafka.Kafka".to_owned());
    args.push(properties.display().to_string());
    Ok(Blueprint {
        kind: Kind::Kafka,
        folder: folder.to_owned(),
        launches: vec![Launch {
            name: "kafka".to_owned(),
            program: java,
            args,
            env: Vec::new(),
            user: None,
        }],
        address: Address {
            port,
            management_port: None,
            stomp_port: None,
            user: String::new(),
            password: String::new(),
        },
    })
}

/// Small segments and short intervals, so that retention and compaction can be
/// watched; few internal partitions, so that the first consumer does not wait
/// for fifty of them; a short session, because a broker that was killed is let in
/// again only when its last one is over.
fn configuration(folder: &Path, port: u16, controller_port: u16) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller_port}\n\
         controller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={data}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.num.partitions=4\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         share.coordinator.state.topic.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         broker.session.timeout.ms=5000\n\
         broker.heartbeat.interval.ms=1000\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n\
         log.segment.bytes=16777216\n\
         log.index.size.max.bytes=1048576\n\
         log.retention.check.interval.ms=1000\n\
         log.segment.delete.delay.ms=1000\n\
         log.cleaner.backoff.ms=1000\n\
         log.cleaner.dedupe.buffer.size=16777216\n",
        data = folder.join("data").display()
    )
}

/// The folder of the jars, filled by Maven when it does not exist.
fn jars() -> Result<PathBuf> {
    let folder = place::kafka_folder(VERSION);
    let jars = folder.join("lib");
    if jars.exists() {
        return jars
            .canonicalize()
            .context("failed to resolve the folder of the Kafka jars");
    }
    eprintln!("downloading Apache Kafka {VERSION} from Maven Central");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    fs::write(folder.join("pom.xml"), POM.replace("@VERSION@", VERSION))
        .context("failed to write pom.xml")?;
    // A download that breaks off leaves no folder that looks complete.
    let unfinished = format!("unfinished-{}", std::process::id());
    run(Command::new("mvn")
        .args(["--quiet", "--batch-mode", "dependency:copy-dependencies"])
        .args([
            "-DincludeScope=runtime",
            &format!("-DoutputDirectory={unfinished}"),
        ])
        .current_dir(&folder))
    .context("failed to download Apache Kafka")?;
    let unfinished = folder.join(unfinished);
    if let Err(error) = fs::rename(&unfinished, &jars) {
        fs::remove_dir_all(&unfinished).ok();
        if !jars.exists() {
            return Err(error).context("failed to put the Kafka jars in place");
        }
    }
    jars.canonicalize()
        .context("failed to resolve the folder of the Kafka jars")
}

/// The `java` of the search path when it is new enough, else the newest that is installed.
fn java() -> Result<PathBuf> {
    let mut candidates = vec![PathBuf::from("java")];
    if let Ok(entries) = fs::read_dir("/usr/lib/jvm") {
        candidates.extend(entries.flatten().map(|entry| entry.path().join("bin/java")));
    }
    candidates
        .into_iter()
        .find(|java| java_version(java).is_some_and(|version| version >= OLDEST_JAVA))
        .with_context(|| format!("no Java {OLDEST_JAVA} or later is installed"))
        .or_else(|error| {
            bail!("{error}; Apache Kafka {VERSION} needs it (try: apt install openjdk-17-jre-headless)")
        })
}

fn java_version(java: &Path) -> Option<u32> {
    let output = Command::new(java).arg("-version").output().ok()?;
    java_version_from(&String::from_utf8_lossy(&output.stderr))
}

/// From `openjdk version "17.0.15" 2025-04-15`; before 9 it was `"1.8.0_392"`.
fn java_version_from(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("version \"")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_versions_are_read() {
        for (text, expected) in [
            (
                "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime",
                Some(17),
            ),
            ("openjdk version \"21\" 2023-09-19", Some(21)),
            ("java version \"1.8.0_392\"", Some(1)),
            ("command not found", None),
        ] {
            assert_eq!(java_version_from(text), expected, "{text}");
        }
    }
}
