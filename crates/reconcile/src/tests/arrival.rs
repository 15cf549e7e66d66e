//! The order in which evidence arrives does not matter, and more of it never hurts.

use proptest::prelude::*;
use waybill_model::{
    Batch, ConsumerVerdict, Coverage, EventId, Marks, Micros, Observation, PlaceId, PublishVerdict,
    VerdictClass,
};

use super::company::*;
use crate::{ConsumerProgress, Index, Judgement, OwnResend, PartitionProgress};

/// Something that reaches the index.
#[derive(Debug, Clone)]
enum Piece {
    Evidence(Box<Batch>),
    Covered(Coverage),
    Moved(ConsumerProgress),
    Resent(EventId, OwnResend),
}

/// One event's way: how far it came, and what else happened to it.
#[derive(Debug, Clone)]
struct Story {
    changed: bool,
    row: Option<bool>,
    copies: u8,
    processed: bool,
    dead: bool,
    bare_aggregate: bool,
    /// Resent by us; and whether that copy was seen.
    resent: Option<bool>,
}

fn story() -> impl Strategy<Value = Story> {
    let row = prop::option::weighted(0.8, any::<bool>());
    let way = (any::<bool>(), row, 0_u8..3, any::<bool>());
    let oddities = (
        prop::bool::weighted(0.2),
        any::<bool>(),
        prop::option::weighted(0.2, any::<bool>()),
    );
    (way, oddities).prop_map(
        |((changed, row, copies, processed), (dead, bare_aggregate, resent))| Story {
            changed,
            row,
            copies,
            processed,
            dead,
            bare_aggregate,
            resent,
        },
    )
}

impl Story {
    fn observations(&self, nth: i64) -> Vec<Observation> {
        let id = format!("event-{nth}");
        let at = 900 + nth * 10;
        let aggregate = format!("product/{}", nth / 2);
        let version = nth % 2 + 1;
        let mut all = Vec::new();
        if self.changed {
            all.push(Observation {
                aggregate: aggregate.clone(),
                version,
                key: aggregate.clone(),
                ..seen(PRODUCTS, "", at)
            });
        }
        if let Some(sent) = self.row {
            all.push(Observation {
                aggregate: aggregate.clone(),
                version,
                position: nth,
                key: String::new(),
                marks: if sent { Marks::SENT } else { Marks::empty() },
                ..seen(OUTBOX, &id, at)
            });
        }
        let bare = aggregate.trim_start_matches("product/").to_owned();
        for copy in 0..i64::from(self.copies) {
            all.push(Observation {
                aggregate: if self.bare_aggregate {
                    bare.clone()
                } else {
                    aggregate.clone()
                },
                version,
                partition: (nth % 3) as u32,
                position: nth * 2 + copy,
                key: String::new(),
                ..seen(TOPIC, &id, at + 1 + copy * 5)
            });
        }
        if self.resent == Some(true) {
            all.push(Observation {
                aggregate,
                version,
                position: 70 + nth,
                key: String::new(),
                marks: Marks::OWN_RESEND,
                ..seen(TOPIC, &id, 1500 + nth)
            });
        }
        if self.processed {
            all.push(seen(INBOX, &id, at + 3));
        }
        if self.dead {
            all.push(Observation {
                position: nth,
                key: String::new(),
                ..seen(LETTERS, &id, at + 4)
            });
        }
        all
    }
}

fn resend(nth: i64) -> Piece {
    let resend = OwnResend {
        at: secs(1500 + nth),
        consumer: None,
        coordinate: Some((TOPIC, 0, 70 + nth)),
    };
    Piece::Resent(EventId(format!("event-{nth}")), resend)
}

fn pieces(stories: &[Story]) -> Vec<Piece> {
    let told = (0..)
        .zip(stories)
        .flat_map(|(nth, story)| story.observations(nth));
    let mut pieces: Vec<Piece> = told
        .map(|one| Piece::Evidence(Box::new(batch(&[one]))))
        .collect();
    let resent = (0..)
        .zip(stories)
        .filter(|(_, story)| story.resent.is_some());
    pieces.extend(resent.map(|(nth, _)| resend(nth)));
    for place in [OUTBOX, TOPIC, PRODUCTS, INBOX, LETTERS] {
        for (from, to) in [(0, 950), (950, 2100)] {
            pieces.push(covered(place, from, to));
        }
    }
    for (at, passed) in [(1200, 9), (1900, 14)] {
        let partition = |partition| PartitionProgress {
            partition,
            passed: Some(passed),
            end: 100,
        };
        pieces.push(Piece::Moved(ConsumerProgress {
            consumer: SEARCH,
            at: secs(at),
            partitions: (0..3).map(partition).collect(),
            queue: None,
            members: Some(1),
        }));
    }
    pieces
}

fn covered(place: PlaceId, from: i64, to: i64) -> Piece {
    Piece::Covered(Coverage {
        place,
        partition: None,
        window: window(from, to),
        positions: None,
        gaps: Vec::new(),
    })
}

fn take(index: &mut Index, piece: &Piece) {
    match piece {
        Piece::Evidence(batch) => {
            index.ingest(batch);
        }
        Piece::Covered(coverage) => index.cover(coverage.clone()),
        Piece::Moved(progress) => index.progress(progress),
        Piece::Resent(id, resend) => index.resent(id, resend.clone()),
    }
}

fn judge(company: &mut Company) {
    company.index.judge(&Judgement {
        now: secs(2001),
        scan_at: secs(2000),
        slack_micros: 1_000_000,
    });
}

