//! `waybill profiles new`: from two addresses to a profile.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use anyhow::{Context as _, bail};
use serde::Serialize;
use waybill_engine::propose::{Asked, Proposed, Question, Subject};
use waybill_model::{BrokerSettings, DatabaseSettings, Environment, Profile};
use waybill_protocol::{Code, Failure, Hello, SaveProfile};

use crate::args::{self, New};
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::start::{Refused, explain};

/// What was proposed, for scripts.
#[derive(Debug, Serialize)]
struct Document<'a> {
    name: &'a str,
    profile: &'a Profile,
    /// The same as the text of a file, with reasons.
    toml: &'a str,
    /// What was not sure, and by what it was answered.
    questions: &'a [Question],
    saved: bool,
}

pub(super) async fn run(client: &Client, args: &New) -> anyhow::Result<Exit> {
    let mut asked = asked(args)?;
    if let Some(name) = &asked.name {
        not_taken(client, args, name).await?;
    }
    let somebody = !args.yes && std::io::stdin().is_terminal();
    let mut proposed = propose(client, &mut asked, somebody).await?;
    if !somebody {
        if let Some(question) = proposed.undecided() {
            return Err(Refused(nobody_knows(question)).into());
        }
        for question in &proposed.questions {
            let taken = answer_words(question);
            output::aside(&format!("not sure: {} Took: {taken}", question.text));
        }
    } else {
        let mut settled = Vec::new();
        while let Some(about) = settle(&mut asked, &proposed.questions, &mut settled)? {
            if matches!(about, Subject::Outbox | Subject::Business) {
                // What was said of the other table's events does not hold for this one's.
                asked.destinations.clone_from(&args.destination);
            }
            proposed = propose(client, &mut asked, somebody).await?;
        }
    }
    print(args, &proposed)?;
    if args.save {
        save(client, args, &proposed).await?;
    } else {
        output::aside("Nothing was saved; --save does.");
    }
    Ok(Exit::Fine)
}

/// A guess that nothing bears out is nobody's answer.
fn nobody_knows(question: &Question) -> Failure {
    let told = format!("{} Nobody is here to say.", question.text);
    let choices = question.choices.join(", ");
    if question.about == Subject::Business {
        return Failure::new(Code::NoOutbox, told).hint(format!(
            "Name it: --business {}. What could be one: {choices}.",
            question.default
        ));
    }
    Failure::new(Code::NoOutbox, told).hint(format!(
        "Name it: --outbox {}. What could be one: {choices}. `waybill layouts explain TABLE --database URL` says why.",
        question.default
    ))
}

fn print(args: &New, proposed: &Proposed) -> anyhow::Result<()> {
    if args.json {
        return output::json(&Document {
            name: &proposed.profile.name,
            profile: &proposed.profile,
            toml: &proposed.toml,
            questions: &proposed.questions,
            saved: args.save,
        });
    }
    output::line(proposed.toml.trim_end());
    Ok(())
}

async fn save(client: &Client, args: &New, proposed: &Proposed) -> anyhow::Result<()> {
    let name = &proposed.profile.name;
    not_taken(client, args, name).await?;
    let order = SaveProfile {
        toml: proposed.toml.clone(),
        secrets: Vec::new(),
    };
    client.call(order).await.map_err(Refused)?;
    output::aside(&format!(
        "Saved as '{name}'. Look at it with: waybill check --profile {name}"
    ));
    Ok(())
}

/// What somebody has written is not written over.
async fn not_taken(client: &Client, args: &New, name: &str) -> anyhow::Result<()> {
    if !args.save || args.force {
        return Ok(());
    }
    let welcome = client.call(Hello {}).await.map_err(Refused)?;
    if welcome.profiles.iter().any(|profile| profile.name == name) {
        bail!(
            "there is a profile '{name}' in {}; give this one another --name, or write over it with --force",
            welcome.profiles_folder
        );
    }
    Ok(())
}

