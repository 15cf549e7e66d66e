//! When an event is late: what the profile says, or what its edge has shown.

use waybill_model::{Grace, GraceBasis, GraceSettings};

use crate::pace::Pace;

/// How long an event may take on each edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraceRules {
    /// From the outbox row to the copy.
    pub publish: GraceRule,
    /// From the copy to each consumer.
    pub consume: GraceRule,
    /// Between the two scans that make a suspicion a confirmed verdict, in microseconds.
    pub confirm_micros: i64,
    /// How long a broker transaction may stay open, in microseconds. One that is older hangs:
    /// nobody is left to end it.
    pub transaction_micros: i64,
}

impl GraceRules {
    /// Kafka's `transaction.max.timeout.ms` unless somebody has raised it.
    pub const TRANSACTION_MICROS: i64 = 900_000_000;
}

/// How long an event may take on one edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraceRule {
    /// So many microseconds, whatever is seen.
    Set(i64),
    /// As long as its youngest events let expect.
    Learnt(Learning),
}

/// How grace is learnt: three times what 99 of 100 of the youngest events took, within limits.
///
/// The distance of clocks comes on top. How far reading is behind does not: absence is asked for
/// only where was read, so what is not read yet is not late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learning {
    /// What holds before enough events have come this way, in microseconds.
    pub cold_micros: i64,
    /// Never less, in microseconds: a quick relay may stop for a deployment.
    pub least_micros: i64,
    /// Never more, in microseconds: an outage that was caught up with teaches no patience.
    pub most_micros: i64,
    /// How many events are enough.
    pub enough: usize,
    /// How many of the youngest count, 500 at most.
    pub youngest: usize,
}

impl Learning {
    /// For publishing.
    pub const PUBLISH: Self = Self {
        cold_micros: GraceSettings::COLD_PUBLISH_SECS as i64 * 1_000_000,
        least_micros: 30_000_000,
        most_micros: 900_000_000,
        enough: 50,
        youngest: 500,
    };

    /// For consuming.
    pub const CONSUME: Self = Self {
        cold_micros: GraceSettings::COLD_CONSUME_SECS as i64 * 1_000_000,
        least_micros: 60_000_000,
        most_micros: 3_600_000_000,
        ..Self::PUBLISH
    };
}

impl From<GraceSettings> for GraceRules {
    fn from(settings: GraceSettings) -> Self {
        let rule = |secs: Option<u32>, learning| {
            secs.map_or(GraceRule::Learnt(learning), |secs| {
                GraceRule::Set(i64::from(secs) * 1_000_000)
            })
        };
        Self {
            publish: rule(settings.publish_secs, Learning::PUBLISH),
            consume: rule(settings.consume_secs, Learning::CONSUME),
            confirm_micros: i64::from(settings.confirm_secs) * 1_000_000,
            transaction_micros: Self::TRANSACTION_MICROS,
        }
    }
}

impl GraceRule {
    /// The grace of an edge on which events came at this pace, with clocks so far apart.
    pub(crate) fn of(&self, pace: &Pace, slack_micros: i64) -> Grace {
        let learning = match *self {
            Self::Set(micros) => {
                return Grace {
                    micros,
                    basis: GraceBasis::Set,
                };
            }
            Self::Learnt(learning) => learning,
        };
        let (p99_micros, events) = pace.p99(learning.youngest).unwrap_or((0, 0));
        let told = u32::try_from(events).unwrap_or(u32::MAX);
        if events < learning.enough {
            return Grace {
                micros: learning.cold_micros,
                basis: GraceBasis::Cold { events: told },
            };
        }
        let expected = p99_micros
            .saturating_mul(3)
            .clamp(learning.least_micros, learning.most_micros);
        Grace {
            micros: expected.saturating_add(slack_micros),
            basis: GraceBasis::Learnt {
                p99_micros,
                events: told,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `events` events that took `secs` each.
    fn pace(events: i64, secs: i64) -> Pace {
        let mut pace = Pace::default();
        (0..events).for_each(|nth| pace.add(nth, nth + secs * 1_000_000));
        pace
    }

    /// Seconds of grace with clocks a second apart.
    fn publish(pace: &Pace) -> i64 {
        let rule = GraceRule::Learnt(Learning::PUBLISH);
        rule.of(pace, 1_000_000).micros / 1_000_000
    }

    #[test]
    fn fifty_events_teach_within_limits() {
        assert_eq!(publish(&pace(49, 20)), 120, "cold");
        assert_eq!(
            publish(&pace(50, 20)),
            61,
            "three times as long, and clocks"
        );
        assert_eq!(publish(&pace(50, 0)), 31, "never less than half a minute");
        assert_eq!(publish(&pace(50, 7200)), 901, "an outage is no habit");
    }

    #[test]
    fn what_the_profile_sets_is_not_learnt() {
        let rules = GraceRules::from(GraceSettings {
            publish_secs: Some(7),
            ..GraceSettings::default()
        });
        assert_eq!(rules.publish, GraceRule::Set(7_000_000));
        assert_eq!(rules.consume, GraceRule::Learnt(Learning::CONSUME));
        let grace = rules.publish.of(&pace(500, 20), 1_000_000);
        assert_eq!((grace.micros, grace.basis), (7_000_000, GraceBasis::Set));
    }
}
