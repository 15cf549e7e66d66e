//! From a sample to a basis: how many misses are too many.

use waybill_model::Recognised;

/// How many messages of a sample count.
pub(super) const SAMPLED: u32 = 200;

/// What was found of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) sampled: u32,
    /// The id stands in the outbox …
    pub(super) by_id: u32,
    /// … and is that of one change only.
    pub(super) by_id_alone: u32,
    /// Aggregate and version stand in the outbox …
    pub(super) by_version: u32,
    /// … and are those of one event only.
    pub(super) by_version_alone: u32,
    /// Messages whose id is not in the outbox, and which are by aggregate and version those of a
    /// row that has no message of its own.
    pub(super) under_another: u32,
    /// The ids that are known are no chance.
    pub(super) ids_are_sure: bool,
    /// What is known by aggregate and version is no chance.
    pub(super) versions_are_sure: bool,
    /// Most of what a consumer has processed has lost its message, and nearly all of that is known
    /// by its id: the messages that are left are no fair sample.
    pub(super) vouched: bool,
    /// No row that was sent is left to be held against messages, and rows that say unsent are, by
    /// aggregate and version and no chance, those of messages under other ids.
    pub(super) unsent_are_sure: bool,
}

/// What a consumer has processed, held against the outbox and the messages that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Processed {
    pub(super) sampled: u32,
    /// Its id stands in the outbox, as that of one change.
    pub(super) known: u32,
    /// There is no message of that id any more.
    pub(super) gone: u32,
}

/// So much a consumer must have processed to vouch for ids.
const FAIR: u32 = 20;

impl Processed {
    /// Whether it vouches for ids. Compaction and retention leave a chosen few messages, among
    /// which those that nobody stored may be many.
    pub(super) fn vouches(&self) -> bool {
        let known = u64::from(self.sampled - self.known) <= bearable(self.sampled.into());
        self.sampled >= FAIR && self.gone * 2 >= self.sampled && known
    }
}

impl Tally {
    /// Whether ids do. They are what the profile says, so they have to fail before anything else is
    /// tried: when 95 of 100 messages carry one, not one sample in 70 has more misses. A
    /// phantom or two in a flow that has just begun are within that, and so are a few dozen in a
    /// large one; five messages none of which carries an id that is known are not.
    pub(super) fn ids_do(&self) -> bool {
        // Three of four is no chance, but may be a relay that carries ids since this morning:
        // somebody has to vouch for the rest.
        let vouched = self.vouched && self.by_id_alone * 4 >= self.sampled * 3;
        if self.unsent_are_sure {
            return false;
        }
        vouched || u64::from(self.sampled - self.by_id_alone) <= bearable(self.sampled.into())
    }

    /// By what the messages are recognised.
    pub(super) fn recognised(&self) -> Recognised {
        if self.ids_do() {
            Recognised::ById
        } else if self.versions_do() {
            Recognised::ByVersion
        } else if self.contested() * 2 > self.sampled {
            Recognised::Ambiguously
        } else if self.ids_are_sure && self.by_id_alone > 0 {
            Recognised::ById
        } else {
            Recognised::Not
        }
    }

    /// Whether ids are carried, and many of them are not known: what each of those is has to be
    /// asked by itself. An id of 122 random bits that stands on both sides is no chance, however
    /// many others do not.
    pub(super) fn ids_are_in_doubt(&self) -> bool {
        !self.ids_do() && self.recognised() == Recognised::ById
    }

    /// Nobody asked for aggregate and version, so they have to earn it: nearly all are known by
    /// them, or most of those that are not known by their ids, beyond chance.
    fn versions_do(&self) -> bool {
        if self.unsent_are_sure {
            return true;
        }
        let misses = self.sampled - self.by_version_alone;
        let nearly_all = misses <= (self.sampled / 10).max(1);
        let strange = self.sampled - self.by_id_alone;
        let most =
            self.versions_are_sure && self.under_another >= 3 && self.under_another * 2 > strange;
        self.by_version_alone >= 3 && (nearly_all || most)
    }

    /// How many find something, and cannot say which of several.
    fn contested(&self) -> u32 {
        let by_id = self.by_id - self.by_id_alone;
        by_id.max(self.by_version - self.by_version_alone)
    }
}

/// How many misses of so many do not speak against what finds the others.
pub(crate) fn bearable(sampled: u64) -> u64 {
    2 + sampled / 10
}

