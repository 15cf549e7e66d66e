//! The reading end of a read: a task that works ahead by a bounded amount, and ends when nobody
//! listens any more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::stream::{self, Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use waybill_model::{Accounts, Batch, Coverage, Progress};
use waybill_source::{Chunk, ChunkStream, Cursor, Error, Result};

use crate::page::finish;

/// How many chunks a read may be ahead of its reader: one stride of batches, so that a statement
/// can be read to its end without waiting for whoever reads us.
const AHEAD: usize = 20;

/// Where a read puts what it found.
#[derive(Debug, Clone)]
pub(crate) struct Outlet(mpsc::Sender<Result<Chunk>>);

/// Why a read stopped before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody listens any more.
    Gone,
    /// It failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Outlet {
    pub(crate) async fn batches(&self, batches: Vec<Batch>) -> Result<(), Stop> {
        for batch in batches {
            if !batch.is_empty() {
                self.send(Ok(Chunk::Evidence(finish(batch)))).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn progress(&self, progress: Progress) -> Result<(), Stop> {
        self.send(Ok(Chunk::Progress(progress))).await
    }

    pub(crate) async fn accounted(&self, accounts: Accounts) -> Result<(), Stop> {
        self.send(Ok(Chunk::Accounted(accounts))).await
    }

    pub(crate) async fn covered(&self, coverage: Coverage) -> Result<(), Stop> {
        self.send(Ok(Chunk::Covered(coverage))).await
    }

    pub(crate) async fn resume(&self, cursor: Cursor) -> Result<(), Stop> {
        self.send(Ok(Chunk::Resume(cursor))).await
    }

    pub(crate) async fn error(&self, error: Error) -> Result<(), Stop> {
        self.send(Err(error)).await
    }

    async fn send(&self, chunk: Result<Chunk>) -> Result<(), Stop> {
        self.0.send(chunk).await.map_err(|_closed| Stop::Gone)
    }
}

/// A stream of what `read` puts into its outlet. Nothing runs before the stream is first polled,
/// and nothing after it was dropped.
pub(crate) fn stream_of<F, R>(name: String, read: F) -> ChunkStream
where
    F: FnOnce(Outlet) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    stream::once(async move {
        let (sender, receiver) = mpsc::channel(AHEAD);
        Reading {
            receiver,
            task: Some(tokio::spawn(read(Outlet(sender)))),
            name,
        }
    })
    .flatten()
    .boxed()
}

/// A running read.
struct Reading {
    receiver: mpsc::Receiver<Result<Chunk>>,
    task: Option<JoinHandle<()>>,
    name: String,
}

impl Stream for Reading {
    type Item = Result<Chunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(chunk) = ready!(self.receiver.poll_recv(cx)) {
            return Poll::Ready(Some(chunk));
        }
        // A panic must not look like the end of the table.
        let Some(task) = self.task.as_mut() else {
            return Poll::Ready(None);
        };
        let ended = ready!(Pin::new(task).poll(cx));
        self.task = None;
        Poll::Ready(ended.err().map(|source| {
            Err(Error::Read {
                name: self.name.clone(),
                source: source.into(),
            })
        }))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_not_the_end() {
        let stream = stream_of("table t".to_owned(), |outlet| async move {
            outlet.progress(Progress::default()).await.ok();
            panic!("on purpose");
        });
        let chunks: Vec<_> = stream.collect().await;
        assert_eq!(chunks.len(), 2);
        assert!(matches!(&chunks[1], Err(Error::Read { name, .. }) if name == "table t"));
    }
}
