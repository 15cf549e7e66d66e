//! Waiting for a condition instead of for a while.

use std::time::{Duration, Instant};

/// Polls until there is something.
///
/// # Panics
/// When there is nothing after `at_most`; the message says what was waited for.
pub async fn wait_for<T>(
    what: &str,
    at_most: Duration,
    mut poll: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + at_most;
    loop {
        if let Some(found) = poll().await {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {at_most:?} in vain for {what}"
        );
        // Short against anything a server does, long enough to leave it the processor.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
