//! The connection that asks: metadata, offsets, groups. It has no group, so it can read nothing.
//!
//! Everything here blocks and belongs on a thread that may be blocked.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use waybill_source::{Error, Result};

use crate::context::Context;
use crate::error::{Asked, Said, sort, unreachable};
use crate::settings::Settings;

/// How often idle clients are tended.
const TEND_EVERY: Duration = Duration::from_secs(1);

/// How long an unused reader for single records keeps its connections.
const PICKER_KEPT: Duration = Duration::from_secs(60);

/// A consumer of ours; it is only ever assigned, never subscribed.
pub(crate) type Reader = BaseConsumer<Context>;

/// How long connecting may take.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long one question may take.
pub(crate) const ASK_LIMIT: Duration = Duration::from_secs(5);

/// A refused connection is reported at once, but a broker that is just starting deserves a second
/// attempt before we give up.
const REFUSED_LIMIT: Duration = Duration::from_millis(1500);

/// Log lines and troubles wait in a queue until somebody polls; this many at most per question.
const EVENTS_PER_ASK: usize = 32;

/// Asks a cluster.
pub(crate) struct Asker {
    client: Reader,
    context: Context,
    pub(crate) settings: Settings,
    /// Opened when first needed; it brings a thread of its own.
    admin: Mutex<Option<Arc<AdminClient<Context>>>>,
    /// Kept for a while: connecting anew costs more than fetching a record.
    picker: Mutex<Option<Picker>>,
    /// Dropped with us, which ends the [`keeper`].
    _stop: SyncSender<()>,
}

/// A reader for single records.
pub(crate) struct Picker {
    pub(crate) reader: Reader,
    pub(crate) context: Context,
    used: Instant,
}

impl Asker {
    /// Connects and fetches the metadata once, so that `Ok` means usable.
    pub(crate) fn open(settings: Settings) -> Result<Arc<Self>> {
        let context = Context::new(settings.secret.clone());
        let client = create(&settings.asking(), &context)?;
        let (stop, stopped) = sync_channel(0);
        let asker = Arc::new(Self {
            client,
            context,
            settings,
            admin: Mutex::default(),
            picker: Mutex::default(),
            _stop: stop,
        });
        asker.greet()?;
        keeper(&asker, stopped)?;
        Ok(asker)
    }

