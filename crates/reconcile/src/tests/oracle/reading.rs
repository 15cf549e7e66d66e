//! How histories are read: scans, what each place proves, what fails, and looks at consumers.

use proptest::prelude::*;
use proptest::sample::select;
use waybill_model::GapReason;

use super::lives::Life;

/// One scan and when it is judged.
#[derive(Debug, Clone)]
pub(super) struct ScanLife {
    /// How long after the latest judgement it begins; negative where clocks are set back.
    pub(super) pause: i64,
    /// How long until it is judged.
    pub(super) takes: i64,
    /// Judged in its course as well, up to so long after its beginning.
    pub(super) in_course: Option<i64>,
    /// Judged as a whole.
    pub(super) whole: bool,
}

/// Something that goes wrong with reading one place.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// The scan; `None` for every one.
    pub(super) scan: Option<usize>,
    pub(super) place: usize,
    /// One partition only.
    pub(super) partition: Option<u32>,
    pub(super) kind: TroubleKind,
    /// It begins at something that happened, or a little before or after: the event, which of its
    /// times, and how much later.
    pub(super) near: Option<(usize, usize, i64)>,
}

impl Trouble {
    /// The same, where the events put it.
    pub(super) fn placed(&self, lives: &[Life]) -> Self {
        let mut placed = self.clone();
        let Some((life, which, shift)) = self.near else {
            return placed;
        };
        let times = lives[life % lives.len()].times();
        let at = times[which % times.len()] + shift;
        match &mut placed.kind {
            TroubleKind::Gap(from, to, _) => (*from, *to) = (at, at + *to - *from),
            TroubleKind::From(from) | TroubleKind::InPieces(from) => *from = at,
            TroubleKind::Before(_)
            | TroubleKind::Unread
            | TroubleKind::Failed
            | TroubleKind::FailedLater => {}
        }
        placed
    }
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub(super) enum TroubleKind {
    Gap(i64, i64, GapReason),
    /// Read from then on only.
    From(i64),
    /// Told in two pieces, the second of which begins where the first one ends. No harm is done.
    InPieces(i64),
    /// Read up to so long before the scan began.
    Before(i64),
    /// Not read at all.
    Unread,
    /// Not read at all, and told so.
    Failed,
    /// Read as usual, then failed.
    FailedLater,
}

/// One look at one consumer, as a group and as a queue.
#[derive(Debug, Clone)]
pub(super) struct LookLife {
    pub(super) consumer: usize,
    pub(super) at: i64,
    pub(super) passed: [Option<Option<i64>>; 2],
    /// Where the partitions end; a topic that was made anew is shorter than what was committed.
    pub(super) end: i64,
    pub(super) depth: (u64, u64),
    pub(super) bound: bool,
    /// Where queues may drop anything at all.
    pub(super) may_drop: bool,
    pub(super) attached: Option<u32>,
}

pub(super) fn scans() -> impl Strategy<Value = Vec<ScanLife>> {
    let in_course = prop::option::weighted(0.15, 0_i64..6);
    let scan = (-3_i64..16, 0_i64..8, in_course, prop::bool::weighted(0.9)).prop_map(
        |(pause, takes, in_course, whole)| ScanLife {
            pause,
            takes,
            in_course,
            whole,
        },
    );
    prop::collection::vec(scan, 1..=3)
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let reason = select(vec![
        GapReason::Retention,
        GapReason::Compacted,
        GapReason::OpenTransactions,
        GapReason::TapClosed,
        GapReason::Cap,
        GapReason::UntrueTimes,
    ]);
    let kind = prop_oneof![
        5 => (0_i64..125, 1_i64..30, reason)
            .prop_map(|(from, len, reason)| TroubleKind::Gap(from, from + len, reason)),
        2 => (-30_i64..100).prop_map(TroubleKind::From),
        2 => (0_i64..100).prop_map(TroubleKind::InPieces),
        2 => (0_i64..12).prop_map(TroubleKind::Before),
        1 => (0_i64..100).prop_map(TroubleKind::Before),
        1 => Just(TroubleKind::Unread),
        2 => Just(TroubleKind::Failed),
        1 => Just(TroubleKind::FailedLater),
    ];
    let scan = prop::option::weighted(0.4, 0_usize..3);
    let shift = select(vec![-5, -4, -2, -1, 0, 0, 1, 1, 2, 4, 5, 20]);
    let near = prop::option::weighted(0.4, (0_usize..9, 0_usize..6, shift));
    (scan, 0_usize..12, prop::option::of(0_u32..2), kind, near).prop_map(
        |(scan, place, partition, kind, near)| Trouble {
            scan,
            place,
            partition,
            kind,
            near,
        },
    )
}

pub(super) fn look() -> impl Strategy<Value = LookLife> {
    let passed = || prop::option::weighted(0.85, prop::option::weighted(0.9, 0_i64..14));
    let depth = select(vec![(0, 0), (0, 0), (0, 0), (0, 2), (3, 0), (3, 0)]);
    let attached = prop::option::weighted(0.4, 0_u32..2);
    (
        (0_usize..3, 20_i64..150),
        (
            [passed(), passed()],
            select(vec![1000, 1000, 1000, 1000, 8]),
        ),
        depth,
        [prop::bool::weighted(0.8), prop::bool::weighted(0.8)],
        attached,
    )
        .prop_map(
            |((consumer, at), (passed, end), depth, [bound, may_drop], attached)| LookLife {
                consumer,
                at,
                passed,
                end,
                depth,
                bound,
                may_drop,
                attached,
            },
        )
}
