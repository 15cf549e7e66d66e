//! The world: database, broker, catalogue and ledger together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, Notify};
use waybill_model::{Access, Micros, Profile};

use crate::bus::{Bus, Offsets, PARTITIONS};
use crate::ledger::Vantage;
use crate::live::{IsWorking, Switches};
use crate::name::Names;
use crate::product::Catalogue;
use crate::store::Store;
use crate::{
    BrokerKind, ConsumerName, DatabaseKind, Error, Fault, Ledger, Membership, MessageIds, Result,
    Secrets, Situation, WorldConfig, profile,
};

/// A company that sells squeaky toys. Cheap to clone; all clones are the same company.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: WorldConfig,
    pub(crate) names: Names,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) catalogue: Mutex<Catalogue>,
    /// Held for moments only, never over an await.
    pub(crate) ledger: std::sync::Mutex<Ledger>,
    pub(crate) switches: Switches,
    pub(crate) working: IsWorking,
    /// The service tells the relay that there is something to send.
    pub(crate) relay_call: Notify,
    /// The relay deletes rows once they are sent.
    deletes_after_send: AtomicBool,
    /// The profile names no audit stream.
    unwatched: AtomicBool,
    /// A consumer that was registered late, and when.
    registered: std::sync::OnceLock<(ConsumerName, Micros)>,
    /// What is the matter with the whole of it.
    situation: std::sync::OnceLock<Situation>,
    /// What ids messages carry; the event's own unless said otherwise.
    message_ids: std::sync::OnceLock<MessageIds>,
}

impl World {
    /// Makes a new company: its database with tables, its topics or exchanges and queues.
    ///
    /// On servers nothing of that name may be there yet; a SQLite file is gone on with.
    pub async fn create(config: WorldConfig) -> Result<Self> {
        check_prefix(&config)?;
        let names = Names::new(&config.prefix);
        let store = Store::open(&config.database, &names).await?;
        let bus = match Bus::open(&config.broker, &names).await {
            Ok(bus) => bus,
            Err(error) => {
                // The database was made a moment ago; the error to report is the broker's.
                store.remove().await.ok();
                return Err(error);
            }
        };
        let catalogue = Catalogue::new(config.seed);
        Ok(Self::assemble(
            config,
            names,
            store,
            bus,
            catalogue,
            Ledger::default(),
        ))
    }

    pub(crate) fn assemble(
        config: WorldConfig,
        names: Names,
        store: Store,
        bus: Bus,
        catalogue: Catalogue,
        ledger: Ledger,
    ) -> Self {
        let inner = Inner {
            config,
            names,
            store,
            bus,
            catalogue: Mutex::new(catalogue),
            ledger: std::sync::Mutex::new(ledger),
            switches: Switches::default(),
            working: IsWorking::new(false),
            relay_call: Notify::new(),
            deletes_after_send: AtomicBool::new(false),
            unwatched: AtomicBool::new(false),
            registered: std::sync::OnceLock::new(),
            situation: std::sync::OnceLock::new(),
            message_ids: std::sync::OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A complete profile for Waybill.
    pub fn profile(&self, access: Access) -> Profile {
        profile::profile(&self.inner, access)
    }

    /// Says what ids the messages of its past carry, before that is written; said once.
    ///
    /// What the company publishes while it works carries the events' own.
    pub async fn carry_ids(&self, ids: MessageIds) -> Result<()> {
        let rabbit = matches!(self.inner.bus, Bus::Rabbit(_));
        if rabbit && matches!(ids, MessageIds::None | MessageIds::Content) {
            return Err(Error::Config(
                "on RabbitMQ consumers know what they cannot process by its message id".to_owned(),
            ));
        }
        if ids == MessageIds::Bigserial {
            self.inner.store.count_ids().await?;
        }
        self.inner.message_ids.set(ids).ok();
        Ok(())
    }

    /// Takes the mark of having been sent from its outbox, before anything is written: from then on
    /// the relay deletes a row once the broker has confirmed it, and nothing else tells.
    pub async fn keep_no_sent_rows(&self) -> Result<()> {
        self.inner.store.drop_marks().await?;
        self.inner.delete_after_send();
        Ok(())
    }

    /// Leaves the audit stream out of its profile, so that nothing has seen what passed RabbitMQ's
    /// exchange; said before a past is written.
    pub fn have_no_audit_stream(&self) -> Result<()> {
        let Bus::Rabbit(_) = &self.inner.bus else {
            return Err(Error::Config(
                "only RabbitMQ forgets what passed; a topic is its own record".to_owned(),
            ));
        };
        self.inner.unwatched.store(true, Ordering::Release);
        Ok(())
    }

    /// The passwords its profile names.
    pub fn secrets(&self) -> Secrets {
        profile::secrets(&self.inner.config)
    }

    /// Where Kafka (or the mock) listens; `None` on RabbitMQ.
    pub fn kafka_bootstrap(&self) -> Option<String> {
        match &self.inner.bus {
            Bus::Kafka(bus) => Some(bus.bootstrap().to_owned()),
            Bus::Rabbit(_) => None,
        }
    }

    /// What a careful person would tell of the whole.
    pub fn findings(&self) -> Vec<String> {
        let rabbit = matches!(self.inner.bus, Bus::Rabbit(_));
        self.inner.ledger().findings(&Vantage {
            destination: self.inner.looked_at(),
            hears: !rabbit,
            sees_readers: rabbit,
        })
    }

    /// What really happened so far.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger().clone()
    }

    /// The faults that can be switched on here while the company works.
    pub fn live_faults(&self) -> Vec<Fault> {
        let here = self.faults().into_iter();
        here.filter(|fault| fault.works_live()).collect()
    }

    /// The faults that can be planted or switched on here.
    pub fn faults(&self) -> Vec<Fault> {
        let config = &self.inner.config;
        Fault::ALL
            .into_iter()
            .filter(|fault| fault.works_on(&config.broker, &config.database).is_ok())
            .filter(|fault| self.inner.can_still_do(*fault).is_ok())
            .collect()
    }

    /// Ends the sessions and deletes what was made on servers.
    pub async fn remove(self) -> Result<()> {
        // All are tried, whatever becomes of the first.
        let elsewhere = self.inner.bus.remove_elsewhere().await;
        let broker = self.inner.bus.remove().await;
        let database = self.inner.store.remove().await;
        elsewhere.and(broker).and(database)
    }
}

impl Inner {
    pub(crate) fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        // A thread that panicked while it held the ledger left a valid, if incomplete, one.
        self.ledger
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// From now on the relay deletes rows once they are sent.
    pub(crate) fn delete_after_send(&self) {
        self.deletes_after_send.store(true, Ordering::Release);
    }

