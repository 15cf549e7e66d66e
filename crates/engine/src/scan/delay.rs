//! How long to wait before asking again. Pure.

use std::time::Duration;

/// Between two rounds of questions to tables and groups lies at least so much.
const SHORTEST: Duration = Duration::from_secs(1);

/// Tables and groups are asked at least this often while they answer.
const LONGEST: Duration = Duration::from_secs(5);

/// The wait after a first failure …
const AFTER_FAILURE: Duration = Duration::from_millis(400);

/// … and the longest after many.
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(15);

/// The wait after a round of questions that took `took`: at most a fifth of the time is spent
/// asking, so that a slow server is asked less often. While something is suspected, the next round
/// comes when it can confirm all that had become late by this one, `confirm` later: an earlier one
/// would be in vain. At most half of the time is spent asking then.
pub(super) fn after_round(took: Duration, confirm: Option<Duration>) -> Duration {
    let wait = confirm.map_or(took * 4, |confirm| took.max(confirm));
    wait.clamp(SHORTEST, LONGEST)
}

/// The wait after `failures` rounds in a row have failed.
pub(super) fn after_failures(failures: u32) -> Duration {
    let factor = 1_u32 << failures.saturating_sub(1).min(6);
    (AFTER_FAILURE * factor).min(LONGEST_AFTER_FAILURE)
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
        let calm = |millis| after_round(Duration::from_millis(millis), None).as_millis();
        assert_eq!([calm(5), calm(300), calm(60_000)], [1000, 1200, 5000]);
        let suspecting = |millis, confirm| {
            let confirm = Duration::from_millis(confirm);
            after_round(Duration::from_millis(millis), Some(confirm)).as_millis()
        };
        assert_eq!([suspecting(5, 0), suspecting(5, 2000)], [1000, 2000]);
        assert_eq!(
            [suspecting(3000, 2000), suspecting(5, 60_000)],
            [3000, 5000]
        );
    }

    #[test]
    fn failures_double_the_wait_up_to_a_limit() {
        let waits: Vec<_> = [1, 2, 3, 7, 1000].map(after_failures).into();
        let millis: Vec<_> = waits.iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [400, 800, 1600, 15_000, 15_000]);
    }
}
