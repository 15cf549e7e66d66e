//! Listens to an exchange that has no stream, from now on, with a queue of our own that has
//! exactly the bindings that lead to a queue already.
//!
//! The queue is exclusive and goes with the connection. It keeps little and drops the oldest
//! first, so that it can never hold a publisher up; what it may have dropped is a gap.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use lapin::message::Delivery;
use lapin::options::{QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection};
use tokio::time::Instant;
use uuid::Uuid;
use waybill_model::{Coverage, Gap, GapReason, Micros, Window};
use waybill_source::{Chunk, CopyQuery, Error, Result};

use crate::batches::Batches;
use crate::error::{self, Refusal, refusal};
use crate::hub::{Hub, now};
use crate::listener::{Listener, answered, name};
use crate::message;
use crate::mirror::{self, Mirror, Mirrored, TAP_PREFIX};
use crate::pull::Sink;
use crate::values;
use crate::watch::{MAX_BYTES, MAX_LENGTH, TTL_MILLIS, Watch};

/// How often the exchange's bindings and the tap's counters are read again. A message that only
/// a binding made since then let through is not seen, so coverage lags by up to twice this.
const MIRROR_EVERY: Duration = Duration::from_secs(5);

/// How often it says what it has covered.
const COVERED_EVERY: Duration = Duration::from_secs(1);

/// Messages under way at most.
const PREFETCH: u16 = 500;

/// Follows an exchange.
pub(crate) async fn follow(hub: Arc<Hub>, query: CopyQuery, out: Sink<Chunk>) -> Result<()> {
    let mut tap = Tap::open(Arc::clone(&hub), query, out).await?;
    let mut refresh: BoxFuture<'static, Result<Look>> =
        look_after(Arc::clone(&hub), &tap, MIRROR_EVERY);
    let failed = loop {
        let wait = tap.due.saturating_duration_since(Instant::now());
        let step = tokio::select! {
            look = &mut refresh => {
                refresh = look_after(Arc::clone(&hub), &tap, MIRROR_EVERY);
                match look {
                    Ok(look) => tap.mirror_again(look).await,
                    // It covers nothing more until it can see the bindings again.
                    Err(error) => {
                        tracing::warn!(error = %error.chain(), "The bindings cannot be read");
                        Ok(())
                    }
                }
            }
            taken = tap.listener.next(wait) => tap.take(taken).await,
        };
        if let Err(error) = step {
            break error;
        }
        if Instant::now() >= tap.due
            && let Err(error) = tap.tick().await
        {
            break error;
        }
    };
    tap.hand_on().await;
    tap.closed().await;
    Err(failed)
}

/// What the management API says at one moment.
struct Look {
    /// When it was asked.
    at: Micros,
    mirror: Mirror,
    /// Messages that were routed to the tap until some seconds ago.
    n_routed: Option<u64>,
}

struct Tap {
    hub: Arc<Hub>,
    query: CopyQuery,
    out: Sink<Chunk>,
    /// Holds the exclusive queue: both go together.
    connection: Connection,
    control: Channel,
    listener: Listener,
    queue: String,
    mirrored: BTreeSet<Mirrored>,
    /// When the bindings were last known to be what is mirrored.
    mirrored_at: Micros,
    batches: Batches,
    /// Messages of the tapped exchange so far.
    nth: i64,
    /// All messages that came, those of other exchanges behind it included.
    n_taken: u64,
    watch: Watch,
    coverage: Coverage,
    /// Up to when everything that was routed to the tap has been taken.
    drained_to: Micros,
    /// When the depth was last asked for.
    asked: Micros,
    due: Instant,
}

impl Tap {
    async fn open(hub: Arc<Hub>, query: CopyQuery, out: Sink<Chunk>) -> Result<Self> {
        let exchange = query.channel.clone();
        let first = look(&hub, &exchange, None).await?;
        let connection = hub.settings.connect(&format!("tap on {exchange}")).await?;
        let queue = format!("{TAP_PREFIX}{}", Uuid::new_v4().simple());
        let (control, listener) = own_queue(&connection, &queue)
            .await
            .map_err(|error| opening(&exchange, error))?;
        let opened = now();
        let mut tap = Self {
            batches: Batches::new(query.place),
            coverage: Coverage {
                place: query.place,
                partition: None,
                window: Window {
                    from: opened,
                    to: opened,
                },
                positions: None,
                gaps: Vec::new(),
            },
            hub,
            query,
            out,
            connection,
            control,
            listener,
            queue,
            mirrored: BTreeSet::new(),
            mirrored_at: opened,
            nth: 0,
            n_taken: 0,
            watch: Watch::new(opened),
            drained_to: opened,
            asked: opened,
            due: Instant::now() + COVERED_EVERY,
        };
        tap.bind(first.mirror.bindings).await?;
        // Only now does everything come to us; and the bindings may have changed meanwhile.
        let opened = now();
        let again = look(&tap.hub, &exchange, None).await?;
        tap.bind(again.mirror.bindings).await?;
        tap.opaque(&again.mirror.opaque);
        tap.coverage.window = Window {
            from: opened,
            to: opened,
        };
        tap.drained_to = opened;
        tap.mirrored_at = opened;
        tap.watch = Watch::new(opened);
        Ok(tap)
    }

