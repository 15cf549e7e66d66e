//! Work that goes on while the page asks how far it is: started, looked at, given up.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use waybill_protocol::{Code, Failure};

/// Works of one kind that are kept; the oldest is given up for a new one.
const KEPT: usize = 4;

/// What a work has come to so far, written by it and read by whoever asks.
pub(super) type SoFar<T> = Arc<Mutex<T>>;

/// The works of one kind.
#[derive(Debug)]
pub(super) struct Background<T>(Mutex<Works<T>>);

#[derive(Debug)]
struct Works<T> {
    last: u64,
    works: BTreeMap<u64, Work<T>>,
}

#[derive(Debug)]
struct Work<T> {
    so_far: SoFar<T>,
    task: AbortHandle,
}

impl<T> Default for Background<T> {
    fn default() -> Self {
        Self(Mutex::new(Works {
            last: 0,
            works: BTreeMap::new(),
        }))
    }
}

impl<T: Clone + Default> Background<T> {
    /// Starts a work; its number.
    pub(super) fn start<F>(&self, work: impl FnOnce(SoFar<T>) -> F) -> u64
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let so_far = SoFar::default();
        let task = tokio::spawn(work(Arc::clone(&so_far))).abort_handle();
        let mut all = locked(&self.0);
        all.last += 1;
        let no = all.last;
        all.works.insert(no, Work { so_far, task });
        while all.works.len() > KEPT {
            if let Some((_, oldest)) = all.works.pop_first() {
                oldest.task.abort();
            }
        }
        no
    }

    /// What it has come to.
    pub(super) fn so_far(&self, no: u64) -> Result<T, Failure> {
        let all = locked(&self.0);
        let work = all.works.get(&no);
        let work = work.ok_or_else(|| Failure::new(Code::Stale, "This is over and forgotten."))?;
        Ok(locked(&work.so_far).clone())
    }

    /// Gives it up; fine when it is over.
    pub(super) fn give_up(&self, no: u64) {
        if let Some(work) = locked(&self.0).works.remove(&no) {
            work.task.abort();
        }
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Tells when the work is gone.
    struct Gone(tokio::sync::mpsc::Sender<()>);

    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.try_send(()).ok();
        }
    }

    #[tokio::test]
    async fn what_is_given_up_ends_and_is_forgotten() {
        let works: Background<u32> = Background::default();
        let (gone, mut ended) = tokio::sync::mpsc::channel(1);
        let (begun, mut begins) = tokio::sync::mpsc::channel(1);
        let no = works.start(|so_far| async move {
            let _gone = Gone(gone);
            *locked(&so_far) = 7;
            begun.send(()).await.ok();
            std::future::pending::<()>().await;
        });
        begins.recv().await.expect("it begins");
        assert_eq!(works.so_far(no), Ok(7));
        works.give_up(no);
        let ended = tokio::time::timeout(Duration::from_secs(10), ended.recv()).await;
        assert_eq!(ended.expect("it ends"), Some(()));
        assert_eq!(
            works.so_far(no).map_err(|failure| failure.code),
            Err(Code::Stale)
        );
    }

    #[tokio::test]
    async fn the_oldest_makes_room() {
        let works: Background<u32> = Background::default();
        let nos: Vec<u64> = (0..=KEPT)
            .map(|_| works.start(|_| std::future::pending()))
            .collect();
        assert!(works.so_far(nos[0]).is_err());
        assert!(works.so_far(nos[1]).is_ok());
    }
}
