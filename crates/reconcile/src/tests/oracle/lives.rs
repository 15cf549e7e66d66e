//! What happens to single events: how far each came, and what went wrong with it.

use proptest::prelude::*;
use proptest::sample::select;
use waybill_model::Marks;

/// One event's way.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// Which aggregate and version it is about.
    pub(super) aggregate: u8,
    pub(super) version: i64,
    pub(super) at: i64,
    /// A business row shows the change; the scan that finds it.
    pub(super) changed: Option<usize>,
    pub(super) rows: Vec<RowLife>,
    pub(super) copies: Vec<CopyLife>,
    /// For each consumer: its inbox row.
    pub(super) inboxes: Vec<Option<InboxLife>>,
    /// Consumer, how long after the event, whether it will be tried again, the scan that finds it.
    pub(super) letters: Vec<(usize, i64, bool, usize)>,
    pub(super) resend: Option<ResendLife>,
    /// Something about one of its rows is malformed.
    pub(super) malformed: bool,
    /// Its rows carry no time: 1 in the business table, 2 in the outbox, 4 in inboxes.
    pub(super) timeless: u8,
}

impl Life {
    /// When something of it was written.
    pub(super) fn times(&self) -> Vec<i64> {
        let copies = self.copies.iter().map(|copy| copy.after);
        let inboxes = self.inboxes.iter().flatten().map(|row| row.after);
        let after = copies.chain(inboxes).chain([0]);
        after.map(|after| self.at + after).collect()
    }
}

/// An outbox row: what it says when it is first read, and what a later scan finds in its place.
#[derive(Debug, Clone)]
pub(super) struct RowLife {
    pub(super) marks: Marks,
    pub(super) found: usize,
    pub(super) later: Option<Marks>,
    pub(super) shift: i64,
    pub(super) tells: Tells,
    /// It has no id.
    pub(super) nameless: bool,
    /// From when on it is to be sent, after the event.
    pub(super) due: Option<i64>,
    /// What its body says when it is first read, and later.
    pub(super) says: (i8, i8),
}

/// An inbox row: what it says when it is first read, and what a later scan finds in its place.
/// States are of no account where the table does not tell them.
#[derive(Debug, Clone, Copy)]
pub(super) struct InboxLife {
    /// How long after the event.
    pub(super) after: i64,
    pub(super) found: usize,
    pub(super) marks: Marks,
    pub(super) later: Option<Marks>,
    /// It has a time only once it is processed.
    pub(super) timed_when_processed: bool,
}

/// A copy on a topic.
#[derive(Debug, Clone)]
pub(super) struct CopyLife {
    pub(super) other_topic: bool,
    pub(super) partition: u32,
    pub(super) offset: i64,
    pub(super) after: i64,
    pub(super) marks: Marks,
    pub(super) tells: Tells,
    pub(super) found: usize,
    /// What its body says.
    pub(super) says: i8,
}

/// Whose ids the copies of a company carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// Those of the outbox.
    Outbox,
    /// The relay makes one for each event.
    OfRelay,
    /// The relay makes one for each copy.
    OfCopy,
    /// None.
    Nobody,
    /// The id of what the event is about, in all tables as well.
    OfAggregate,
    /// Of a request, which several events share.
    OfRequest,
}

/// What a company's messages carry.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) ids: Ids,
    /// Every event has a version of its own, as is usual.
    pub(super) versions: bool,
    /// All copies tell of their aggregate and its version.
    pub(super) telling: bool,
    /// Two of its aggregates have the same id, and only their types tell them apart.
    pub(super) types: bool,
    /// The event types that rows, copies and dead letters name.
    pub(super) kinds: Vec<u8>,
}

/// Most companies get their ids right.
pub(super) fn identity() -> impl Strategy<Value = Identity> {
    let ids = prop_oneof![
        5 => Just(Ids::Outbox),
        2 => Just(Ids::OfRelay),
        1 => Just(Ids::OfCopy),
        2 => Just(Ids::Nobody),
        1 => Just(Ids::OfAggregate),
        1 => Just(Ids::OfRequest),
    ];
    let kinds = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(0_u8..3, 1..7)];
    (
        ids,
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.15),
        kinds,
    )
        .prop_map(|(ids, versions, telling, types, kinds)| Identity {
            ids,
            versions,
            telling,
            types,
            kinds,
        })
}

