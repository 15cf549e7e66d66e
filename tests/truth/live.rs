//! Follows a company at work: how soon is what went wrong known, and is anything flagged that is
//! fine?

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use serde::Serialize;
use waybill_engine::Core;
use waybill_model::{EventId, Micros, Phase, PublishVerdict, VerdictClass};
use waybill_protocol::EdgeGrace;
use waybill_world::{Expected, Fault, LiveOptions, World};

use crate::arguments::Arguments;
use crate::look::{Looked, open, rows, said, scan, told};
use crate::polls::{self, Answer, Polls};

/// Between two looks at what is flagged.
const LOOK: Duration = Duration::from_millis(50);

/// How often faults are switched on.
const BREAK: Duration = Duration::from_secs(1);

/// How often the relay is slow …
const SLOW: Duration = Duration::from_secs(5);

/// … and how long it then does nothing. With the longest transaction before it an event is still
/// published well within its grace.
const PAUSED: Duration = Duration::from_millis(700);

/// Nothing goes wrong before so many events: by what messages are recognised is found by sampling
/// them, and a company that was founded a second ago has none.
const WARM_UP: usize = 300;

/// How long the company may take to come to rest.
const SETTLE: Duration = Duration::from_secs(120);

/// From the last event until every grace has passed and everything was looked at twice.
const GRACE: Duration = Duration::from_secs(25);

/// What tables prove, so that an open transaction may still turn it.
const RESTS_ON_TABLES: [&str; 3] = ["missing-outbox-row", "phantom", "lost-by-consumer"];

/// What somebody should act on.
const FLAGGED: &str = "verdict:missing or verdict:phantom or verdict:dead-lettered or verdict:late";

/// When things were said.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Timing {
    /// From the change to its confirmed verdict, by what should be said, in seconds.
    confirmed_after: BTreeMap<&'static str, Spread>,
    /// The same from the end of the grace on.
    confirmed_after_grace: BTreeMap<&'static str, Spread>,
    /// Between two polls of the outbox, in seconds.
    polls: Spread,
    /// How many events took how many polls from the end of the grace on, of those that could
    /// know; and how many that found a transaction from within the grace open came before.
    polls_after_grace: BTreeMap<&'static str, BTreeMap<usize, usize>>,
    polls_in_vain: BTreeMap<&'static str, BTreeMap<usize, usize>>,
    /// How many took more than two that could know.
    later_than_two_polls: usize,
    /// Events that arrived in time and were called missing all the same: once, and by two scans.
    suspected_in_vain: Vec<String>,
    confirmed_in_vain: Vec<String>,
    /// Events that somebody should act on and that were not confirmed in the end.
    never_confirmed: Vec<String>,
}

/// Seconds.
#[derive(Debug, Default, Serialize)]
struct Spread {
    events: usize,
    p50: f64,
    p95: f64,
    max: f64,
}

/// What was flagged, and when first.
#[derive(Debug, Default)]
struct Flagged {
    polls: Polls,
    suspected: BTreeMap<EventId, Micros>,
    confirmed: BTreeMap<EventId, Micros>,
}

/// Lets the company work while the engine follows it, then lets both come to rest.
pub(crate) async fn follow(
    arguments: &Arguments,
    world: &World,
    faults: &[Fault],
) -> anyhow::Result<(Looked, Timing)> {
    let live = world.run_live(LiveOptions {
        events_per_second: 0.0,
        relay: true,
    })?;
    let eye = open(world, arguments).await?;
    let took_micros = scan(&eye.core, arguments.window).await?;
    eye.core.live(true).map_err(said)?;
    let mut flagged = Flagged::default();
    live.set_rate(arguments.rate);
    let (mut broken, mut slow, mut paused) = (Instant::now(), Instant::now(), false);
    while world.ledger().len() < arguments.events {
        let warm = world.ledger().len() >= WARM_UP;
        if warm && broken.elapsed() >= BREAK {
            broken = Instant::now();
            break_some(arguments, world, faults).await?;
        }
        if slow.elapsed() >= SLOW && !faults.is_empty() {
            slow = Instant::now();
            paused = true;
            world.break_it(Fault::RelayDead, None, None).await?;
        }
        if paused && slow.elapsed() >= PAUSED {
            paused = false;
            // What else is broken is broken again within a second.
            world.heal();
        }
        flagged.look(&eye.core).await?;
        tokio::time::sleep(LOOK).await;
    }
    live.set_rate(0.0);
    world.heal();
    live.settle(SETTLE).await.context("the company works on")?;
    let rest = Instant::now();
    while rest.elapsed() < GRACE {
        flagged.look(&eye.core).await?;
        tokio::time::sleep(LOOK).await;
    }
    live.stop().await;
    let all = rows(&eye.core, "").await?;
    let status = eye.core.status().map_err(said)?;
    eye.core.close().await;
    let expected: Vec<Expected> = world.ledger().expected().collect();
    let published: BTreeMap<&EventId, Micros> = all
        .iter()
        .filter_map(|row| Some((&row.id, row.published?)))
        .collect();
    let timing = flagged.timing(&expected, &published, &status.graces);
    let looked = Looked {
        rows: all,
        took_micros,
        from: Micros(i64::MIN),
        at: status.now,
        told: told(&status),
        graces: status.graces,
    };
    Ok((looked, timing))
}

/// Each fault shall hit as many of the next second's events as its rarity says.
async fn break_some(arguments: &Arguments, world: &World, faults: &[Fault]) -> anyhow::Result<()> {
    let each = arguments.rate / f64::from(arguments.one_in.max(1));
    let events = each.ceil().max(1.0) as u32;
    for fault in faults {
        let is_on = world.broken().iter().any(|it| it.fault == *fault);
        if !is_on {
            world.break_it(*fault, None, Some(events)).await?;
        }
    }
    Ok(())
}

