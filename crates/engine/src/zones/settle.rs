//! Asks database and broker for the zone of each table of a profile whose times name none.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use waybill_model::{
    BusinessTable, EventId, Micros, OutboxSettings, PlaceRole, Profile, Window, Zone, canonical_id,
};
use waybill_source::{Broker, Database, History, RowColumns, Times, Zoning};

use super::{Agreed, Known, Pair, Told, agreed, told};
use crate::clock::now;
use crate::propose::{Letter, sample};
use crate::scan::{found, value};
use crate::session::{business_columns, outbox_columns};

const HOUR: i64 = 3_600_000_000;

/// How far is looked back for messages: as little as tells something.
const BACK: [i64; 3] = [HOUR, 24 * HOUR, 30 * 24 * HOUR];

/// Messages of a destination that are looked at.
const SAMPLED: usize = 50;

/// Messages are looked for no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the zone of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) role: PlaceRole,
    pub(crate) table: String,
    pub(crate) told: Told,
}

impl Noted {
    /// What the table is read with; `None` where that stands in the profile, or does not matter.
    pub(crate) fn zoning(&self) -> Option<Zoning> {
        match &self.told {
            Told::Needless => None,
            Told::Known(known) => Some(Zoning::Known(known.zone)),
            Told::Unknown { .. } => Some(Zoning::Unknown(self.words()?)),
        }
    }

    /// What is known, as a clause, and what to do where that is nothing.
    pub(crate) fn words(&self) -> Option<String> {
        match &self.told {
            Told::Needless => None,
            Told::Known(Known { zone, why }) => Some(format!(
                "its times name no zone and are read in {zone}: {why}"
            )),
            Told::Unknown { why, likely } => {
                let example = likely.map_or_else(|| "-05:00".to_owned(), |zone| zone.to_string());
                let section = match self.role {
                    PlaceRole::Business => "[[business]]",
                    PlaceRole::Outbox
                    | PlaceRole::Destination
                    | PlaceRole::Inbox(_)
                    | PlaceRole::Progress(_)
                    | PlaceRole::DeadLetters(_) => "[outbox]",
                };
                Some(format!(
                    "its times name no zone, and which is meant is not known: {why}; name it, as zone = \"{example}\" below {section}"
                ))
            }
        }
    }
}

/// Finds out the zones of outbox and business tables. What cannot be asked is left as it is: who
/// reads it says why.
pub(crate) async fn settle(
    profile: &Profile,
    database: &Arc<dyn Database>,
    broker: Option<&Arc<dyn Broker>>,
) -> Vec<Noted> {
    let mut noted = Vec::new();
    let mut own = None;
    if let Some(outbox) = &profile.outbox
        && let Some(told) = of_outbox(profile, outbox, database, broker).await
    {
        own = known(&told);
        noted.push(Noted {
            role: PlaceRole::Outbox,
            table: outbox.table.clone(),
            told,
        });
    }
    for table in &profile.business {
        if let Some(told) = of_business(table, database, own.as_ref()).await {
            noted.push(Noted {
                role: PlaceRole::Business,
                table: table.table.clone(),
                told,
            });
        }
    }
    noted
}

fn known(told: &Told) -> Option<Known> {
    match told {
        Told::Known(known) => Some(known.clone()),
        Told::Needless | Told::Unknown { .. } => None,
    }
}

fn named(zone: Option<&str>) -> Option<Zone> {
    zone.and_then(|zone| zone.parse().ok())
}

async fn of_outbox(
    profile: &Profile,
    outbox: &OutboxSettings,
    database: &Arc<dyn Database>,
    broker: Option<&Arc<dyn Broker>>,
) -> Option<Told> {
    let columns = outbox_columns(outbox);
    let times = times(database, &columns).await?;
    if !times.local {
        return Some(Told::Needless);
    }
    let columns = RowColumns {
        zone: Zoning::default(),
        ..columns
    };
    let agreed = match broker {
        Some(broker) => {
            let looking = by_messages(profile, &columns, database, broker);
            tokio::time::timeout(PATIENCE, looking).await.ok().flatten()
        }
        None => None,
    };
    Some(told(&times, agreed, named(outbox.zone.as_deref())))
}

/// A business table that does not tell is taken to be written as the outbox beside it.
async fn of_business(
    table: &BusinessTable,
    database: &Arc<dyn Database>,
    outbox: Option<&Known>,
) -> Option<Told> {
    let times = times(database, &business_columns(table)).await?;
    let named = named(table.zone.as_deref());
    Some(match (named, outbox) {
        (None, Some(outbox)) if times.local => Told::Known(Known {
            zone: outbox.zone,
            why: "so are the outbox's".to_owned(),
        }),
        (Some(_) | None, _) => told(&times, None, named),
    })
}

async fn times(database: &Arc<dyn Database>, columns: &RowColumns) -> Option<Times> {
    match database.times(columns).await {
        Ok(times) => Some(times),
        Err(error) => {
            tracing::debug!(table = %columns.table, error = %error.chain(), "Times could not be looked at");
            None
        }
    }
}

/// What rows and messages agree about, looking no further back than needed.
async fn by_messages(
    profile: &Profile,
    columns: &RowColumns,
    database: &Arc<dyn Database>,
    broker: &Arc<dyn Broker>,
) -> Option<Agreed> {
    let now = now();
    for back in BACK {
        let window = Window {
            from: now.plus(-back),
            to: now.plus(HOUR),
        };
        let pairs = pairs(profile, columns, database, broker, window).await;
        if let Some(agreed) = agreed(&pairs) {
            return Some(agreed);
        }
    }
    None
}

async fn pairs(
    profile: &Profile,
    columns: &RowColumns,
    database: &Arc<dyn Database>,
    broker: &Arc<dyn Broker>,
    window: Window,
) -> Vec<Pair> {
    let mut published: HashMap<String, Micros> = HashMap::new();
    for flow in &profile.flows {
        let channel = match (broker.capabilities().history, &flow.audit_stream) {
            (History::Always, _) => &flow.destination,
            (History::ByStream, Some(stream)) => stream,
            (History::ByStream, None) => continue,
        };
        let Ok(letters) = sample(broker, channel, window, SAMPLED).await else {
            // It is said where the destination is read.
            continue;
        };
        let id = |letter: &Letter| flow.carriers.id.iter().find_map(|it| letter.text(it));
        for letter in &letters {
            if let Some(id) = id(letter) {
                published.insert(id, letter.at());
            }
        }
    }
    let ids: Vec<EventId> = published.keys().cloned().map(EventId).collect();
    let rows = match found(database, columns, &ids).await {
        Ok(rows) if !ids.is_empty() => rows,
        Ok(_) | Err(_) => return Vec::new(),
    };
    let id = columns.id.as_deref().unwrap_or_default();
    let pair = |row: waybill_source::Row| {
        let id = canonical_id(value(&row, id)?).into_owned();
        Some(Pair {
            local: row.at?,
            published: *published.get(&id)?,
        })
    };
    rows.into_iter().filter_map(pair).collect()
}
