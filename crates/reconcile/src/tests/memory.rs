//! What an event weighs.

use super::bench_company::{everything, index};
use crate::Judgement;
use waybill_model::Micros;

#[test]
fn an_event_with_three_consumers_takes_96_bytes_at_most() {
    const EVENTS: u32 = 200_000;
    let (mut index, end) = index(EVENTS);
    for coverage in everything(end) {
        index.cover(coverage);
    }
    let counts = index.judge(&Judgement::new(Micros(end), Micros(end)));
    assert_eq!(counts.consumers[2].processed, u64::from(EVENTS));
    let each = index.heap_bytes() as f64 / f64::from(EVENTS);
    assert!(each <= 96.0, "{each} bytes per event");
}
