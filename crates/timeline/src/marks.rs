//! Marks: single events, and which of them to show when there are too many.

use waybill_model::Micros;

/// How many marks a tile carries at most. Software GL paints two thousand quads within a frame;
/// beyond that nobody can tell two marks apart on a canvas that is some 2 000 px wide.
pub const MAX_MARKS: usize = 2000;

/// One event in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Micros,
    /// The event's number.
    pub no: u32,
    /// Index of the lane.
    pub lane: u16,
    /// How much it is worth showing: 0 is an event like any other.
    pub interest: u8,
}

/// At most `max` of the marks, in order of time: the most interesting ones, and of the last
/// interest that does not fit as a whole every n-th, so that no stretch of time is left bare.
pub fn most_interesting(mut marks: Vec<Mark>, max: usize) -> Vec<Mark> {
    marks.sort_unstable_by_key(|mark| (mark.at, mark.lane, mark.no));
    if marks.len() <= max {
        return marks;
    }
    let mut of_interest = [0_usize; 256];
    for mark in &marks {
        of_interest[usize::from(mark.interest)] += 1;
    }
    let mut room = max;
    let mut cut = 255_u8;
    while cut > 0 && of_interest[usize::from(cut)] <= room {
        room -= of_interest[usize::from(cut)];
        cut -= 1;
    }
    let at_cut = of_interest[usize::from(cut)];
    let mut nth = 0;
    marks.retain(|mark| {
        if mark.interest != cut {
            return mark.interest > cut;
        }
        nth += 1;
        // Keeps `room` of `at_cut`, evenly: whenever the share crosses a whole number.
        nth * room / at_cut > (nth - 1) * room / at_cut
    });
    marks
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(marks: &[(i64, u8)], max: usize, expected: Expect) {
        let marks = marks
            .iter()
            .map(|&(at, interest)| Mark {
                at: Micros(at),
                no: 0,
                lane: 0,
                interest,
            })
            .collect();
        let kept: Vec<String> = most_interesting(marks, max)
            .iter()
            .map(|mark| format!("{}:{}", mark.at.0, mark.interest))
            .collect();
        expected.assert_eq(&kept.join(" "));
    }

    #[test]
    fn few_marks_are_only_put_in_order() {
        check(&[(3, 0), (1, 9), (2, 0)], 3, expect!["1:9 2:0 3:0"]);
    }

    #[test]
    fn interesting_ones_stay_and_the_rest_is_thinned_evenly() {
        check(
            &[
                (0, 0),
                (1, 0),
                (2, 5),
                (3, 0),
                (4, 0),
                (5, 0),
                (6, 0),
                (7, 5),
            ],
            4,
            expect!["2:5 3:0 6:0 7:5"],
        );
    }

    #[test]
    fn too_many_of_the_same_interest_are_thinned_evenly_too() {
        check(
            &[(0, 1), (1, 1), (2, 1), (3, 1), (4, 0)],
            2,
            expect!["1:1 3:1"],
        );
        check(&[(0, 1), (1, 1)], 0, expect![""]);
    }
}