/// Whether what a consumer has (inbox rows, dead letters) is about events that are known. Its table
/// may hold other flows' messages as well, so one hit is enough; and a few rows may be strays.
pub(super) fn consumer_ids_do(sampled: u32, hits: u32) -> bool {
    hits > 0 || sampled < 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        sampled: u32,
        (by_id, alone): (u32, u32),
        (by_version, one): (u32, u32),
    ) -> Recognised {
        let tally = Tally {
            sampled,
            by_id,
            by_id_alone: alone,
            by_version,
            by_version_alone: one,
            ..Tally::default()
        };
        tally.recognised()
    }

    #[test]
    fn a_few_phantoms_do_not_make_ids_useless_and_a_few_lucky_hits_no_basis() {
        use Recognised::{Ambiguously, ById, ByVersion, Not};
        assert_eq!(check(0, (0, 0), (0, 0)), ById);
        assert_eq!(check(1, (0, 0), (0, 0)), ById, "a phantom alone");
        assert_eq!(check(4, (2, 2), (0, 0)), ById, "two phantoms among four");
        assert_eq!(check(200, (180, 180), (0, 0)), ById, "twenty phantoms");
        assert_eq!(
            check(4, (0, 0), (0, 0)),
            Not,
            "five rows, five strange copies"
        );
        assert_eq!(check(200, (3, 3), (0, 0)), Not);
        assert_eq!(check(5, (0, 0), (5, 5)), ByVersion);
        assert_eq!(check(200, (3, 3), (196, 196)), ByVersion);
        assert_eq!(check(3, (0, 0), (1, 1)), Not, "one coincidence is no basis");
        assert_eq!(
            check(200, (200, 3), (0, 0)),
            Ambiguously,
            "the id is the aggregate's"
        );
        assert_eq!(check(200, (0, 0), (200, 40)), Ambiguously);
    }

    #[test]
    fn one_id_that_is_no_chance_leaves_each_of_the_others_to_be_asked() {
        let of = |sampled, by_id, ids_are_sure| Tally {
            sampled,
            by_id,
            by_id_alone: by_id,
            ids_are_sure,
            ..Tally::default()
        };
        let told = |tally: Tally| (tally.recognised(), tally.ids_are_in_doubt());
        assert_eq!(told(of(40, 38, true)), (Recognised::ById, false));
        assert_eq!(told(of(40, 30, true)), (Recognised::ById, true));
        assert_eq!(told(of(40, 1, true)), (Recognised::ById, true));
        assert_eq!(told(of(40, 30, false)), (Recognised::Not, false), "chance");
        assert_eq!(told(of(40, 0, true)), (Recognised::Not, false));
    }

    #[test]
    fn most_of_what_no_id_leads_to_is_enough_for_versions_that_are_no_chance() {
        let of = |by_id, under_another, versions_are_sure| Tally {
            sampled: 40,
            by_id,
            by_id_alone: by_id,
            by_version: by_id + under_another,
            by_version_alone: by_id + under_another,
            under_another,
            ids_are_sure: true,
            versions_are_sure,
            ..Tally::default()
        };
        assert_eq!(of(0, 25, true).recognised(), Recognised::ByVersion);
        assert_eq!(of(20, 15, true).recognised(), Recognised::ByVersion);
        assert_eq!(of(20, 8, true).recognised(), Recognised::ById, "a few");
        assert_eq!(of(0, 25, false).recognised(), Recognised::Not, "chance");
    }

    #[test]
    fn what_consumers_have_vouches_for_ids_where_most_messages_are_gone() {
        let compacted = |by_id| Tally {
            sampled: 200,
            by_id,
            by_id_alone: by_id,
            vouched: true,
            ..Tally::default()
        };
        assert!(compacted(160).ids_do(), "forty phantoms among those left");
        assert!(!compacted(100).ids_do(), "every second one is a stranger");
        assert!(!compacted(0).ids_do(), "the profile names another header");
        let vouches = |sampled, known, gone| {
            Processed {
                sampled,
                known,
                gone,
            }
            .vouches()
        };
        assert!(vouches(1000, 990, 950));
        assert!(
            !vouches(1000, 990, 400),
            "most messages are there to be asked"
        );
        assert!(!vouches(1000, 500, 950), "half of it is of other ids");
        assert!(!vouches(19, 19, 19), "too few");
    }

    /// Exactly: how many of the flows in which 95 of 100 messages carry an id that is known have so
    /// many misses that ids are given up.
    #[test]
    fn ids_that_do_are_hardly_ever_given_up() {
        for sampled in 3..=SAMPLED {
            let (n, miss) = (f64::from(sampled), 0.05_f64);
            let mut exactly = (1.0 - miss).powf(n);
            let mut at_most = exactly;
            for misses in 1..=bearable(sampled.into()) {
                let misses = misses as f64;
                exactly *= (n - misses + 1.0) / misses * miss / (1.0 - miss);
                at_most += exactly;
            }
            assert!(1.0 - at_most < 1.0 / 70.0, "{sampled}: {}", 1.0 - at_most);
        }
    }
}