    /// A consumer comes late; the first one to do so counts.
    pub(crate) fn register_late(&self, consumer: ConsumerName, at: Micros) {
        self.registered.set((consumer, at)).ok();
    }

    /// When a consumer was registered, unless it always was.
    pub(crate) fn registered(&self, consumer: ConsumerName) -> Option<Micros> {
        let (late, at) = self.registered.get()?;
        (*late == consumer).then_some(*at)
    }

    /// Has it be in this situation; the first one counts.
    pub(crate) async fn be_in(&self, situation: Situation) -> Result<()> {
        let broker = &self.config.broker;
        situation
            .works_on(broker)
            .map_err(|why| Error::SituationNotHere {
                situation,
                broker: broker.name(),
                why,
            })?;
        if situation == Situation::WrongDestination {
            self.bus.make_elsewhere().await?;
        }
        self.situation.set(situation).ok();
        Ok(())
    }

    pub(crate) fn situation(&self) -> Option<Situation> {
        self.situation.get().copied()
    }

    /// Whether the profile names another service's destination.
    pub(crate) fn looks_elsewhere(&self) -> bool {
        self.situation() == Some(Situation::WrongDestination)
    }

    /// The destination that the profile names.
    pub(crate) fn looked_at(&self) -> String {
        if self.looks_elsewhere() {
            self.names.elsewhere()
        } else {
            self.names.destination()
        }
    }

    /// The consumer that was never started.
    pub(crate) fn idle(&self) -> Option<ConsumerName> {
        self.situation()?.idle()
    }

    pub(crate) fn message_ids(&self) -> MessageIds {
        self.message_ids.get().copied().unwrap_or_default()
    }

    pub(crate) fn deletes_after_send(&self) -> bool {
        self.deletes_after_send.load(Ordering::Acquire)
    }

    pub(crate) fn is_unwatched(&self) -> bool {
        self.unwatched.load(Ordering::Acquire)
    }

    /// Whether its outbox lets the fault be; if not, why, as a clause.
    fn can_still_do(&self, fault: Fault) -> std::result::Result<(), &'static str> {
        if fault == Fault::OutboxDeleted && !self.store.marks_sent() {
            return Err("its outbox keeps no sent rows anyway");
        }
        Ok(())
    }

    pub(crate) fn refuse_unless_works(&self, fault: Fault) -> Result<()> {
        let (broker, database) = (&self.config.broker, &self.config.database);
        fault
            .works_on(broker, database)
            .and_then(|()| self.can_still_do(fault))
            .map_err(|why| Error::FaultNotHere {
                fault,
                database: database.name(),
                broker: broker.name(),
                why,
            })
    }

    /// Deletes every record the topic holds now, as if their time had passed.
    pub(crate) async fn pass_retention(&self) -> Result<()> {
        let Bus::Kafka(bus) = &self.bus else {
            return Ok(());
        };
        let ends = bus.ends(&self.names.destination(), PARTITIONS).await?;
        let before: Offsets = ends.iter().map(|(no, (_, end))| (*no, *end)).collect();
        bus.delete_before(&before).await?;
        for entry in self.ledger().entries_mut() {
            entry.expired |= entry.copies > 0;
        }
        Ok(())
    }

    /// How its Kafka consumers get their partitions.
    pub(crate) fn membership(&self) -> Membership {
        self.config.membership
    }
}

/// A prefix keeps worlds apart on servers, and becomes part of names that are written into SQL.
fn check_prefix(config: &WorldConfig) -> Result<()> {
    let prefix = &config.prefix;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !prefix.chars().all(fits) || prefix.len() > 40 {
        return Err(Error::Config(format!(
            "'{prefix}' cannot be a prefix; use at most 40 lower-case letters, digits, '_' and '-'"
        )));
    }
    let on_servers = !matches!(config.database, DatabaseKind::Sqlite { .. })
        || !matches!(config.broker, BrokerKind::Mock);
    if on_servers && prefix.is_empty() {
        return Err(Error::Config(
            "a world on a server needs a prefix, so that it touches nothing else".to_owned(),
        ));
    }
    Ok(())
}

/// The consumer a fault is about, *search* unless said otherwise.
pub(crate) fn target(consumer: Option<ConsumerName>) -> ConsumerName {
    consumer.unwrap_or(ConsumerName::Search)
}
