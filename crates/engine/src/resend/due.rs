//! What is wrong with an event, and whether it still is. Pure.

use waybill_model::{
    ConsumerNo, ConsumerVerdict, EventVerdict, Finding, Phase, PublishVerdict, VerdictClass,
};

/// What a resend is to repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nobody has it: it is not on the broker.
    Publication,
    /// Some of its consumers do not have it.
    Consumers,
    /// This consumer does not have it.
    Consumer(ConsumerNo),
}

/// What looking again says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Still {
    /// Send it.
    Due,
    /// It has arrived meanwhile; why it is not sent, a sentence.
    Arrived(String),
    /// It cannot be said any more that it is missing; why, a sentence.
    Unclear(String),
}

/// What a resend of this event repairs; or why it is not resent, a sentence.
///
/// `one` is the consumer when only one is to receive it.
pub(super) fn due(
    verdict: &EventVerdict,
    one: Option<ConsumerNo>,
    names: &[String],
) -> Result<Due, String> {
    if verdict.phase != Phase::Confirmed && verdict.class().needs_action() {
        return Err("suspected only; a second scan has to confirm it first".to_owned());
    }
    if let Some(no) = one {
        return one_consumer(verdict, no, names);
    }
    match (&verdict.publish, verdict.finding()) {
        (PublishVerdict::Phantom, _) => {
            Err("published but never stored; sending it again would spread it".to_owned())
        }
        (publish, _) if is_unpublished(publish) => Ok(Due::Publication),
        (_, Finding::Consumer(..)) if verdict.class().needs_action() => Ok(Due::Consumers),
        _ => Err(not_due(verdict.class()).to_owned()),
    }
}

/// Whether what was due still is.
pub(super) fn still(due: Due, verdict: &EventVerdict, names: &[String]) -> Still {
    match due {
        Due::Publication if is_unpublished(&verdict.publish) => Still::Due,
        Due::Publication => match verdict.publish {
            PublishVerdict::Published => {
                Still::Arrived("a copy is on the broker by now".to_owned())
            }
            PublishVerdict::Pending => {
                Still::Unclear("its relay may still be publishing it".to_owned())
            }
            _ => Still::Unclear("it can no longer be said that it is missing".to_owned()),
        },
        Due::Consumer(no) => match verdict.consumers.get(usize::from(no.0)) {
            Some(consumer) => still_one(consumer, &name(names, no)),
            None => Still::Unclear("that consumer is not part of the profile any more".to_owned()),
        },
        Due::Consumers => {
            let looks = (0_u8..).zip(&verdict.consumers);
            let mut looks = looks.map(|(no, c)| (c, still_one(c, &name(names, ConsumerNo(no)))));
            if looks.clone().any(|(_, still)| still == Still::Due) {
                return Still::Due;
            }
            let unclear =
                looks.find(|(consumer, _)| matches!(consumer, ConsumerVerdict::Unknown(_)));
            unclear.map_or_else(
                || Still::Arrived("every consumer has it by now".to_owned()),
                |(_, still)| still,
            )
        }
    }
}

fn still_one(verdict: &ConsumerVerdict, name: &str) -> Still {
    match verdict {
        _ if wants(verdict) => Still::Due,
        ConsumerVerdict::Processed => Still::Arrived(format!("{name} has processed it by now")),
        ConsumerVerdict::Unknown(_) | ConsumerVerdict::NotDue => Still::Unclear(format!(
            "it can no longer be said that {name} does not have it"
        )),
        _ => Still::Arrived(format!("it is on its way to {name} by now")),
    }
}

fn one_consumer(verdict: &EventVerdict, no: ConsumerNo, names: &[String]) -> Result<Due, String> {
    let name = name(names, no);
    match verdict.consumers.get(usize::from(no.0)) {
        Some(consumer) if wants(consumer) => Ok(Due::Consumer(no)),
        Some(ConsumerVerdict::Processed) => Err(format!("{name} has processed it")),
        Some(ConsumerVerdict::NotDue) if is_unpublished(&verdict.publish) => {
            Err("nobody has it; send it to everyone".to_owned())
        }
        Some(_) => Err(format!("nothing says that {name} has lost it")),
        None => Err(format!("there is no consumer {name}")),
    }
}

fn wants(verdict: &ConsumerVerdict) -> bool {
    verdict.class().needs_action()
}

fn is_unpublished(verdict: &PublishVerdict) -> bool {
    verdict.class() == VerdictClass::Missing
}

fn not_due(class: VerdictClass) -> &'static str {
    match class {
        VerdictClass::Arrived => "it is where it should be",
        VerdictClass::Pending => "it is on its way and not late",
        VerdictClass::Late => "it is late, but still on its way",
        VerdictClass::Unknown => "nobody can know whether it is missing",
        VerdictClass::Missing | VerdictClass::Phantom | VerdictClass::DeadLettered => {
            "nothing a resend would repair"
        }
    }
}

fn name(names: &[String], no: ConsumerNo) -> String {
    names.get(usize::from(no.0)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
