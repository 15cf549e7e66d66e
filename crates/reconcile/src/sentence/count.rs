//! The fragment for a number of events: `45 events were stored and never published`.

use waybill_model::{ConsumerVerdict, Finding, PublishVerdict};

use crate::Shape;

/// What happened to `n` events that have the same finding, as the beginning of a sentence.
pub fn count(n: u64, finding: &Finding, shape: &Shape) -> String {
    let (events, was) = if n == 1 {
        ("event", "was")
    } else {
        ("events", "were")
    };
    let (is, has, them) = if n == 1 {
        ("is", "has", "it")
    } else {
        ("are", "have", "them")
    };
    let rest = match finding {
        Finding::Arrived => format!("{was} received by everyone"),
        Finding::Publish(verdict) => match verdict {
            PublishVerdict::NotChecked(_) => "could not be checked".to_owned(),
            PublishVerdict::Phantom => format!("{was} published and never stored"),
            PublishVerdict::Published => format!("{was} published"),
            PublishVerdict::Unroutable => {
                format!("{was} published, but no queue was bound for {them}")
            }
            PublishVerdict::InOpenTransaction => {
                format!("{is} in a broker transaction that has not ended")
            }
            PublishVerdict::MissingOutboxRow => {
                format!("{was} stored and never reached the outbox")
            }
            PublishVerdict::Pending => format!("{is} waiting in the outbox"),
            PublishVerdict::Stuck(_) => format!("{was} stored and never published"),
            PublishVerdict::LostInPublish => format!("{was} marked as sent and never published"),
            PublishVerdict::Unknown(reason) => {
                format!("cannot be judged: {}", reason.clause())
            }
        },
        Finding::Consumer(consumer, verdict) => {
            let known = shape.consumers.get(usize::from(consumer.0));
            let name = known.map_or("a consumer", |consumer| &consumer.name);
            match verdict {
                ConsumerVerdict::NotDue => format!("{is} not due at {name} yet"),
                ConsumerVerdict::Processed => format!("{was} processed by {name}"),
                ConsumerVerdict::DeadLettered => format!("{was} dead-lettered by {name}"),
                ConsumerVerdict::NotRouted => format!("{was} never routed to {name}"),
                ConsumerVerdict::Retrying => format!("{is} being retried by {name}"),
                ConsumerVerdict::InFlight => format!("{is} on the way to {name}"),
                ConsumerVerdict::Lagging(_) => format!("{has} not been reached by {name}"),
                ConsumerVerdict::LostByConsumer => format!("{was} lost by {name}"),
                ConsumerVerdict::Passed => format!("{was} passed by {name}, unproven"),
                ConsumerVerdict::Unknown(reason) => {
                    format!("cannot be judged for {name}: {}", reason.clause())
                }
            }
        }
    };
    format!("{n} {events} {rest}")
}
