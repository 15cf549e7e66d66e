//! A read written as an ordinary async function that moves only while somebody pulls.
//!
//! There is no task behind it: dropping the stream drops the function and with it every
//! connection it holds, and a reader that stops pulling stops the source.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, Stream, StreamExt as _};
use futures::{FutureExt as _, SinkExt as _};
use tokio_util::sync::CancellationToken;
use waybill_source::Result;

/// Where the function puts what it yields; each item waits until it is taken.
#[derive(Clone)]
pub(crate) struct Sink<T>(mpsc::Sender<T>);

impl<T> Sink<T> {
    /// Hands over one item. Waits for ever once nobody pulls, which ends with the drop.
    pub(crate) async fn put(&mut self, item: T) {
        if self.0.send(item).await.is_err() {
            // The stream is gone, and this future with it at the next opportunity.
            std::future::pending::<()>().await;
        }
    }
}

/// Makes a stream of what `produce` puts into its sink; its error comes last. Ends at once when
/// `closed` is cancelled.
pub(crate) fn pulled<T, F, Fut>(
    closed: &CancellationToken,
    produce: F,
) -> BoxStream<'static, Result<T>>
where
    T: Send + 'static,
    F: FnOnce(Sink<T>) -> Fut,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(0);
    let stream = Pulled {
        work: Some(produce(Sink(sender)).boxed()),
        failed: None,
        receiver,
        closed: closed.clone().cancelled_owned().boxed(),
        ended: false,
    };
    stream.boxed()
}

struct Pulled<T> {
    work: Option<BoxFuture<'static, Result<()>>>,
    failed: Option<waybill_source::Error>,
    receiver: mpsc::Receiver<T>,
    closed: BoxFuture<'static, ()>,
    ended: bool,
}

impl<T> Pulled<T> {
    /// What has been put, or the end when nothing more can be.
    fn taken(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let item = match self.receiver.poll_next_unpin(cx) {
            Poll::Ready(Some(item)) => Some(Ok(item)),
            // The sender lives in `work`: everything put has been taken.
            Poll::Ready(None) => self.failed.take().map(Err),
            Poll::Pending => return Poll::Pending,
        };
        self.ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl<T> Stream for Pulled<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.ended && self.closed.poll_unpin(cx).is_ready() {
            self.ended = true;
            // Its connections end now, whoever still holds the stream.
            self.work = None;
        }
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(item) = self.taken(cx) {
            return Poll::Ready(item);
        }
        if let Some(work) = &mut self.work
            && let Poll::Ready(outcome) = work.poll_unpin(cx)
        {
            self.failed = outcome.err();
            self.work = None;
        }
        // It may have put something before it went to sleep, or ended.
        self.taken(cx)
    }
}

#[cfg(test)]
mod tests {
    use waybill_source::Error;

    use super::*;

    fn failing(items: u32) -> BoxStream<'static, Result<u32>> {
        pulled(&CancellationToken::new(), move |mut sink| async move {
            for item in 0..items {
                sink.put(item).await;
            }
            Err(Error::Unsupported {
                what: "enough".to_owned(),
            })
        })
    }

    #[tokio::test]
    async fn the_error_comes_after_everything_that_was_put() {
        let seen: Vec<_> = failing(3).map(|item| item.ok()).collect().await;
        assert_eq!(seen, [Some(0), Some(1), Some(2), None]);
    }

    #[tokio::test]
    async fn closing_ends_a_stream_that_would_wait_for_ever() {
        let closed = CancellationToken::new();
        let mut stream = pulled::<u32, _, _>(&closed, |sink| async move {
            let _kept = sink;
            std::future::pending().await
        });
        assert!(stream.next().now_or_never().is_none(), "it waits");
        closed.cancel();
        assert!(stream.next().await.is_none(), "it has ended");
    }
}
