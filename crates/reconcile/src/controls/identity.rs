//! Whether two equal ids can be so by chance.
//!
//! A UUID that stands on both sides is the same event. A small number is not: whoever counts from
//! one has it, too. So dense numbers have to show more: that row and message lie near each other in
//! time, where rows lie far apart, or that they say the same.

use waybill_model::Content;

/// The spelling of an id, as far as it tells by whom it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Nameless,
    Uuid,
    Number,
    Text,
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Nameless, Self::Uuid, Self::Number, Self::Text];

    /// The form of an id in canonical spelling.
    pub(crate) fn of(id: &str) -> Self {
        if is_uuid(id) {
            Self::Uuid
        } else if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Number
        } else {
            Self::Text
        }
    }
}

/// Fewer bits may meet by chance.
const ENOUGH_BITS: usize = 64;

/// Nobody counts up to a number of so many digits.
const UNCOUNTED_DIGITS: usize = 17;

/// Whether nobody else can have come upon the same id: it holds 64 random bits or more.
pub(crate) fn is_no_chance(id: &str) -> bool {
    if is_uuid(id) {
        return true;
    }
    // `1.2e29` is what is left of a number, not an id.
    if Form::of(id) != Form::Number && id.parse::<f64>().is_ok() {
        return false;
    }
    let mut runs = id.split(|char: char| !char.is_ascii_alphanumeric());
    runs.any(is_random)
}

fn is_random(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    if digits == run.len() {
        return digits >= UNCOUNTED_DIGITS;
    }
    let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = run.len() * if hex { 4 } else { 5 };
    // A word is no number, however long.
    digits > 0 && bits >= ENOUGH_BITS
}

fn is_uuid(id: &str) -> bool {
    let bytes = id.as_bytes();
    bytes.len() == 36 && [8, 13, 18, 23].iter().all(|&dash| bytes[dash] == b'-')
}

/// So many pairs are looked at.
const LOOKED_AT: usize = 512;

/// One in a million, as a natural logarithm.
const UNLIKELY: f64 = 14.0;

/// How soon a message follows its row where the service itself publishes it, in microseconds.
const AT_ONCE: [i64; 2] = [1_000_000, 10_000_000];

/// Pairs of one place that have an id in common, and what speaks for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs {
    sure: bool,
    looked_at: usize,
    /// When each was written, and when it came.
    times: Vec<(i64, i64)>,
    compared: u32,
    equal: u32,
    first_equal: Content,
    /// Equal contents of several pairs, not all the same.
    differing: bool,
}

/// One pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) written: i64,
    pub(crate) came: i64,
    pub(crate) contents: (Content, Content),
}

impl Pairs {
    /// Takes in a pair; `id` is only asked for while it can tell something.
    pub(crate) fn add(&mut self, pair: Pair, id: impl FnOnce() -> bool) {
        if self.sure || self.looked_at >= LOOKED_AT {
            return;
        }
        self.looked_at += 1;
        if id() {
            self.sure = true;
            return;
        }
        self.times.push((pair.written, pair.came));
        let (row, copy) = pair.contents;
        if row.is_none() || copy.is_none() {
            return;
        }
        self.compared += 1;
        if row != copy {
            return;
        }
        if self.equal == 0 {
            self.first_equal = row;
        }
        self.differing |= row != self.first_equal;
        self.equal += 1;
    }

    /// Whether that is decided.
    pub(super) fn is_sure(&self) -> bool {
        self.sure
    }

    /// Takes their word for it.
    pub(super) fn trust(&mut self) {
        self.sure = true;
    }

    /// Whether chance does not explain them. `rows`: when rows were written, in order; `near`: how
    /// far a message may be from its row.
    pub(crate) fn are_no_chance(&self, rows: &[i64], near: i64, slack: i64) -> bool {
        self.sure || self.say_the_same() || self.lie_near(rows, near, slack)
    }

    /// Whether they lie much nearer to each other than a relay may take, which nobody is between a
    /// service that publishes by itself and its broker.
    pub(super) fn lie_closely(&self, rows: &[i64], slack: i64) -> bool {
        AT_ONCE.iter().any(|near| self.lie_near(rows, *near, slack))
    }