/// Takes all pieces in, judging in between where `pauses` says so.
fn told(pieces: &[Piece], pauses: &[usize]) -> Vec<String> {
    let mut company = Company::new();
    for (nth, piece) in pieces.iter().enumerate() {
        take(&mut company.index, piece);
        if pauses.contains(&nth) {
            judge(&mut company);
        }
    }
    judge(&mut company);
    company.everything()
}

fn shuffled(stories: Vec<Story>) -> impl Strategy<Value = (Vec<Piece>, Vec<Piece>)> {
    let pieces = pieces(&stories);
    (Just(pieces.clone()), Just(pieces).prop_shuffle())
}

/// An observation with anything in it.
fn anything() -> impl Strategy<Value = Observation> {
    let time = prop_oneof![any::<i64>(), -10_000_000_i64..3_000_000_000];
    let text = "[a-c]{0,2}(/[a-c])?|.{0,40}";
    let number = || prop_oneof![any::<i64>(), -3_i64..40];
    let marks = any::<u16>().prop_map(Marks::from_bits_truncate);
    (
        0_u16..8,
        text,
        text,
        time,
        (number(), number(), 0_u32..3),
        marks,
        0_u32..2_000_000_000,
    )
        .prop_map(
            |(
                place,
                id,
                aggregate,
                at,
                (version, position, partition),
                marks,
                resolution_micros,
            )| {
                let mut observation = seen(PlaceId(place), &id, 0);
                observation.stamp.at = Micros(at);
                observation.stamp.resolution_micros = resolution_micros;
                Observation {
                    aggregate,
                    version,
                    partition,
                    position,
                    marks,
                    ..observation
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (ordered, shuffled) in prop::collection::vec(story(), 1..8).prop_flat_map(shuffled),
        pauses in prop::collection::vec(0_usize..40, 0..4),
    ) {
        prop_assert_eq!(told(&ordered, &[]), told(&shuffled, &pauses));
    }

    #[test]
    fn reading_everything_twice_changes_nothing(
        (ordered, shuffled) in prop::collection::vec(story(), 1..8).prop_flat_map(shuffled),
    ) {
        let twice: Vec<Piece> = ordered.iter().chain(&shuffled).cloned().collect();
        prop_assert_eq!(told(&ordered, &[]), told(&twice, &[ordered.len()]));
    }

    #[test]
    fn without_coverage_nothing_that_rests_on_absence_is_said(
        stories in prop::collection::vec(story(), 1..8),
    ) {
        let mut company = Company::new();
        for piece in pieces(&stories).iter().filter(|piece| !matches!(piece, Piece::Covered(_))) {
            take(&mut company.index, piece);
        }
        judge(&mut company);
        let counts = company.index.counts();
        prop_assert_eq!(counts.publish.lost_in_publish, 0);
        prop_assert_eq!(counts.publish.missing_outbox_row, 0);
        prop_assert_eq!(counts.class(VerdictClass::Phantom).total, 0);
        prop_assert_eq!(counts.consumers[0].lost, 0);
    }

    #[test]
    fn more_evidence_never_makes_missing_what_was_there(
        (_, shuffled) in prop::collection::vec(story(), 1..8).prop_flat_map(shuffled),
    ) {
        let mut company = Company::new();
        let mut processed: Vec<u32> = Vec::new();
        let mut published: Vec<u32> = Vec::new();
        for piece in &shuffled {
            take(&mut company.index, piece);
            judge(&mut company);
            let index = &company.index;
            let verdict = |no: u32| index.verdict(no).expect("an event with evidence stays");
            for &no in &processed {
                prop_assert_eq!(&verdict(no).consumers[0], &ConsumerVerdict::Processed);
            }
            for &no in &published {
                // A copy can turn out never to have been stored, but not to be absent.
                let class = verdict(no).publish.class();
                prop_assert!(matches!(class, VerdictClass::Arrived | VerdictClass::Phantom));
            }
            let all = index.in_time_order().iter().copied();
            let is = |no: &u32, wanted: &ConsumerVerdict| &verdict(*no).consumers[0] == wanted;
            processed = all.clone().filter(|no| is(no, &ConsumerVerdict::Processed)).collect();
            published = all.filter(|&no| verdict(no).publish == PublishVerdict::Published).collect();
        }
    }

    #[test]
    fn whatever_a_source_yields_every_observation_is_in_an_event_or_told_as_odd(
        observations in prop::collection::vec(anything(), 1..40),
        now in any::<i64>(),
    ) {
        let mut company = Company::new().covered();
        for observation in &observations {
            company = company.see(observation.clone());
        }
        company.index.judge(&Judgement::new(Micros(now), Micros(now)));
        let index = &company.index;
        for &no in index.in_time_order() {
            prop_assert!(index.row(no).is_some() && !index.facts(no).is_empty());
            prop_assert!(!index.sentence(no).is_empty() && !index.siblings(no, 3).is_empty());
        }
        let known = |observation: &Observation| {
            let facts = index.in_time_order().iter().flat_map(|&no| index.facts(no));
            let mut here = facts.filter(|fact| fact.place == observation.place);
            here.any(|fact| fact.stamp.at == observation.stamp.at)
        };
        for observation in &observations {
            // A later reading of the same coordinate replaces the time of an earlier one.
            let again = observations.iter().filter(|other| other.place == observation.place).count() > 1;
            prop_assert!(known(observation) || again || index.oddities().count > 0);
        }
    }
}