/// Where nothing tells where events go, somebody who is there is asked until it is a place.
async fn propose(client: &Client, asked: &mut Asked, somebody: bool) -> anyhow::Result<Proposed> {
    let mut answered = false;
    loop {
        let failure = match client.propose_profile(asked).await {
            Ok(proposed) => return Ok(proposed),
            Err(failure) => failure,
        };
        // A name that is not there is refused as a profile that is wrong.
        let may_be_asked =
            failure.code == Code::NoDestination || answered && failure.code == Code::BadProfile;
        if !somebody || !may_be_asked {
            return Err(Refused(failure).into());
        }
        explain(&failure);
        let answer = output::question("To which topic or exchange?")?.unwrap_or_default();
        if answer.is_empty() {
            bail!("no topic or exchange was named, so there is no profile");
        }
        asked.settle(&Subject::Destination, &answer);
        answered = true;
    }
}

/// Asks what was not sure and not asked before; about what an answer differs from what was taken.
fn settle(
    asked: &mut Asked,
    questions: &[Question],
    settled: &mut Vec<Subject>,
) -> anyhow::Result<Option<Subject>> {
    let mut differs = None;
    for question in questions {
        if settled.contains(&question.about) {
            continue;
        }
        let answer = answer(question)?;
        settled.push(question.about.clone());
        let taken = if answer.is_empty() {
            &question.default
        } else {
            &answer
        };
        if !taken.is_empty() {
            // It holds from now on, whatever a second look would take for likely.
            asked.settle(&question.about, taken);
        }
        if *taken != question.default {
            differs = Some(question.about.clone());
            if matches!(question.about, Subject::Outbox | Subject::Business) {
                // What else is not sure is another table's.
                break;
            }
        }
    }
    Ok(differs)
}

/// Asks until the answer is one of the choices; empty for what was taken.
fn answer(question: &Question) -> anyhow::Result<String> {
    let choices = question.choices.join(", ");
    let around = match choices.as_str() {
        "" => String::new(),
        choices => format!(" ({choices})"),
    };
    let text = format!("{}{around} [{}]", question.text, answer_words(question));
    loop {
        let answer = output::question(&text)?.unwrap_or_default();
        if answer.is_empty() || question.choices.is_empty() || question.choices.contains(&answer) {
            return Ok(answer);
        }
        output::aside(&format!("'{answer}' is none of them: {choices}"));
    }
}

fn answer_words(question: &Question) -> &str {
    match question.default.as_str() {
        "" => "none",
        default => default,
    }
}

fn asked(args: &New) -> anyhow::Result<Asked> {
    let mut databases: BTreeMap<String, DatabaseSettings> = BTreeMap::new();
    for (name, url) in pairs("--consumer-database NAME=URL", &args.consumer_database)? {
        databases.insert(name, DatabaseSettings { url, secret: None });
    }
    for (name, secret) in pairs("--consumer-secret DATABASE=NAME", &args.consumer_secret)? {
        let database = databases.get_mut(&name).with_context(|| {
            format!("--consumer-secret {name}={secret} needs a --consumer-database {name}=URL")
        })?;
        database.secret = Some(secret);
    }
    let options = pairs("--broker-option NAME=VALUE", &args.broker_option)?;
    let roles = pairs("--column ROLE=COLUMN", &args.column)?;
    Ok(Asked {
        name: args.name.clone(),
        environment: environment(args.environment),
        database: DatabaseSettings {
            url: args.database.clone(),
            secret: args.secret.clone(),
        },
        databases,
        broker: BrokerSettings {
            url: args.broker.clone(),
            management_url: args.management_url.clone(),
            secret: args.broker_secret.clone(),
            options: options.into_iter().collect(),
        },
        outbox: args.outbox.clone(),
        // Whoever names an outbox wants that one.
        business: args.outbox.is_none().then(|| args.business.clone()),
        destinations: args.destination.clone(),
        roles: roles.into_iter().collect(),
        inboxes: BTreeMap::new(),
    })
}

/// `NAME=VALUE`; the value may be empty and hold more equals signs. What was written is not
/// repeated when it is wrong: it may be an address with a password in it.
fn pairs(usage: &str, texts: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && name.chars().all(is_name) => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => bail!("write it with a name and an equals sign: {usage}"),
    };
    texts.iter().map(pair).collect()
}

fn environment(environment: args::Environment) -> Environment {
    match environment {
        args::Environment::Development => Environment::Development,
        args::Environment::Staging => Environment::Staging,
        args::Environment::Production => Environment::Production,
    }
}
