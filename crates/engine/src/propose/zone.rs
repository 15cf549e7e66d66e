//! The zone of an outbox whose times name none.

use waybill_model::Zone;

use super::outbox::Outbox;
use super::study::{Between, Study};
use crate::session::outbox_columns;
use crate::zones::{Pair, Told, agreed, told};

impl Between<'_> {
    /// Writes down the zone of the outbox's times, or why nobody knows it. One set by hand stays.
    pub(super) async fn zone(self, outbox: &mut Outbox, study: &Study) {
        if outbox.is_settled_zone {
            return;
        }
        let columns = outbox_columns(&outbox.settings);
        let times = match self.database.times(&columns).await {
            Ok(times) => times,
            Err(error) => {
                let why = error.chain();
                outbox
                    .limits
                    .push(format!("The times could not be looked at: {why}."));
                return;
            }
        };
        let by_messages = agreed(&study.dated());
        // What a library is known to write gives way to what it wrote.
        let known = match by_messages {
            Some(_) => None,
            None => named(outbox),
        };
        let Some(created_at) = &outbox.settings.created_at else {
            outbox.settings.zone = None;
            return;
        };
        match told(&times, by_messages, known) {
            Told::Needless => outbox.settings.zone = None,
            Told::Known(known) => {
                let why = match named(outbox) == Some(known.zone) && by_messages.is_none() {
                    true => "that is how it is written".to_owned(),
                    false => known.why,
                };
                outbox.why.push(format!(
                    "{created_at} names no zone; it is read in {}: {why}.",
                    known.zone
                ));
                outbox.settings.zone = Some(known.zone.to_string());
            }
            Told::Unknown { why, .. } => {
                outbox.settings.zone = None;
                outbox.limits.push(format!(
                    "{created_at} names no zone, and which is meant is not known: {why}. Name it: zone = \"-05:00\"."
                ));
            }
        }
    }
}

fn named(outbox: &Outbox) -> Option<Zone> {
    outbox.settings.zone.as_ref()?.parse().ok()
}

impl Study {
    /// The rows whose messages were seen, each with both its times.
    fn dated(&self) -> Vec<Pair> {
        let times = self.ids.times.iter();
        let times: std::collections::HashMap<_, _> = times.map(|(at, key)| (key, *at)).collect();
        let letters = self.letters.iter().flatten();
        let pair = |letter: &super::Letter| {
            let mut ids = self.carriers.iter().filter_map(|it| letter.text(it));
            let key = ids.find_map(|id| self.ids.keys.get(&id))?;
            Some(Pair {
                local: *times.get(key)?,
                published: letter.at(),
            })
        };
        letters.filter_map(pair).collect()
    }
}
