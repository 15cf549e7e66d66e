//! Starting and stopping the company.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{kafka_reader, rabbit_reader, relay, service};
use crate::bus::Bus;
use crate::world::Inner;
use crate::{ConsumerName, Error, Result, World};

/// How the company works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveOptions {
    /// Changes per second the service makes on average; 0: none, only what comes is processed.
    pub events_per_second: f64,
    /// Whether the relay runs, apart from [`crate::Fault::RelayDead`].
    pub relay: bool,
}

/// A company at work. It stops when this is dropped; [`LiveHandle::stop`] also waits for it.
#[derive(Debug)]
pub struct LiveHandle {
    pub(super) world: Arc<Inner>,
    pub(super) probes: Vec<(ConsumerName, mpsc::Sender<rabbit_reader::Probe>)>,
    pub(super) relay: bool,
    rate: watch::Sender<f64>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    _working: Working,
}

/// There is one at a time; two would take each other's messages.
#[derive(Debug)]
struct Working(Arc<Inner>);

impl LiveOptions {
    /// Relay and consumers, without new changes.
    pub const IDLE: Self = Self {
        events_per_second: 0.0,
        relay: true,
    };
}

impl World {
    /// Starts service, relay and consumers on the current tokio runtime.
    pub fn run_live(&self, options: LiveOptions) -> Result<LiveHandle> {
        let world = Arc::clone(&self.inner);
        if world.working.swap(true, Ordering::AcqRel) {
            return Err(Error::Config("this company is already at work".to_owned()));
        }
        let working = Working(Arc::clone(&world));
        let stop = CancellationToken::new();
        let (rate, rates) = watch::channel(options.events_per_second);
        let mut tasks = vec![tokio::spawn(service::run(
            Arc::clone(&world),
            rates,
            stop.clone(),
        ))];
        if options.relay {
            tasks.push(tokio::spawn(relay::run(Arc::clone(&world), stop.clone())));
        }
        let mut probes = Vec::new();
        for consumer in ConsumerName::ALL {
            let (world, stop) = (Arc::clone(&world), stop.clone());
            tasks.push(match &self.inner.bus {
                Bus::Kafka(bus) => {
                    let bus = Arc::clone(bus);
                    tokio::spawn(kafka_reader::run(world, bus, consumer, stop))
                }
                Bus::Rabbit(bus) => {
                    let (probe, asked) = mpsc::channel(1);
                    probes.push((consumer, probe));
                    let bus = Arc::clone(bus);
                    tokio::spawn(rabbit_reader::run(world, bus, consumer, asked, stop))
                }
            });
        }
        Ok(LiveHandle {
            world,
            probes,
            relay: options.relay,
            rate,
            stop,
            tasks,
            _working: working,
        })
    }
}

impl LiveHandle {
    /// Changes per second from now on; 0 pauses the service.
    pub fn set_rate(&self, events_per_second: f64) {
        self.rate.send_replace(events_per_second);
    }

    /// Changes per second at the moment.
    pub fn rate(&self) -> f64 {
        *self.rate.borrow()
    }

    /// Stops, and waits until every task has finished what it had in hand and committed it.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for task in std::mem::take(&mut self.tasks) {
            if let Err(died) = task.await {
                tracing::error!(error = %died, "A task of the world died");
            }
        }
    }
}

impl Drop for LiveHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.store(false, Ordering::Release);
    }
}

/// Whether a company is at work.
pub(crate) type IsWorking = AtomicBool;
