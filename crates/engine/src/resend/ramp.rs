//! How many events each step of a resend sends, and how far apart. Pure.

use std::time::Duration;

use waybill_model::Pace;

/// Sizes of the first steps of a ramp; the last one repeats.
const STEPS: [usize; 4] = [1, 5, 20, 100];

/// The sizes of all steps for so many events.
pub(super) fn steps(events: usize, pace: Pace) -> Vec<usize> {
    if !pace.ramp {
        return if events == 0 {
            Vec::new()
        } else {
            vec![events]
        };
    }
    let mut left = events;
    let mut steps = Vec::new();
    for nth in 0.. {
        if left == 0 {
            break;
        }
        let size = STEPS[nth.min(STEPS.len() - 1)].min(left);
        steps.push(size);
        left -= size;
    }
    steps
}

/// The time between two sends.
pub(super) fn interval(pace: Pace) -> Duration {
    Duration::from_secs(1) / pace.per_second.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_begins_with_one_and_grows() {
        let ramp = Pace {
            per_second: 20,
            ramp: true,
        };
        assert_eq!(steps(0, ramp), [0; 0]);
        assert_eq!(steps(1, ramp), [1]);
        assert_eq!(steps(30, ramp), [1, 5, 20, 4]);
        assert_eq!(steps(300, ramp), [1, 5, 20, 100, 100, 74]);
        assert_eq!(
            steps(
                300,
                Pace {
                    ramp: false,
                    ..ramp
                }
            ),
            [300]
        );
    }

    #[test]
    fn a_rate_of_zero_is_one_a_second() {
        let pace = Pace {
            per_second: 0,
            ramp: true,
        };
        assert_eq!(interval(pace), Duration::from_secs(1));
        assert_eq!(
            interval(Pace {
                per_second: 20,
                ..pace
            }),
            Duration::from_millis(50)
        );
    }
}
