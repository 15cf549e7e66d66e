//! How many times fall into each column: by looking up the columns' edges, never by walking times.

use waybill_model::Micros;

use crate::Grid;

/// How many of the ascending `times` are before `at`. Quick when `near`, an earlier answer, is
/// close by: the step is doubled from there until it is too far, then halved.
pub fn rank_near(times: &[i64], at: Micros, near: usize) -> usize {
    let near = near.min(times.len());
    let (mut low, mut high) = (near, near);
    let mut step = 1;
    if near < times.len() && times[near] < at.0 {
        while high < times.len() && times[high] < at.0 {
            low = high + 1;
            high = (high + step).min(times.len());
            step *= 2;
        }
    } else {
        while low > 0 && times[low - 1] >= at.0 {
            high = low - 1;
            low = low.saturating_sub(step);
            step *= 2;
        }
    }
    low + times[low..high].partition_point(|&time| time < at.0)
}

/// Counts per column, given how to rank: `rank(at, near)` is how many times are before `at`, and
/// `near` is the answer for the edge before.
///
/// The cost is one look-up per column that holds something, whatever the number of events.
pub fn counts(grid: &Grid, mut rank: impl FnMut(Micros, usize) -> usize) -> Vec<u32> {
    let mut counts = vec![0; grid.cols as usize];
    let mut before = rank(grid.from, 0);
    let end = rank(grid.to, before);
    for (col, count) in (0..).zip(&mut counts) {
        if before >= end {
            break;
        }
        let after = rank(grid.edge(col + 1), before);
        *count = u32::try_from(after - before).unwrap_or(u32::MAX);
        before = after;
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use waybill_model::Window;

    use super::*;

    /// One time unit is one column.
    fn check(times: &[i64], from: i64, to: i64, expected: &[u32]) {
        let window = Window {
            from: Micros(from),
            to: Micros(to),
        };
        let grid = Grid::over(window, u32::try_from(to - from).expect("it is short"));
        let found = counts(&grid, |at, near| rank_near(times, at, near));
        assert_eq!(found, expected);
    }

    #[test]
    fn each_time_is_counted_in_its_column_and_outside_none() {
        check(&[-1, 0, 0, 2, 5, 6], 0, 6, &[2, 0, 1, 0, 0, 1]);
        check(&[], 0, 3, &[0, 0, 0]);
        check(&[9], 0, 3, &[0, 0, 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_rank_does_not_depend_on_the_hint(
            mut times in prop::collection::vec(-50_i64..50, 0..60),
            at in -60_i64..60,
            near in 0_usize..70,
        ) {
            times.sort_unstable();
            let expected = times.partition_point(|&time| time < at);
            prop_assert_eq!(rank_near(&times, Micros(at), near), expected);
        }

        #[test]
        fn columns_add_up_to_what_lies_inside(
            mut times in prop::collection::vec(0_i64..1000, 0..100),
            cols in 1_u32..40,
        ) {
            times.sort_unstable();
            let grid = Grid::over(Window { from: Micros(100), to: Micros(700) }, cols);
            let total: u32 = counts(&grid, |at, near| rank_near(&times, at, near)).iter().sum();
            let inside = times.iter().filter(|time| (100..700).contains(*time)).count();
            prop_assert_eq!(total as usize, inside);
        }
    }
}
