//! What is known of the zone of a table's times, and by what. Pure.

use waybill_model::{Micros, Zone, span_in_words};
use waybill_source::Times;

use super::Agreed;

const MINUTE: i64 = 60_000_000;

/// Clocks of hosts differ by less.
const SKEW_MICROS: i64 = MINUTE;

/// A row that seems so young is as good as just written: were its zone in the west it would lie in
/// the future, and were it in the east nobody would have written anything for hours.
const FRESH_MICROS: i64 = 60 * MINUTE;

/// So many rows that lie in the future contradict what the profile says.
const CONTRADICT: usize = 3;

/// What is known of the zone of a table's times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// The times name their zone, or there is none to place.
    Needless,
    /// It is this one.
    Known(Known),
    /// Nobody knows, for this reason; perhaps it is this one.
    Unknown { why: String, likely: Option<Zone> },
}

/// A zone, and by what it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) zone: Zone,
    pub(crate) why: String,
}

/// Decides from how the times are written, from what rows and messages agree about, and from the
/// profile's word.
pub(crate) fn told(times: &Times, agreed: Option<Agreed>, named: Option<Zone>) -> Told {
    if !times.local {
        return Told::Needless;
    }
    match (named, agreed) {
        (Some(named), Some(agreed)) if named == agreed.zone => known(
            named,
            format!("the profile says so, and {}", agreed.words()),
        ),
        (Some(named), Some(agreed)) => Told::Unknown {
            why: format!(
                "the profile says {named}, but {}, as where clocks were put forward or back",
                agreed.words()
            ),
            likely: Some(agreed.zone),
        },
        (Some(named), None) => by_profile(times, named),
        (None, Some(agreed)) => known(agreed.zone, agreed.words()),
        (None, None) => by_clock(times),
    }
}

impl Agreed {
    fn words(&self) -> String {
        let Self { zone, rows, of } = self;
        format!(
            "{rows} of {of} messages were published when their rows say, if those are in {zone}"
        )
    }
}

fn known(zone: Zone, why: String) -> Told {
    Told::Known(Known { zone, why })
}

/// The profile's word, unless its rows would lie in the future.
fn by_profile(times: &Times, named: Zone) -> Told {
    let now = times.now.unwrap_or(Micros(i64::MAX));
    let ahead = |local: &&Micros| named.moment(**local) > now.plus(Zone::STEP_MICROS);
    let in_future = times.newest.iter().filter(ahead).count();
    if in_future >= CONTRADICT {
        return Told::Unknown {
            why: format!(
                "the profile says {named}, in which {in_future} of its newest rows lie in the future"
            ),
            likely: None,
        };
    }
    known(named, "the profile says so".to_owned())
}

/// Without the profile's word, and without messages.
fn by_clock(times: &Times) -> Told {
    let (Some(newest), Some(now)) = (times.newest.iter().max(), times.now) else {
        return Told::Needless;
    };
    let lead = newest.since(now);
    if lead > SKEW_MICROS {
        // Behind the next quarter it was written in the past.
        let next = Zone::nearest(lead + Zone::STEP_MICROS / 2 - 1);
        let age = |zone: Zone| span_in_words(now.since(zone.moment(*newest)));
        let likely = next.map(|zone| format!("; in {zone} it was written {} ago", age(zone)));
        return Told::Unknown {
            why: format!(
                "in UTC its newest row would lie {} in the future{}",
                span_in_words(lead),
                likely.unwrap_or_default()
            ),
            likely: next,
        };
    }
    if let Some((zone, how)) = &times.defined {
        return known(*zone, how.clone());
    }
    if lead > -FRESH_MICROS {
        let why = format!(
            "in UTC its newest row was written {} ago",
            span_in_words(-lead)
        );
        return known(Zone::UTC, why);
    }
    let server = times.server.as_ref();
    let server = server.map(|(_, how)| format!(" ({how}, which whoever writes need not share)"));
    Told::Unknown {
        why: format!(
            "in UTC its newest row is {} old, in the west it may be of this moment{}",
            span_in_words(-lead),
            server.unwrap_or_default()
        ),
        likely: times.server.as_ref().map(|(zone, _)| *zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_795_183_392_000_000);

    fn written(minutes: &[i64]) -> Times {
        Times {
            local: true,
            newest: minutes.iter().map(|ago| NOW.plus(-ago * MINUTE)).collect(),
            now: Some(NOW),
            ..Times::default()
        }
    }

    fn zone(text: &str) -> Zone {
        text.parse().expect("it is one")
    }

    fn shown(told: Told) -> String {
        match told {
            Told::Needless => "needless".to_owned(),
            Told::Known(known) => format!("{}: {}", known.zone, known.why),
            Told::Unknown { why, likely } => {
                let likely = likely.map_or_else(|| "none".to_owned(), |zone| zone.to_string());
                format!("unknown ({likely}): {why}")
            }
        }
    }

    #[test]
    fn times_that_name_their_zone_need_none() {
        assert_eq!(told(&Times::default(), None, None), Told::Needless);
        assert_eq!(told(&written(&[]), None, None), Told::Needless);
    }

    #[test]
    fn the_clock_tells_utc_of_a_fresh_row_alone() {
        for (ago, expected) in [
            (5, "UTC: in UTC its newest row was written 5 min ago"),
            (
                -8 * 60 + 3,
                "unknown (+08:00): in UTC its newest row would lie 7 h in the future; in +08:00 it was written 3 min ago",
            ),
            (
                300,
                "unknown (none): in UTC its newest row is 5 h old, in the west it may be of this moment",
            ),
        ] {
            assert_eq!(shown(told(&written(&[ago, 1000]), None, None)), expected);
        }
    }

    #[test]
    fn a_definition_tells_what_a_server_does_not() {
        let said = Some((Zone::UTC, "the default is so".to_owned()));
        let defined = Times {
            defined: said.clone(),
            ..written(&[300])
        };
        assert_eq!(shown(told(&defined, None, None)), "UTC: the default is so");
        let server = Times {
            server: said,
            ..written(&[300])
        };
        let told = told(&server, None, None);
        assert!(
            matches!(
                told,
                Told::Unknown {
                    likely: Some(Zone::UTC),
                    ..
                }
            ),
            "{told:?}"
        );
    }

    #[test]
    fn the_profile_is_believed_until_it_is_contradicted() {
        let west = zone("-05:00");
        let agreed = |zone| {
            Some(Agreed {
                zone,
                rows: 9,
                of: 10,
            })
        };
        let quiet = written(&[3000]);
        assert_eq!(
            shown(told(&quiet, None, Some(west))),
            "-05:00: the profile says so"
        );
        assert!(matches!(
            told(&quiet, agreed(west), Some(west)),
            Told::Known(_)
        ));
        let moved = told(&quiet, agreed(zone("-04:00")), Some(west));
        assert_eq!(
            shown(moved),
            "unknown (-04:00): the profile says -05:00, but 9 of 10 messages were published when their rows say, if those are in -04:00, as where clocks were put forward or back"
        );
        // Read in -05:00 they would be written in four hours.
        let now = written(&[60, 60, 60]);
        assert!(matches!(told(&now, None, Some(west)), Told::Unknown { .. }));
    }
}