/// Events of a company: more of them where there are no ids to go by, so that there is enough to
/// see it.
pub(super) fn lives() -> impl Strategy<Value = (Identity, Vec<Life>)> {
    identity().prop_flat_map(|identity| {
        let most = if identity.ids == Ids::Outbox { 6 } else { 9 };
        let lives = prop::collection::vec(life(), 1..most);
        (Just(identity), lives).prop_map(|(identity, mut lives)| {
            for (nth, life) in (1..).zip(&mut lives) {
                if identity.ids != Ids::Outbox && identity.versions {
                    life.version = nth;
                }
                if matches!(identity.ids, Ids::OfAggregate | Ids::OfRequest) {
                    // Which of its versions a business row is about depends on what was seen
                    // first, and that nothing can be said of it does not.
                    life.changed = None;
                }
                let told = life.copies.iter_mut().map(|copy| &mut copy.tells);
                for tells in told.chain(life.rows.iter_mut().map(|row| &mut row.tells)) {
                    let hidden = identity.ids != Ids::Outbox && identity.telling;
                    let bare = *tells == Tells::BareId;
                    if (bare && identity.types) || (!bare && hidden) {
                        *tells = Tells::Everything;
                    }
                }
            }
            (identity, lives)
        })
    })
}

/// What a row or copy tells of its aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    Everything,
    BareId,
    NoVersion,
    VersionOnly,
    Nothing,
}

/// A resend of our own that the broker has confirmed.
#[derive(Debug, Clone)]
pub(super) struct ResendLife {
    pub(super) after: i64,
    pub(super) consumer: Option<u8>,
    /// Its coordinate is known; and whether the copy there was seen, with our header or without.
    pub(super) copy: Option<(i64, Option<bool>)>,
    /// The scan that finds the copy.
    pub(super) told: usize,
    /// The scan that reads the journal.
    pub(super) journal: usize,
    /// It went through the outbox: there is a row under the same id.
    pub(super) row: bool,
}

/// One event's way; few ways are straight.
pub(super) fn life() -> impl Strategy<Value = Life> {
    let who = (0_u8..3, 1_i64..4, 20_i64..95);
    let stored = (
        prop::option::weighted(0.5, scan()),
        prop_oneof![
            1 => Just(Vec::new()),
            6 => row().prop_map(|row| vec![row]),
            1 => (row(), row()).prop_map(|(one, other)| vec![one, other]),
        ],
    );
    let copies = prop_oneof![
        3 => Just(Vec::new()),
        6 => copy().prop_map(|copy| vec![copy]),
        2 => two_copies(),
    ];
    let inbox = prop::option::weighted(0.45, inbox());
    let letter = (0_usize..3, 0_i64..50, any::<bool>(), scan());
    let consumed = (
        [inbox.clone(), inbox.clone(), inbox],
        prop_oneof![
            6 => Just(Vec::new()),
            2 => letter.clone().prop_map(|one| vec![one]),
            1 => (letter.clone(), letter).prop_map(|(one, other)| vec![one, other]),
        ],
    );
    let odd = (
        prop::option::weighted(0.15, resend()),
        prop::bool::weighted(0.05),
        prop_oneof![9 => Just(0_u8), 1 => 1_u8..8],
    );
    (who, stored, copies, consumed, odd).prop_map(
        |((aggregate, version, at), (changed, rows), copies, (inboxes, letters), odd)| Life {
            aggregate,
            version,
            at,
            changed,
            rows,
            copies,
            inboxes: inboxes.into(),
            letters,
            resend: odd.0,
            malformed: odd.1,
            timeless: odd.2,
        },
    )
}

/// What a body says: mostly the same.
fn says() -> impl Strategy<Value = i8> + Clone {
    select(vec![1, 1, 1, 1, 1, 2, 3, 0, -1, -2])
}

/// The scan that finds something: mostly the first.
fn scan() -> impl Strategy<Value = usize> + Clone {
    select(vec![0, 0, 0, 0, 1, 2])
}

