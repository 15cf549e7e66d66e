//! How long to wait before asking again. Pure.

use std::time::Duration;

/// A table or group is asked at most this often.
const SHORTEST: Duration = Duration::from_millis(400);

/// … and at least this often while it answers.
const LONGEST: Duration = Duration::from_secs(5);

/// The longest wait after failures.
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(15);

/// The wait after a round of questions that took `took`: at most a fifth of the time is spent
/// asking, so that a slow server is asked less often; half of it while something is suspected,
/// which the next round will confirm or clear.
pub(super) fn after_round(took: Duration, suspects: bool) -> Duration {
    let share = if suspects { 1 } else { 4 };
    (took * share).clamp(SHORTEST, LONGEST)
}

/// The wait after `failures` rounds in a row have failed.
pub(super) fn after_failures(failures: u32) -> Duration {
    let factor = 1_u32 << failures.saturating_sub(1).min(6);
    (SHORTEST * factor).min(LONGEST_AFTER_FAILURE)
}

/// The pause after a judgement that took `took`: at most a tenth of the time is spent judging.
pub(super) fn after_judging(took: Duration) -> Duration {
    (took * 9).clamp(Duration::from_millis(50), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_servers_are_asked_often_and_slow_ones_less() {
        let calm = |millis| after_round(Duration::from_millis(millis), false).as_millis();
        assert_eq!([calm(5), calm(300), calm(60_000)], [400, 1200, 5000]);
        let suspecting = |millis| after_round(Duration::from_millis(millis), true).as_millis();
        assert_eq!(
            [suspecting(5), suspecting(700), suspecting(60_000)],
            [400, 700, 5000]
        );
    }

    #[test]
    fn failures_double_the_wait_up_to_a_limit() {
        let waits: Vec<_> = [1, 2, 3, 7, 1000].map(after_failures).into();
        let millis: Vec<_> = waits.iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [400, 800, 1600, 15_000, 15_000]);
    }
}