impl Flagged {
    async fn look(&mut self, core: &Core) -> anyhow::Result<()> {
        let (flagged, status) = loop {
            let before = core.status().map_err(said)?;
            let flagged = rows(core, FLAGGED).await?;
            let status = core.status().map_err(said)?;
            // What one poll says and that it has ended are taken in together.
            if before.seen_until == status.seen_until {
                break (flagged, status);
            }
        };
        if let waybill_protocol::ScanState::Failed { failure } = status.scan {
            return Err(anyhow!("following failed: {}", failure.message));
        }
        self.polls.look(&status);
        for row in flagged {
            if row.verdict.phase == Phase::Confirmed {
                self.confirmed.entry(row.id.clone()).or_insert(status.now);
            }
            self.suspected.entry(row.id).or_insert(status.now);
        }
        if self.suspected.len() > 1_000_000 {
            bail!("everything is flagged");
        }
        Ok(())
    }

    fn timing(
        &self,
        expected: &[Expected],
        published: &BTreeMap<&EventId, Micros>,
        graces: &[EdgeGrace],
    ) -> Timing {
        let mut timing = Timing {
            polls: spread(self.polls.apart()),
            ..Timing::default()
        };
        let mut waits: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        let mut answers: BTreeMap<&'static str, Vec<Answer>> = BTreeMap::new();
        for event in expected {
            let confirmed = first(&self.confirmed, event);
            let name = || format!("{} {:?}", event.id, event.faults);
            if event.class.needs_action() {
                match confirmed {
                    Some(&confirmed) => {
                        let (word, edge) = finding(event);
                        // What was never published is late from the change on.
                        let since = published.get(&event.id).copied().unwrap_or(event.at);
                        let due = since.plus(grace_micros(graces, edge));
                        let answer = Answer {
                            due,
                            confirmed,
                            rests_on_tables: RESTS_ON_TABLES.contains(&word),
                        };
                        waits
                            .entry(word)
                            .or_default()
                            .push(secs(event.at, confirmed));
                        answers.entry(word).or_default().push(answer);
                    }
                    // What nobody can know need not be found out.
                    None if event.publish_or.iter().any(is_unknown) => {}
                    None => timing.never_confirmed.push(name()),
                }
            } else if confirmed.is_some() {
                timing.confirmed_in_vain.push(name());
            } else if first(&self.suspected, event).is_some() {
                timing.suspected_in_vain.push(name());
            }
        }
        timing.confirmed_after = spreads(waits);
        timing.count_polls(&self.polls, answers);
        timing
    }
}

impl Timing {
    fn count_polls(&mut self, polls: &Polls, answers: BTreeMap<&'static str, Vec<Answer>>) {
        for (word, answers) in answers {
            let after = answers.iter().map(|it| secs(it.due, it.confirmed));
            self.confirmed_after_grace
                .insert(word, spread(after.collect()));
            let counts = answers.iter().map(|it| polls.until(*it));
            self.later_than_two_polls += counts.clone().filter(|polls| *polls > 2).count();
            self.polls_after_grace.insert(word, polls::spread(counts));
            let in_vain = answers.iter().map(|it| polls.in_vain(*it));
            self.polls_in_vain.insert(word, polls::spread(in_vain));
        }
    }

    /// Whether everything that went wrong was confirmed by two polls, and nothing else was flagged.
    pub(crate) fn all_in_time(&self) -> bool {
        self.later_than_two_polls == 0
            && self.suspected_in_vain.is_empty()
            && self.confirmed_in_vain.is_empty()
            && self.never_confirmed.is_empty()
    }
}

/// When that was first said of an event, under whichever id it was seen.
fn first<'a>(said: &'a BTreeMap<EventId, Micros>, event: &Expected) -> Option<&'a Micros> {
    let ids = [Some(&event.id), event.id_before.as_ref()];
    ids.into_iter().flatten().find_map(|id| said.get(id))
}

fn is_unknown(verdict: &PublishVerdict) -> bool {
    matches!(verdict, PublishVerdict::Unknown(_))
}

/// What decides the class of an event, and on which edge: 0 to be published, then the consumers.
fn finding(event: &Expected) -> (&'static str, Option<usize>) {
    if event.publish.class() == event.class {
        return (event.publish.name(), Some(0));
    }
    let mut consumers = (1..).zip(&event.consumers);
    let worst = consumers.find(|(_, it)| it.class() == event.class);
    worst.map_or(("arrived", None), |(edge, it)| {
        // What was dead-lettered need not be waited for.
        let waits = it.class() != VerdictClass::DeadLettered;
        (it.name(), waits.then_some(edge))
    })
}

fn grace_micros(graces: &[EdgeGrace], edge: Option<usize>) -> i64 {
    let grace = edge.and_then(|edge| graces.get(edge));
    grace.map_or(0, |edge| edge.grace.micros)
}

fn secs(from: Micros, to: Micros) -> f64 {
    to.since(from) as f64 / 1e6
}

fn spreads(waits: BTreeMap<&'static str, Vec<f64>>) -> BTreeMap<&'static str, Spread> {
    let each = waits.into_iter();
    each.map(|(word, waits)| (word, spread(waits))).collect()
}

fn spread(mut waits: Vec<f64>) -> Spread {
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let idx = (waits.len() as f64 * share) as usize;
        let idx = idx.min(waits.len().saturating_sub(1));
        waits.get(idx).copied().unwrap_or_default()
    };
    Spread {
        events: waits.len(),
        p50: at(0.50),
        p95: at(0.95),
        max: at(1.0),
    }
}
