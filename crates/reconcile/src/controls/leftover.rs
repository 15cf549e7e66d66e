//! Whether a message without a row and a row without a message are each other's, under another id.
//!
//! Where many of a flow's ids are known and many are not, two stories fit: changes that nobody
//! stored and messages that nobody sent; or a relay that gives some of them another id, since this
//! morning, or for some types of events. In the second one every message that found no row has a
//! row that found no message. So what has nobody left that it could be is told as it is; of what
//! has, the neighbours decide: ids that are known before and after it.

use hashbrown::HashMap;
use waybill_model::NO_VERSION;

/// What has found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    /// `i64::MIN`: it carries no time, and may be of any.
    pub(crate) at: i64,
    /// Its event type; 0 where it tells none.
    pub(crate) kind: u32,
    /// A number made from the aggregate without its type; `None` where it tells none.
    pub(crate) aggregate: Option<u64>,
    pub(crate) version: i64,
}

impl Left {
    fn lies_in(&self, (from, to): (i64, i64)) -> bool {
        self.at == i64::MIN || (from..=to).contains(&self.at)
    }

    /// Whether they may be one as far as their types and versions tell. That of one whose type was
    /// never found by its id may have another aggregate or version, too.
    fn may_be(&self, other: &Self, is_heard: bool) -> bool {
        let told = self.kind != 0 && other.kind != 0;
        if told && self.kind != other.kind {
            return false;
        }
        if told && !is_heard {
            return true;
        }
        let aggregates = self.aggregate.zip(other.aggregate);
        let versions = self.version != NO_VERSION && other.version != NO_VERSION;
        aggregates.is_none_or(|(one, other)| one == other)
            && (!versions || self.version == other.version)
    }
}

/// All that is left on one side, so that what may be one of it is found soon.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    /// By aggregate, in order of time.
    told: HashMap<u64, Vec<Left>>,
    /// Those that tell none, in order of time.
    untold: Vec<Left>,
    /// All, in order of time.
    all: Vec<Left>,
}

impl Side {
    fn new(mut all: Vec<Left>) -> Self {
        all.sort_unstable_by_key(|left| left.at);
        let mut side = Self::default();
        for left in &all {
            match left.aggregate {
                Some(aggregate) => side.told.entry(aggregate).or_default().push(*left),
                None => side.untold.push(*left),
            }
        }
        side.all = all;
        side
    }

    fn may_hold(&self, wanted: &Left, span: (i64, i64), is_heard: bool) -> bool {
        let any = |all: &[Left]| {
            let timeless = all.iter().take_while(|left| left.at == i64::MIN);
            let from = all.partition_point(|left| left.at < span.0);
            let near = all[from..].iter().take_while(|left| left.at <= span.1);
            let mut here = timeless.chain(near);
            here.any(|left| left.lies_in(span) && wanted.may_be(left, is_heard))
        };
        match wanted.aggregate.filter(|_| is_heard) {
            Some(aggregate) => {
                any(&self.untold) || self.told.get(&aggregate).is_some_and(|all| any(all))
            }
            None => any(&self.all),
        }
    }

    fn heap_bytes(&self) -> usize {
        let lists = self.told.values().map(Vec::capacity).sum::<usize>();
        (lists + self.untold.capacity() + self.all.capacity()) * size_of::<Left>()
            + self.told.allocation_size()
    }
}

/// What is left at the destinations whose ids are in doubt, and what speaks for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leftovers {
    rows: Side,
    copies: Side,
    /// When messages came whose ids are known, in order; all of them or every so many.
    found: Vec<i64>,
    apart: usize,
    /// When those came that may be a row's under another id, in order.
    suspect: Vec<i64>,
    /// Most of what has no row may be a row's: then ids are not carried, whoever stands beside it.
    mostly: bool,
}

/// So many neighbours on each side are asked.
const NEIGHBOURS: usize = 4;

/// They outweigh what may be under another id where they are so many times as many.
const OUTWEIGH: usize = 3;

/// Fewer are no custom.
const CUSTOM: usize = 3;

impl Leftovers {
    /// `span`: when the row of a message of that time was written; `is_heard`: whether a message of
    /// that type was found by its id.
    pub(super) fn new(
        rows: Vec<Left>,
        copies: Vec<Left>,
        (found, apart): (Vec<i64>, usize),
        span: impl Fn(i64) -> (i64, i64),
        is_heard: impl Fn(u32) -> bool,
    ) -> Self {
        let rows = Side::new(rows);
        let may_be = |copy: &&Left| rows.may_hold(copy, span(copy.at), is_heard(copy.kind));
        let mut suspect: Vec<i64> = copies.iter().filter(may_be).map(|copy| copy.at).collect();
        suspect.sort_unstable();
        Self {
            mostly: suspect.len() >= CUSTOM && suspect.len() * 2 > copies.len(),
            rows,
            copies: Side::new(copies),
            found,
            apart: apart.max(1),
            suspect,
        }
    }

    /// Whether a message may be that of a row that has none, under another id.
    pub(crate) fn copy_may_be_known(&self, copy: &Left, span: (i64, i64), is_heard: bool) -> bool {
        self.rows.may_hold(copy, span, is_heard) && !(is_heard && self.are_carried_at(copy.at))
    }