    /// A body that all share says nothing.
    fn say_the_same(&self) -> bool {
        self.equal > 0
            && self.equal * 10 >= self.compared * 9
            && (self.differing || self.looked_at == 1)
    }

    fn lie_near(&self, rows: &[i64], near: i64, slack: i64) -> bool {
        let (mut hits, mut unlikely, mut expected) = (0, 0.0, 0);
        for &(written, came) in &self.times {
            let from = came.saturating_sub(near).saturating_sub(slack);
            let to = came.saturating_add(slack);
            let here = rows.partition_point(|&at| at <= to) - rows.partition_point(|&at| at < from);
            let here = here.clamp(1, rows.len().max(1));
            expected += here;
            if (from..=to).contains(&written) {
                hits += 1;
                unlikely -= (here as f64 / rows.len().max(1) as f64).ln();
            }
        }
        hits >= 3 && hits * rows.len() >= 3 * expected && unlikely >= UNLIKELY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_counts_up_to_is_no_chance() {
        for (id, no_chance, form) in [
            ("6f1c0b8e-53f2-4c6b-9d2a-8f5b71e40c3d", true, Form::Uuid),
            ("01HF8XKZ6Y8Q4W2E1R5T7U9I0P", true, Form::Text),
            ("evt_1MqqbKLt4dXK03v5qaIbiNCC", true, Form::Text),
            ("65a1b2c3d4e5f60718293a4b", true, Form::Text),
            ("7183719837198371983", true, Form::Number),
            ("17", false, Form::Number),
            ("1795000000000", false, Form::Number),
            ("order-17", false, Form::Text),
            ("product-price-changed-by-somebody", false, Form::Text),
            ("1.2345678901234568e29", false, Form::Text),
        ] {
            assert_eq!((is_no_chance(id), Form::of(id)), (no_chance, form), "{id}");
        }
    }

    fn pairs(all: &[(i64, i64)]) -> Pairs {
        let mut pairs = Pairs::default();
        for &(written, came) in all {
            let contents = (Content::NONE, Content::NONE);
            pairs.add(
                Pair {
                    written,
                    came,
                    contents,
                },
                || false,
            );
        }
        pairs
    }

    #[test]
    fn dense_numbers_have_to_lie_near_each_other_where_rows_lie_apart() {
        let apart: Vec<i64> = (0..30).map(|nth| nth * 18).collect();
        let soon: Vec<(i64, i64)> = apart.iter().map(|&at| (at, at + 1)).collect();
        assert!(pairs(&soon).are_no_chance(&apart, 5, 2));
        assert!(!pairs(&soon[..2]).are_no_chance(&apart, 5, 2), "two");
        let burst = [100; 30];
        let one_burst: Vec<(i64, i64)> = burst.iter().map(|&at| (at, at + 1)).collect();
        assert!(
            !pairs(&one_burst).are_no_chance(&burst, 5, 2),
            "anybody's burst"
        );
        let foreign: Vec<(i64, i64)> = apart.iter().map(|&at| (at, 1200)).collect();
        assert!(!pairs(&foreign).are_no_chance(&apart, 5, 2), "all at once");
        let ahead: Vec<(i64, i64)> = apart.iter().map(|&at| (at, at - 180)).collect();
        assert!(!pairs(&ahead).are_no_chance(&apart, 5, 2), "before its row");
    }

    #[test]
    fn what_says_the_same_is_the_same_unless_all_say_that() {
        let told = |contents: &[(u64, u64)]| {
            let mut pairs = Pairs::default();
            for &(row, copy) in contents {
                let contents = (Content::json(row << 2), Content::json(copy << 2));
                pairs.add(
                    Pair {
                        written: 0,
                        came: 0,
                        contents,
                    },
                    || false,
                );
            }
            pairs.are_no_chance(&[0], 5, 2)
        };
        assert!(told(&[(7, 7)]));
        assert!(told(&[(7, 7), (8, 8)]));
        assert!(!told(&[(7, 7), (7, 7)]), "every body is {{}}");
        assert!(!told(&[(7, 8), (8, 9)]));
    }
}
