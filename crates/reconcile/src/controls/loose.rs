//! Messages without a row and rows without a message: what could be each other's.

use waybill_model::NO_VERSION;

use super::Form;

/// What is known of one that has found nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stray {
    /// `None`: it carries no time, and may be of any.
    pub(crate) at: Option<i64>,
    pub(crate) form: Form,
    /// A number made from the aggregate without its type; `None` where it tells none.
    pub(crate) aggregate: Option<u64>,
    pub(crate) version: i64,
}

/// All strays of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loose {
    /// Times of all, and of those that tell no aggregate, by form and in order.
    all: [Vec<i64>; 4],
    without: [Vec<i64>; 4],
    /// Those that tell one, by aggregate.
    of_aggregate: Vec<(u64, Stray)>,
}

/// When two of one form and aggregate may be the same in spite of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alike {
    /// Ids are known to be the same on both sides: only where nothing tells their versions.
    Untold,
    /// Rows go, so that no pair is ever seen: where their versions are the same.
    SameVersion,
}

impl Loose {
    /// Takes one in; whether anybody will ask for its aggregate.
    pub(super) fn add(&mut self, stray: Stray, asked_for: bool) {
        let at = stray.at.unwrap_or(i64::MIN);
        let form = stray.form as usize;
        self.all[form].push(at);
        match stray.aggregate {
            Some(aggregate) if asked_for => self.of_aggregate.push((aggregate, stray)),
            Some(_) => {}
            None => self.without[form].push(at),
        }
    }

    pub(super) fn sort(&mut self) {
        for times in self.all.iter_mut().chain(&mut self.without) {
            times.sort_unstable();
        }
        self.of_aggregate.sort_by_key(|(aggregate, _)| *aggregate);
    }

    /// Whether one of them, of that span of time, may be this one.
    pub(crate) fn may_hold(&self, wanted: &Stray, (from, to): (i64, i64), alike: Alike) -> bool {
        let Some(aggregate) = wanted.aggregate else {
            return other_form(&self.all, wanted.form, from, to);
        };
        if other_form(&self.without, wanted.form, from, to) {
            return true;
        }
        let first = self.of_aggregate.partition_point(|(of, _)| *of < aggregate);
        let mut here = self.of_aggregate[first..]
            .iter()
            .take_while(|(of, _)| *of == aggregate);
        here.any(|(_, stray)| {
            let near = stray.at.is_none_or(|at| (from..=to).contains(&at));
            near && stray.may_be(wanted, alike)
        })
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let times = self.all.iter().chain(&self.without).map(Vec::capacity);
        times.sum::<usize>() * size_of::<i64>()
            + self.of_aggregate.capacity() * size_of::<(u64, Stray)>()
    }
}

impl Stray {
    /// Whether it may be another of the same aggregate.
    fn may_be(&self, other: &Self, alike: Alike) -> bool {
        let told = self.version != NO_VERSION && other.version != NO_VERSION;
        let same = self.form == other.form && self.form != Form::Nameless;
        match (told, same) {
            (true, _) if self.version != other.version => false,
            (_, false) => true,
            (told, true) => match alike {
                Alike::Untold => !told,
                Alike::SameVersion => told,
            },
        }
    }
}

/// Whether there is one of another form in a span of time. Of the same form it has an id of its
/// own, and is another.
fn other_form(times: &[Vec<i64>; 4], form: Form, from: i64, to: i64) -> bool {
    let others = Form::ALL.iter().zip(times);
    let mut others = others.filter(|&(&of, _)| of != form || of == Form::Nameless);
    others.any(|(_, times)| {
        let timeless = times.first() == Some(&i64::MIN);
        let idx = times.partition_point(|&at| at < from);
        timeless || times.get(idx).is_some_and(|&at| at <= to)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stray(form: Form, aggregate: Option<u64>, version: i64, at: i64) -> Stray {
        Stray {
            at: Some(at),
            form,
            aggregate,
            version,
        }
    }

    fn holds(there: Stray, wanted: Stray, alike: Alike) -> bool {
        let mut loose = Loose::default();
        loose.add(there, true);
        loose.sort();
        loose.may_hold(&wanted, (0, 100), alike)
    }

    #[test]
    fn what_has_no_id_of_that_form_may_be_anybody_of_its_aggregate_and_time() {
        use Form::{Nameless, Number, Uuid};
        let untold = |there, wanted| holds(there, wanted, Alike::Untold);
        let row = |aggregate| stray(Uuid, aggregate, NO_VERSION, 50);
        let nameless = |aggregate, at| stray(Nameless, aggregate, NO_VERSION, at);
        assert!(untold(nameless(None, 51), row(Some(7))));
        assert!(untold(nameless(Some(7), 51), row(Some(7))));
        assert!(untold(nameless(Some(8), 51), row(None)));
        assert!(!untold(nameless(Some(8), 51), row(Some(7))));
        assert!(!untold(nameless(None, 101), row(Some(7))));
        assert!(untold(stray(Number, None, NO_VERSION, 51), row(None)));
        assert!(!untold(stray(Uuid, None, NO_VERSION, 51), row(None)));
        assert!(untold(stray(Uuid, Some(7), NO_VERSION, 51), row(Some(7))));
    }

    #[test]
    fn versions_tell_two_of_one_aggregate_apart() {
        let of = |version| stray(Form::Uuid, Some(7), version, 50);
        assert!(!holds(of(2), of(3), Alike::Untold));
        assert!(!holds(of(3), of(3), Alike::Untold));
        assert!(holds(of(3), of(3), Alike::SameVersion));
        assert!(!holds(of(NO_VERSION), of(3), Alike::SameVersion));
    }
}