    /// Waits for the first answer, and no longer than there is hope.
    fn greet(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            let answer = self.client.fetch_metadata(None, Duration::from_millis(500));
            self.drain();
            let error = match answer {
                Ok(_) => {
                    self.context.forget();
                    return Ok(());
                }
                Err(error) => error,
            };
            let waited = started.elapsed();
            if let Some(trouble) = self.context.worst()
                && (trouble.is_final() || self.context.all_down() && waited > REFUSED_LIMIT)
            {
                return Err(unreachable(&trouble, &self.settings));
            }
            if waited > CONNECT_LIMIT {
                return Err(self.sorted(&error, "describe", "cluster", ""));
            }
        }
    }

    /// All topics and brokers. A question for one topic alone could create it.
    pub(crate) fn metadata(&self) -> Result<Metadata> {
        self.ask("describe", "cluster", "", |client| {
            client.fetch_metadata(None, ASK_LIMIT)
        })
    }

    /// The cluster's id, when it has one.
    pub(crate) fn cluster_id(&self) -> Option<String> {
        self.client.client().fetch_cluster_id(ASK_LIMIT)
    }

    /// Puts one question; whatever troubled earlier ones no longer counts.
    pub(crate) fn ask<T>(
        &self,
        action: &'static str,
        what: &'static str,
        name: &str,
        question: impl FnOnce(&Reader) -> Result<T, KafkaError>,
    ) -> Result<T> {
        self.drain();
        self.context.forget();
        let answer = question(&self.client);
        self.drain();
        answer.map_err(|error| self.sorted(&error, action, what, name))
    }

    /// The same for callers that sort the error themselves.
    pub(crate) fn bare<T>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaError> {
        let answer = question(&self.client);
        self.drain();
        answer
    }

    /// The client for describing configurations and groups' offsets. It is a producer to
    /// librdkafka, so it cannot commit, and we never give it anything to send.
    pub(crate) fn admin(&self) -> Result<Arc<AdminClient<Context>>> {
        let mut admin = locked(&self.admin);
        if let Some(admin) = &*admin {
            return Ok(Arc::clone(admin));
        }
        let mut config = self.settings.asking();
        // Nobody serves its log queue, so nothing may be put there.
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let opened: AdminClient<Context> = config
            .create_with_context(self.context.clone())
            .map_err(|error| no_client(&error, &self.settings))?;
        let opened = Arc::new(opened);
        *admin = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Sorts an error of this connection or of its admin client.
    pub(crate) fn sorted(
        &self,
        error: &KafkaError,
        action: &'static str,
        what: &'static str,
        name: &str,
    ) -> Error {
        let asked = Asked {
            action,
            what,
            name,
            within: ASK_LIMIT,
        };
        sort(error, asked, &self.settings, &self.context)
    }

    /// A reader for single records, the last one if it is still there.
    pub(crate) fn picker(&self) -> Result<Picker> {
        let kept = locked(&self.picker).take();
        match kept {
            Some(picker) => {
                picker.context.forget();
                Ok(picker)
            }
            None => {
                let (reader, context) = self.reader(&self.settings.picking())?;
                Ok(Picker {
                    reader,
                    context,
                    used: Instant::now(),
                })
            }
        }
    }

    /// Keeps a reader that has done its work for the next time.
    pub(crate) fn keep(&self, mut picker: Picker) {
        if picker.reader.unassign().is_ok() {
            picker.used = Instant::now();
            *locked(&self.picker) = Some(picker);
        }
    }

    /// Serves the side channels of clients that nobody uses just now, and ends the picker when
    /// nobody has used it for a while.
    fn tend(&self) {
        self.drain();
        let mut kept = locked(&self.picker);
        let Some(picker) = &*kept else {
            return;
        };
        for _ in 0..EVENTS_PER_ASK {
            drop(picker.reader.poll(Duration::ZERO));
        }
        if picker.used.elapsed() > PICKER_KEPT {
            *kept = None;
        }
    }

    /// A consumer for reading, with its own side channel.
    pub(crate) fn reader(&self, config: &ClientConfig) -> Result<(Reader, Context)> {
        let context = Context::new(self.settings.secret.clone());
        let reader = config
            .create_with_context(context.clone())
            .map_err(|error| no_client(&error, &self.settings))?;
        Ok((reader, context))
    }

    /// Serves what waits on the side channel.
    fn drain(&self) {
        for _ in 0..EVENTS_PER_ASK {
            // An error returned here was already given to the context.
            drop(self.client.poll(Duration::ZERO));
        }
    }
}

/// Tends the asker's idle clients once a second until it is dropped. Without it, what a client
/// says while its broker is down would pile up.
fn keeper(asker: &Arc<Asker>, stopped: Receiver<()>) -> Result<()> {
    let tended = Arc::downgrade(asker);
    let body = move || {
        while stopped.recv_timeout(TEND_EVERY) == Err(RecvTimeoutError::Timeout) {
            let Some(asker) = tended.upgrade() else {
                return;
            };
            asker.tend();
        }
    };
    std::thread::Builder::new()
        .name("kafka-keeper".to_owned())
        .spawn(body)
        .map(drop)
        .map_err(|error| Error::Connect {
            address: asker.settings.address_text(),
            source: Box::new(error),
        })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at any time, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker")
            .field("address", &self.settings.address_text())
            .finish_non_exhaustive()
    }
}

fn create(config: &ClientConfig, context: &Context) -> Result<Reader> {
    config
        .create_with_context(context.clone())
        .map_err(|error| Error::Unsupported {
            what: format!(
                "the Kafka options cannot be used together: {}",
                said(&error)
            ),
        })
}

/// A client that could not be made: certificates that cannot be read, options that contradict.
pub(crate) fn no_client(error: &KafkaError, settings: &Settings) -> Error {
    Error::Connect {
        address: settings.address_text(),
        source: Said::boxed(said(error)),
    }
}

fn said(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientCreation(why) => why.clone(),
        KafkaError::ClientConfig(_, _, key, _) => format!("the option '{key}' is not accepted"),
        other => other.to_string(),
    }
}
