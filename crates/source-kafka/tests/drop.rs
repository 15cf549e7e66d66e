//! A dropped read leaves no thread behind.
//!
//! Alone in its binary: it counts the threads of the process.

#[path = "mock/stage.rs"]
mod stage;

use std::fs;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use waybill_source::conformance::broker::{Letter, Stage as _};

use stage::{Mock, query};

/// Threads of ours that read.
fn n_readers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux lists the threads of a process");
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| ["kafka-scan", "kafka-follow", "kafka-ends"].contains(&name.trim()))
        .count()
}

/// Waits until that many read; fails with how many did at last.
fn wait_for_readers(n: usize, at_most: Duration) {
    let deadline = Instant::now() + at_most;
    while n_readers() != n {
        assert!(
            Instant::now() < deadline,
            "{} threads read, not {n}",
            n_readers()
        );
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_read_leaves_no_thread_behind() {
    let mock = Mock::start().await;
    let topic = mock.channel("dropped").await;
    let letters: Vec<_> = (0..50_000)
        .map(|n| Letter::with_id(&format!("event-{n}")))
        .collect();
    mock.publish(&topic, &letters).await;
    // Pulled once, the scan fills its channel and waits; the follow waits for what may come.
    let mut scan = mock.broker.scan(query(&topic));
    let mut follow = mock.broker.follow(query(&topic));
    assert!(scan.next().await.is_some_and(|chunk| chunk.is_ok()));
    assert!(follow.next().await.is_some_and(|chunk| chunk.is_ok()));
    wait_for_readers(3, Duration::from_secs(5));
    drop((scan, follow));
    // Generous for a busy machine; the budget is measured elsewhere.
    wait_for_readers(0, Duration::from_secs(3));
}
