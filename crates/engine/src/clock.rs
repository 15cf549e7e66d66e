//! The one place that asks what time it is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use waybill_model::Micros;
use waybill_protocol::ClockOffset;

/// Clocks of hosts with time synchronisation differ by less.
const SYNCHRONISED_MICROS: i64 = 10_000_000;

/// How far this machine's clock is behind those of the servers, which agree against it.
static BEHIND: AtomicI64 = AtomicI64::new(0);

/// Now: by this machine's clock, unless all servers agree that it is wrong. What is late is asked
/// of times that they wrote.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is a broken machine; 0 keeps the arithmetic defined.
    let ours = since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
    Micros(ours).plus(behind())
}

/// How far this machine's clock was found to be behind.
pub(crate) fn behind() -> i64 {
    BEHIND.load(Ordering::Relaxed)
}

/// Takes the time of the servers where all that were measured agree against ours.
pub(crate) fn follow(measured: &[ClockOffset]) {
    BEHIND.store(agreed(measured), Ordering::Relaxed);
}

/// By how much all clocks are ahead of ours; 0 where ours is right, or they do not agree.
fn agreed(measured: &[ClockOffset]) -> i64 {
    let offsets = || measured.iter().map(|clock| clock.offset_micros);
    let (Some(least), Some(most)) = (offsets().min(), offsets().max()) else {
        return 0;
    };
    let far = least > SYNCHRONISED_MICROS || most < -SYNCHRONISED_MICROS;
    if far && most.saturating_sub(least) < SYNCHRONISED_MICROS {
        least
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_clock_is_wrong_only_where_all_others_say_so() {
        let agreed_on = |secs: &[i64]| {
            let measured: Vec<ClockOffset> = secs
                .iter()
                .map(|secs| ClockOffset {
                    source: "database".to_owned(),
                    offset_micros: secs * 1_000_000,
                    error_micros: 1000,
                })
                .collect();
            agreed(&measured) / 1_000_000
        };
        assert_eq!(agreed_on(&[]), 0);
        assert_eq!(agreed_on(&[3, -2]), 0);
        assert_eq!(agreed_on(&[7200, 7201]), 7200);
        assert_eq!(agreed_on(&[-7200]), -7200);
        assert_eq!(agreed_on(&[7200, 0]), 0, "one of the servers is wrong");
    }
}