    /// Whether the message of a row may be there under another id.
    pub(crate) fn row_may_be_sent(&self, row: &Left, span: (i64, i64), is_heard: bool) -> bool {
        self.copies.may_hold(row, span, is_heard) && !(is_heard && self.are_carried_at(row.at))
    }

    /// Whether those around it are known by their ids, before it as well as after.
    fn are_carried_at(&self, at: i64) -> bool {
        let after = self.found.partition_point(|&found| found <= at);
        let from = after.saturating_sub(NEIGHBOURS);
        let until = (after + NEIGHBOURS).min(self.found.len());
        if self.mostly || from == after || after == until {
            return false;
        }
        let (first, last) = (self.found[from], self.found[until - 1]);
        let begin = self.suspect.partition_point(|&suspect| suspect < first);
        let end = self.suspect.partition_point(|&suspect| suspect <= last);
        let suspect = end.saturating_sub(begin).max(1);
        (until - from) * self.apart >= suspect * OUTWEIGH
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let times = self.found.capacity() + self.suspect.capacity();
        self.rows.heap_bytes() + self.copies.heap_bytes() + times * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: u32 = 1;

    fn left(at: i64, aggregate: u64, version: i64) -> Left {
        Left {
            at,
            kind: KIND,
            aggregate: Some(aggregate),
            version,
        }
    }

    /// What tells neither aggregate nor version.
    fn untold(at: i64) -> Left {
        Left {
            aggregate: None,
            version: NO_VERSION,
            ..left(at, 0, 0)
        }
    }

    fn leftovers(rows: &[Left], copies: &[Left], found: &[i64], heard: bool) -> Leftovers {
        Leftovers::new(
            rows.to_vec(),
            copies.to_vec(),
            (found.to_vec(), 1),
            |at| (at - 5, at + 1),
            |_| heard,
        )
    }

    /// Whether the first copy may be a row's, and the first row's a copy.
    fn check(rows: &[Left], copies: &[Left], found: &[i64], heard: bool, expected: [bool; 2]) {
        let all = leftovers(rows, copies, found, heard);
        let copy = copies.first().map(|copy| {
            let span = (copy.at - 5, copy.at + 1);
            all.copy_may_be_known(copy, span, heard)
        });
        let row = rows.first().map(|row| {
            let span = (row.at - 1, row.at + 5);
            all.row_may_be_sent(row, span, heard)
        });
        let told = [copy.unwrap_or_default(), row.unwrap_or_default()];
        assert_eq!(told, expected, "{rows:?} {copies:?} {found:?}");
    }

    #[test]
    fn what_has_nobody_left_that_it_could_be_is_what_it_seems() {
        let row = [left(10, 7, 1)];
        check(&row, &[], &[], true, [false; 2]);
        check(&[], &row, &[], true, [false; 2]);
        check(&row, &[left(12, 7, 2)], &[], true, [false; 2]);
        check(&row, &[left(12, 8, 1)], &[], true, [false; 2]);
        check(&row, &[left(60, 7, 1)], &[], true, [false; 2]);
        let other = Left {
            kind: 2,
            ..left(12, 7, 1)
        };
        check(&row, &[other], &[], true, [false; 2]);
        check(&row, &[left(12, 7, 1)], &[], true, [true; 2]);
        check(&row, &[untold(12)], &[], true, [true; 2]);
    }

    #[test]
    fn neighbours_before_and_after_speak_for_the_ids() {
        let (row, copy) = ([left(10, 7, 1)], [left(12, 7, 1)]);
        check(&row, &copy, &[1, 2, 3, 30], true, [false; 2]);
        check(&row, &copy, &[1, 2, 3], true, [true; 2]);
        check(&row, &copy, &[20, 21, 30], true, [true; 2]);
        check(&row, &copy, &[1, 20], true, [true; 2]);
        check(&row, &copy, &[1, 2, 3, 30], false, [true; 2]);
    }

    #[test]
    fn a_relay_that_has_changed_is_no_row_of_accidents() {
        let nth = |from: i64| (0..6).map(move |nth| untold(from + nth * 10));
        let rows: Vec<Left> = nth(100).collect();
        let copies: Vec<Left> = nth(101).collect();
        let found: Vec<i64> = (0..9).chain(200..209).collect();
        check(&rows, &copies, &found, true, [true; 2]);
        // One in seven, and a stranger each time that has no row near it.
        let strangers: Vec<Left> = nth(1101).collect();
        let few = [&copies[..1], &strangers].concat();
        check(&rows, &few, &found, true, [false; 2]);
    }

    #[test]
    fn where_most_may_be_somebodys_no_neighbour_speaks_against_it() {
        let nth = |from: i64| (0..3).map(move |nth| untold(from + nth * 100));
        let (rows, copies): (Vec<Left>, Vec<Left>) = (nth(102).collect(), nth(103).collect());
        let found: Vec<i64> = (0..400).step_by(5).collect();
        check(&rows, &copies, &found, true, [true; 2]);
        check(&rows[..1], &copies[..1], &found, true, [false; 2]);
    }

    #[test]
    fn a_type_that_was_never_found_may_carry_anything() {
        let (row, copy) = ([left(10, 7, 1)], [left(12, 8, 9)]);
        check(&row, &copy, &[1, 2, 3, 30, 31], false, [true; 2]);
        check(&row, &copy, &[1, 2, 3, 30, 31], true, [false; 2]);
    }
}
