//! The made-up world's fixed parts: profiles, lanes, faults, a connection test.

use waybill_model::{Access, ConsumerNo, Environment, Micros, PlaceId, ProbeOutcome, ProbeStep};
use waybill_protocol::{
    FaultInfo, Lane, LaneKind, OpenTarget, Opened, Probed, ProfileProblem, ProfileSummary,
    ProfileText, Welcome,
};

use super::world::now;

/// Expected consumers.
pub(super) const CONSUMERS: [&str; 3] = ["inventory", "search", "storefront"];

pub(super) fn welcome(scene: &str) -> Welcome {
    let profiles = vec![
        profile("toys", Environment::Production, Access::Resend, ""),
        profile("toys-staging", Environment::Staging, Access::ReadOnly, ""),
        profile(
            "local",
            Environment::Development,
            Access::Resend,
            "line 7: unknown key 'databse', did you mean 'database'?",
        ),
    ];
    let open = match scene {
        "start" => None,
        "demo" => Some(OpenTarget::Demo),
        _ => Some(OpenTarget::Profile("toys".to_owned())),
    };
    Welcome {
        version: "0.1.0".to_owned(),
        profiles,
        open,
        drivers: ["postgres", "mysql", "sqlite", "kafka", "amqp"]
            .map(str::to_owned)
            .to_vec(),
        profiles_folder: "~/.config/waybill/profiles".to_owned(),
    }
}

fn profile(name: &str, environment: Environment, access: Access, problem: &str) -> ProfileSummary {
    ProfileSummary {
        name: name.to_owned(),
        environment,
        access,
        subtitle: "products → product-events".to_owned(),
        problem: problem.to_owned(),
    }
}

pub(super) fn opened(scene: &str, demo: bool) -> Opened {
    let lane = |title: &str, kind| Lane {
        title: title.to_owned(),
        kind,
    };
    let mut lanes = vec![
        lane("Missing", LaneKind::Missing),
        lane("Stored", LaneKind::Stored),
        lane("Outbox", LaneKind::Outbox),
        lane("product-events", LaneKind::Published { place: PlaceId(2) }),
    ];
    for (no, name) in (0..).zip(CONSUMERS) {
        lanes.push(lane(
            name,
            LaneKind::Consumer {
                consumer: ConsumerNo(no),
            },
        ));
    }
    let read_only = scene == "readonly";
    let environment = if demo {
        Environment::Development
    } else {
        Environment::Production
    };
    Opened {
        profile: profile(
            if demo { "demo" } else { "toys" },
            environment,
            if read_only {
                Access::ReadOnly
            } else {
                Access::Resend
            },
            "",
        ),
        demo,
        lanes,
        consumers: CONSUMERS.map(str::to_owned).to_vec(),
        one_consumer: true,
        read_only_reason: if read_only {
            "This profile is read-only. Set access = \"resend\" in it to allow sending.".to_owned()
        } else {
            String::new()
        },
        unfinished: Vec::new(),
    }
}

pub(super) fn faults(on: &[String]) -> Vec<FaultInfo> {
    let fault = |name: &str, title: &str, sentence: &str| FaultInfo {
        name: name.to_owned(),
        title: title.to_owned(),
        sentence: sentence.to_owned(),
        on: on.iter().any(|n| n == name),
    };
    vec![
        fault(
            "publish-throws",
            "Publishing throws after the commit",
            "The row is stored, the event never leaves.",
        ),
        fault(
            "no-outbox",
            "Dual write without an outbox row",
            "The product changes, nobody hears of it.",
        ),
        fault(
            "phantom",
            "Publish before a rolled-back transaction",
            "Consumers see a product that never was.",
        ),
        fault(
            "relay-dead",
            "Stop the relay",
            "The outbox fills, nothing is sent.",
        ),
        fault(
            "consumer-skips",
            "Search skips every ninth event",
            "It commits its offset and does nothing.",
        ),
        fault(
            "poison",
            "Search chokes on a message",
            "After three tries it lies among the dead letters.",
        ),
        fault(
            "duplicate",
            "The relay sends twice",
            "Every consumer needs its inbox now.",
        ),
        fault(
            "late-commit",
            "Commit late",
            "An older id appears after a newer one.",
        ),
    ]
}

pub(super) fn profile_text() -> ProfileText {
    ProfileText {
        toml: "name = \"toys\"\nenvironment = \"production\"\naccess = \"read-only\"\n\n[database]\nurl = \"postgres://waybill@db.toys.example/toys\"\nsecret = \"toys-database\"\n".to_owned(),
        secrets: vec![("toys-database".to_owned(), true), ("toys-broker".to_owned(), false)],
    }
}

pub(super) fn check_profile(toml: &str) -> Vec<ProfileProblem> {
    let wrong = toml
        .lines()
        .zip(1..)
        .find(|(line, _)| line.starts_with("databse"));
    let unknown = wrong.map(|(_, line)| ProfileProblem {
        line,
        message: "There is no key 'databse'.".to_owned(),
        suggestion: "Did you mean 'database'?".to_owned(),
    });
    let empty = toml.contains("url = \"\"").then(|| ProfileProblem {
        line: 0,
        message: "The database has no address yet.".to_owned(),
        suggestion: String::new(),
    });
    unknown.into_iter().chain(empty).collect()
}

pub(super) fn probed(started: Micros) -> Probed {
    let fine = |text: &str| ProbeOutcome::Fine(text.to_owned());
    let all = [
        ("database", "Look up db.toys.example", fine("10.1.4.20")),
        ("database", "Connect to port 5432", fine("")),
        ("database", "Encrypt", fine("TLS 1.3")),
        ("database", "Log in as waybill", fine("PostgreSQL 15.18")),
        (
            "database",
            "Check the rights",
            ProbeOutcome::Warn("This user may write. A read-only one is safer.".to_owned()),
        ),
        ("broker", "Look up mq.toys.example", fine("10.1.4.31")),
        (
            "broker",
            "Connect to port 9092",
            ProbeOutcome::Failed("Nobody listens there. Is it 9093 (with TLS)?".to_owned()),
        ),
    ];
    let n = usize::try_from(now().since(started) / 350_000)
        .unwrap_or(0)
        .min(all.len());
    let steps = all.iter().take(n).map(|(connection, what, outcome)| {
        let step = ProbeStep {
            what: (*what).to_owned(),
            outcome: outcome.clone(),
            took_micros: 4_200,
        };
        ((*connection).to_owned(), step)
    });
    Probed {
        steps: steps.collect(),
        done: n == all.len(),
    }
}
