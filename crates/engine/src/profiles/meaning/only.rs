//! Whose messages count, where the broker has no such place or no value is named.

use waybill_model::{Carrier, Profile};

use super::Found;
use super::Step::{Key, Nth};
use crate::drivers::scheme_of;

impl Found<'_> {
    /// What is wrong with the `where` of a flow.
    pub(super) fn only(&mut self, profile: &Profile, nth: usize) {
        let Some(flow) = profile.flows.get(nth) else {
            return;
        };
        let kafka = scheme_of(&profile.broker.url).starts_with("kafka");
        for (place, wanted) in &flow.only {
            let name = place.to_string();
            let path = [Key("flow"), Nth(nth), Key("where"), Key(&name)];
            if wanted.0.is_empty() {
                self.add(
                    &path,
                    format!("No value of {name} is named, so no message would count: name one, or leave it out."),
                );
            }
            if is_of_kafka(place).is_some_and(|of_kafka| of_kafka != kafka) {
                let broker = if kafka { "Kafka" } else { "RabbitMQ" };
                self.add(
                    &path,
                    format!(
                        "A message of {broker} has no {name}; write header:NAME or json:/POINTER."
                    ),
                );
            }
        }
    }
}

/// Whether only messages of Kafka have that place, or none of them; `None` where all have it.
fn is_of_kafka(place: &Carrier) -> Option<bool> {
    match place {
        Carrier::Key => Some(true),
        Carrier::MessageId
        | Carrier::CorrelationId
        | Carrier::TypeProperty
        | Carrier::AppId
        | Carrier::RoutingKey => Some(false),
        Carrier::Header(_) | Carrier::Json(_) => None,
    }
}
