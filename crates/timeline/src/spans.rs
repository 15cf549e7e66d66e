//! Merging of what would be drawn too thin to see.

/// A stretch of time that stands for `count` things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First instant, microseconds.
    pub from: i64,
    /// First instant after, microseconds.
    pub to: i64,
    /// How many things it stands for.
    pub count: u32,
}

/// Joins neighbours that would overlap when each is drawn at least `min_px` wide. `spans` in
/// ascending order of `from`.
pub fn merge_thin(
    spans: impl IntoIterator<Item = Span>,
    micros_per_px: f64,
    min_px: f64,
) -> Vec<Span> {
    let min_micros = (micros_per_px * min_px).ceil().max(1.0) as i64;
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from < last.to.max(last.from.saturating_add(min_micros)) => {
                last.to = last.to.max(span.to);
                last.count = last.count.saturating_add(span.count);
            }
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// One time unit is one pixel; marks are at least 3 wide.
    fn check(spans: &[(i64, i64)], expected: Expect) {
        let spans = spans.iter().map(|&(from, to)| Span { from, to, count: 1 });
        let merged: Vec<String> = merge_thin(spans, 1.0, 3.0)
            .iter()
            .map(|span| format!("{}..{} x{}", span.from, span.to, span.count))
            .collect();
        expected.assert_eq(&merged.join(", "));
    }

    #[test]
    fn thin_neighbours_become_one() {
        check(&[(10, 11), (11, 12), (12, 13)], expect!["10..13 x3"]);
    }

    #[test]
    fn what_can_be_told_apart_stays_apart() {
        check(
            &[(10, 11), (13, 14), (30, 40)],
            expect!["10..11 x1, 13..14 x1, 30..40 x1"],
        );
    }

    #[test]
    fn a_long_span_swallows_what_lies_inside() {
        check(
            &[(0, 100), (10, 20), (50, 60), (100, 101)],
            expect!["0..100 x3, 100..101 x1"],
        );
    }
}