fn row() -> impl Strategy<Value = RowLife> {
    let state = || {
        select(vec![
            Marks::SENT,
            Marks::SENT,
            Marks::SENT,
            Marks::empty(),
            Marks::empty(),
            Marks::ATTEMPTED,
            Marks::FAILED,
        ])
    };
    let later = prop::option::weighted(0.2, state());
    let says = (says(), prop::bool::weighted(0.9), says())
        .prop_map(|(first, stays, later)| (first, if stays { first } else { later }));
    let tells = prop_oneof![
        24 => Just(Tells::Everything),
        1 => select(vec![Tells::BareId, Tells::NoVersion, Tells::VersionOnly, Tells::Nothing]),
    ];
    let due = prop::option::weighted(0.15, -10_i64..60);
    let what = (tells, prop::bool::weighted(0.02), says, due);
    (state(), scan(), later, 0_i64..6, what).prop_map(
        |(marks, found, later, shift, (tells, nameless, says, due))| RowLife {
            marks,
            found,
            later,
            shift,
            tells,
            nameless,
            due,
            says,
        },
    )
}

fn inbox() -> impl Strategy<Value = InboxLife> + Clone {
    let state = || {
        select(vec![
            Marks::SENT,
            Marks::SENT,
            Marks::empty(),
            Marks::empty(),
            Marks::ATTEMPTED,
            Marks::FAILED,
            Marks::SENT.union(Marks::FAILED),
        ])
    };
    // A row that is asked for again may be gone, whatever it said before.
    let gone = select(vec![Marks::GONE, Marks::GONE.union(Marks::FAILED)]);
    let later = prop::option::weighted(0.3, prop_oneof![7 => state(), 2 => gone]);
    (-8_i64..40, scan(), state(), later, any::<bool>()).prop_map(
        |(after, found, marks, later, timed_when_processed)| InboxLife {
            after,
            found,
            marks,
            later,
            timed_when_processed,
        },
    )
}

fn copy() -> impl Strategy<Value = CopyLife> {
    let marks = prop_oneof![
        14 => Just(Marks::empty()),
        1 => Just(Marks::OWN_RESEND),
        1 => Just(Marks::RETRY),
        1 => Just(Marks::UNROUTED),
        1 => Just(Marks::OPEN_TRANSACTION),
        1 => Just(Marks::NO_ID),
        1 => Just(Marks::OWN_RESEND.union(Marks::UNROUTED)),
        1 => Just(Marks::NO_TIME),
        1 => Just(Marks::WHOSE_UNKNOWN),
    ];
    let tells = select(vec![
        Tells::Everything,
        Tells::Everything,
        Tells::Everything,
        Tells::BareId,
        Tells::BareId,
        Tells::NoVersion,
        Tells::VersionOnly,
        Tells::Nothing,
    ]);
    let coordinate = (prop::bool::weighted(0.25), 0_u32..2, 0_i64..10);
    let after = prop_oneof![4 => 0_i64..8, 1 => -8_i64..0, 2 => 8_i64..60];
    (coordinate, after, marks, tells, scan(), says()).prop_map(
        |((other_topic, partition, offset), after, marks, tells, found, says)| CopyLife {
            other_topic,
            partition,
            offset,
            after,
            marks,
            tells,
            found,
            says,
        },
    )
}

/// What befell one of them may have befallen the other: one transaction, one missing binding.
fn two_copies() -> impl Strategy<Value = Vec<CopyLife>> {
    let alike = prop::bool::weighted(0.3);
    (copy(), copy(), alike).prop_map(|(one, mut other, alike)| {
        if alike {
            other.marks = one.marks;
        }
        vec![one, other]
    })
}

fn resend() -> impl Strategy<Value = ResendLife> {
    let copy = prop::option::weighted(0.7, (5_i64..14, prop::option::of(any::<bool>())));
    (
        1_i64..70,
        prop::option::of(0_u8..3),
        copy,
        (scan(), scan()),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(after, consumer, copy, (told, journal), row)| ResendLife {
            after,
            consumer,
            copy,
            told,
            journal,
            row,
        })
}
