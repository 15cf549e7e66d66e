//! The way from a reading thread to the stream it feeds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use tokio::sync::mpsc;
use waybill_model::Micros;
use waybill_source::{Chunk, ChunkStream, Error, Result};

use crate::error::Said;

/// Chunks that may wait for the reader of the stream; a batch is some hundred kilobytes.
const CHUNKS: usize = 4;

/// Whoever reads the stream has dropped it.
#[derive(Debug)]
pub(crate) struct Gone;

/// The thread's end.
#[derive(Debug)]
pub(crate) struct Outlet {
    chunks: mpsc::Sender<Result<Chunk>>,
}

impl Outlet {
    /// Waits until there is room; fails when nobody reads any more.
    pub(crate) fn send(&self, chunk: Chunk) -> Result<(), Gone> {
        self.chunks.blocking_send(Ok(chunk)).map_err(|_closed| Gone)
    }

    /// The last word of a read that failed.
    pub(crate) fn fail(&self, error: Error) {
        // Nobody to tell is no failure of ours.
        self.chunks.blocking_send(Err(error)).ok();
    }

    /// Whether the stream was dropped.
    pub(crate) fn gone(&self) -> bool {
        self.chunks.is_closed()
    }
}

/// Runs `work` on a thread of that name and returns the stream it feeds. An error it returns ends
/// the stream.
pub(crate) fn stream(
    name: &'static str,
    work: impl FnOnce(&Outlet) -> Result<()> + Send + 'static,
) -> ChunkStream {
    let (chunks, mut received) = mpsc::channel(CHUNKS);
    let outlet = Outlet { chunks };
    let body = move || {
        // A stream that simply ends would look complete.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&outlet)));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => outlet.fail(error),
            Err(_panic) => outlet.fail(Error::Read {
                name: name.to_owned(),
                source: Said::boxed("the reading thread ended unexpectedly"),
            }),
        }
    };
    if let Err(error) = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
    {
        return failed(Error::Read {
            name: name.to_owned(),
            source: Box::new(error),
        });
    }
    futures::stream::poll_fn(move |cx| received.poll_recv(cx)).boxed()
}

/// A stream that only says why there is none.
pub(crate) fn failed(error: Error) -> ChunkStream {
    futures::stream::once(std::future::ready(Err(error))).boxed()
}

/// Our clock.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