    /// Makes the tap's bindings those; what is no longer bound goes first.
    async fn bind(&mut self, wanted: BTreeSet<Mirrored>) -> Result<()> {
        let exchange = self.query.channel.clone();
        let failed = |error| opening(&exchange, error);
        for gone in self.mirrored.difference(&wanted) {
            match self.unbind(gone).await {
                // Its exchange is gone, and the binding with it.
                Err(error) if refusal(&error) == Some(Refusal::NotFound) => {}
                outcome => outcome.map_err(failed)?,
            }
        }
        for new in wanted.difference(&self.mirrored) {
            let binding = self.control.queue_bind(
                name(&self.queue).map_err(failed)?,
                name(&new.exchange).map_err(failed)?,
                name(&new.key).map_err(failed)?,
                QueueBindOptions::default(),
                arguments(new),
            );
            answered(binding).await.map_err(failed)?;
        }
        self.mirrored = wanted;
        Ok(())
    }

    /// On a channel of its own, which an error closes.
    async fn unbind(&self, gone: &Mirrored) -> lapin::Result<()> {
        let channel = answered(self.connection.create_channel()).await?;
        let unbinding = channel.queue_unbind(
            name(&self.queue)?,
            name(&gone.exchange)?,
            name(&gone.key)?,
            arguments(gone),
        );
        answered(unbinding).await
    }

    async fn take(&mut self, taken: lapin::Result<Option<Delivery>>) -> Result<()> {
        let mut next = taken.map_err(|error| self.lost(error))?;
        while let Some(delivery) = next {
            self.n_taken += 1;
            // A binding on an exchange behind ours lets through what others publish there.
            if delivery.exchange.as_str() == self.query.channel {
                self.nth += 1;
                let seen = message::observation(&delivery, &self.query, self.nth, now());
                self.batches.take_in(seen.as_ref());
            }
            self.watch.saw(delivery.data.len());
            if self.batches.full() {
                break;
            }
            next = self
                .listener
                .arrived()
                .await
                .map_err(|error| self.lost(error))?;
        }
        self.hand_on().await;
        Ok(())
    }

    /// Once a second: is the broker there, and does the tap keep up?
    async fn tick(&mut self) -> Result<()> {
        let asking = now();
        let depth = self.depth().await.map_err(|error| self.lost(error))?;
        self.listener
            .round_trip()
            .await
            .map_err(|error| self.lost(error))?;
        let arrived = self.listener.arrived().await;
        self.take(arrived).await?;
        if depth == 0 {
            // Nothing waited now, so what was routed before we asked the last time has come.
            self.drained_to = self.asked;
        }
        if let Some(gap) = self.watch.sample(asking, depth) {
            self.add_gap(gap);
        }
        self.asked = asking;
        // What was once said to be covered is never taken back.
        let sure_to = [self.drained_to, self.mirrored_at, self.watch.vouched_to()];
        let sure_to = sure_to.into_iter().fold(asking, Ord::min);
        self.coverage.window.to = Ord::max(self.coverage.window.to, sure_to);
        self.out.put(Chunk::Covered(self.coverage.clone())).await;
        self.due = Instant::now() + COVERED_EVERY;
        Ok(())
    }

    async fn mirror_again(&mut self, look: Look) -> Result<()> {
        if self.mirrored != look.mirror.bindings {
            tracing::info!(exchange = %self.query.channel, "The bindings have changed");
            self.bind(look.mirror.bindings).await?;
            // What only a new binding let through, nobody was listening for.
            self.add_gap(Gap {
                window: Window {
                    from: self.mirrored_at,
                    to: now(),
                },
                reason: GapReason::TapClosed,
            });
            self.mirrored_at = now();
        } else {
            self.mirrored_at = look.at;
        }
        self.opaque(&look.mirror.opaque);
        let arrived = self.listener.arrived().await;
        self.take(arrived).await?;
        if let Some(gap) = self.watch.counted(now(), look.n_routed, self.n_taken) {
            self.add_gap(gap);
        }
        Ok(())
    }

