//! scratch
use std::time::{Duration, Instant};
use waybill_world::*;
#[tokio::main]
async fn main() {
    let dir = std::path::PathBuf::from("/tmp/scratchdemo");
    let t = Instant::now();
    let demo = Demo::open(&dir).await.unwrap();
    println!("open {:?} new {}", t.elapsed(), demo.is_new());
    let cpu = || {
        let s = std::fs::read_to_string("/proc/self/stat").unwrap();
        let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
        f[11].parse::<u64>().unwrap() + f[12].parse::<u64>().unwrap()
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    let a = cpu();
    tokio::time::sleep(Duration::from_secs(20)).await;
    println!(
        "idle: {} ticks in 20 s = {} % of a core",
        cpu() - a,
        (cpu() - a) as f64 / 20.0
    );
    let t = Instant::now();
    demo.close().await.unwrap();
    println!(
        "close {:?}; rss {}",
        t.elapsed(),
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmHWM"))
            .unwrap()
    );
}
