//! Many small worlds in one run: sizes and options by dice.
//!
//! A company of a few events shows little of itself, so nearly everything that may be known of it
//! rests on a neighbour or two. One such world proves nothing; two hundred do.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::arguments::{Arguments, Broker, Database, Ids, Outbox};
use crate::matrix::{Matrix, Wrong};
use crate::report::Report;
use crate::unknown::Unknown;

/// The largest of them.
const LARGEST: usize = 200;

/// So rare each fault is, by dice.
const ONE_IN: [u32; 3] = [5, 20, 100];

/// Every so-manieth world has an outbox that deletes, or nothing that has seen the past.
const ODD: u32 = 6;

/// What every so-manieth world's messages carry instead of their own ids.
const OTHER_IDS: [Ids; 5] = [
    Ids::Relay,
    Ids::None,
    Ids::Wrong,
    Ids::Bigserial,
    Ids::Content,
];

/// So many at once: most of a small world's time is spent waiting.
const AT_ONCE: usize = 4;

/// All of them together.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    schema: &'static str,
    seed: u64,
    db: Database,
    broker: Broker,
    worlds: usize,
    clean: usize,
    seconds: f64,
    /// How many verdicts are given up, one line for each combination of options.
    unknown: Vec<String>,
    #[serde(flatten)]
    matrix: Matrix,
    /// The worlds in which something was wrong, by the words that make them again.
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
struct Failed {
    words: String,
    wrong: Vec<Wrong>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Summary {
    /// Whether nothing was said wrongly and nothing was left unsaid, in any of them.
    pub(crate) fn all_true(&self) -> bool {
        self.failed.is_empty()
    }
}

/// Plays that many worlds.
pub(crate) async fn run(arguments: &Arguments, worlds: NonZeroUsize) -> Summary {
    let began = Instant::now();
    let mut dice = StdRng::seed_from_u64(arguments.seed);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut playing = JoinSet::new();
    for nth in 0..worlds.get() {
        let (one, turns) = (thrown(arguments, &mut dice), Arc::clone(&turns));
        playing.spawn(async move {
            let turn = turns.acquire_owned().await;
            let report = crate::run(&one).await;
            drop(turn);
            (nth, one, report)
        });
    }
    let mut played = playing.join_all().await;
    played.sort_by_key(|(nth, ..)| *nth);
    let mut summary = Summary {
        schema: "waybill.truth-small/1",
        seed: arguments.seed,
        db: arguments.db,
        broker: arguments.broker,
        worlds: worlds.get(),
        clean: 0,
        seconds: 0.0,
        unknown: Vec::new(),
        matrix: Matrix::default(),
        failed: Vec::new(),
    };
    let mut unknown: BTreeMap<String, Unknown> = BTreeMap::new();
    for (_, one, report) in played {
        summary.take(&one, report, &mut unknown);
    }
    let lines = unknown.iter().map(|(options, it)| it.line(options));
    summary.unknown = lines.collect();
    summary.seconds = began.elapsed().as_secs_f64();
    summary
}

impl Summary {
    fn take(
        &mut self,
        one: &Arguments,
        report: anyhow::Result<Report>,
        unknown: &mut BTreeMap<String, Unknown>,
    ) {
        let (error, wrong) = match report {
            Ok(report) => {
                self.clean += usize::from(report.all_true());
                let clean = report.all_true();
                let matrix = report.into_matrix();
                let all = unknown.entry(one.options()).or_default();
                all.add(&matrix.unknown());
                let wrong = self.matrix.add(matrix);
                if clean {
                    return;
                }
                (None, wrong)
            }
            Err(error) => (Some(format!("{error:#}")), Vec::new()),
        };
        self.failed.push(Failed {
            words: one.words(),
            wrong,
            error,
        });
    }
}

/// One of them, by dice.
fn thrown(arguments: &Arguments, dice: &mut StdRng) -> Arguments {
    let mut one = arguments.clone();
    one.small = None;
    one.seed = u64::from(dice.random::<u32>() >> 12);
    one.events = dice.random_range(1..=LARGEST);
    one.one_in = ONE_IN[dice.random_range(0..ONE_IN.len())];
    let (other, deletes, unseen) = (
        dice.random_ratio(1, 3),
        dice.random_ratio(1, ODD),
        dice.random_ratio(1, ODD),
    );
    let ids = OTHER_IDS[dice.random_range(0..OTHER_IDS.len())];
    // There consumers know what they cannot process by its message id.
    let nameless = matches!(ids, Ids::None | Ids::Content) && one.broker == Broker::Rabbitmq;
    if other && !nameless {
        one.ids = ids;
    } else {
        one.no_audit_stream = unseen && one.broker == Broker::Rabbitmq;
        one.outbox = match deletes {
            true => Outbox::Deletes,
            false => Outbox::Marks,
        };
    }
    one
}