    /// Messages waiting in our own queue.
    async fn depth(&self) -> lapin::Result<u32> {
        let asking = self.control.queue_declare(
            name(&self.queue)?,
            QueueDeclareOptions {
                passive: true,
                ..QueueDeclareOptions::default()
            },
            FieldTable::default(),
        );
        answered(asking).await.map(|queue| queue.message_count())
    }

    fn opaque(&mut self, opaque: &BTreeSet<String>) {
        for exchange in opaque {
            self.add_gap(Gap {
                window: Window {
                    from: self.coverage.window.from,
                    to: Micros(i64::MAX),
                },
                reason: GapReason::NotReadable(format!(
                    "what goes through exchange '{exchange}' cannot be listened to"
                )),
            });
        }
    }

    /// A gap that goes on is one gap.
    fn add_gap(&mut self, gap: Gap) {
        let gaps = &mut self.coverage.gaps;
        match gaps
            .iter_mut()
            .find(|old| old.reason == gap.reason && old.window.to >= gap.window.from)
        {
            Some(old) => old.window.to = Ord::max(old.window.to, gap.window.to),
            None => gaps.push(gap),
        }
    }

    async fn hand_on(&mut self) {
        for batch in self.batches.take() {
            self.out.put(batch).await;
        }
    }

    /// The last word: from here on nobody listens.
    async fn closed(&mut self) {
        let window = Window {
            from: self.coverage.window.to,
            to: now(),
        };
        self.add_gap(Gap {
            window,
            reason: GapReason::TapClosed,
        });
        self.coverage.window.to = window.to;
        self.out.put(Chunk::Covered(self.coverage.clone())).await;
    }

    fn lost(&self, error: lapin::Error) -> Error {
        Error::Read {
            name: format!("exchange '{}' through a tap", self.query.channel),
            source: error::reason(error),
        }
    }
}

/// Declares the queue and attaches to it, on two channels: a refused binding closes its channel.
async fn own_queue(connection: &Connection, queue: &str) -> lapin::Result<(Channel, Listener)> {
    let control = answered(connection.create_channel()).await?;
    let mut limits = FieldTable::default();
    // The virtual host's default may be another type, which cannot be exclusive.
    limits.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("classic".into()),
    );
    limits.insert(
        "x-max-length".into(),
        AMQPValue::LongLongInt(i64::from(MAX_LENGTH)),
    );
    limits.insert(
        "x-max-length-bytes".into(),
        AMQPValue::LongLongInt(MAX_BYTES),
    );
    limits.insert(
        "x-overflow".into(),
        AMQPValue::LongString("drop-head".into()),
    );
    limits.insert("x-message-ttl".into(), AMQPValue::LongLongInt(TTL_MILLIS));
    let declaring = control.queue_declare(
        name(queue)?,
        QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        },
        limits,
    );
    answered(declaring).await?;
    let channel = answered(connection.create_channel()).await?;
    let listener = Listener::own_queue(channel, queue, PREFETCH).await?;
    Ok((control, listener))
}

fn arguments(binding: &Mirrored) -> FieldTable {
    match values::value(binding.arguments.as_bytes(), Some('F')) {
        AMQPValue::FieldTable(table) => table,
        _ => FieldTable::default(),
    }
}

fn opening(exchange: &str, error: lapin::Error) -> Error {
    match refusal(&error) {
        Some(Refusal::AccessRefused) => Error::Forbidden {
            action: "listen to",
            name: format!(
                "exchange '{exchange}': that takes configure and write on ^waybill\\.tap\\. and read on \
                 the exchange"
            ),
            source: error::reason(error),
        },
        _ => Error::Read {
            name: format!("exchange '{exchange}' through a tap"),
            source: error::reason(error),
        },
    }
}

async fn look(hub: &Hub, exchange: &str, queue: Option<&str>) -> Result<Look> {
    let management = hub.required_management("listening to an exchange")?;
    let at = now();
    let Some(map) = mirror::observe(management, exchange).await? else {
        if exchange.is_empty() {
            return mirror::mirror(&Default::default(), exchange).map(|mirror| Look {
                at,
                mirror,
                n_routed: None,
            });
        }
        return Err(hub.no_exchange(exchange).await);
    };
    Ok(Look {
        at,
        mirror: mirror::mirror(&map, exchange)?,
        n_routed: match queue {
            Some(queue) => management.n_routed(queue).await?,
            None => None,
        },
    })
}

fn look_after(hub: Arc<Hub>, tap: &Tap, pause: Duration) -> BoxFuture<'static, Result<Look>> {
    let (exchange, queue) = (tap.query.channel.clone(), tap.queue.clone());
    async move {
        // Not more often than this: each look costs the management API some requests.
        tokio::time::sleep(pause).await;
        look(&hub, &exchange, Some(&queue)).await
    }
    .boxed()
}
