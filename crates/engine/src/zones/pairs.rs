//! What the messages of rows tell of the zone in which the rows' times are written. Pure.

use std::collections::{BTreeMap, BTreeSet};

use waybill_model::{Micros, Zone};

/// A row that was published: its time as if it were UTC, and when the broker had its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) local: Micros,
    pub(crate) published: Micros,
}

/// A zone that rows and messages agree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) zone: Zone,
    /// Rows of different seconds that say so …
    pub(crate) rows: usize,
    /// … of so many.
    pub(crate) of: usize,
}

/// Another zone than UTC takes so many rows of different seconds.
const ENOUGH: usize = 3;

/// The zone that nearly all pairs agree about; `None` where they do not, or are too few.
///
/// A relay takes some time, so a row lies that much before its message; what is left of the
/// difference, in quarters of an hour, is the zone. A backlog that is sent all at once has no such
/// difference: its rows lie apart, its messages do not.
pub(crate) fn agreed(pairs: &[Pair]) -> Option<Agreed> {
    let mut by_zone: BTreeMap<Zone, BTreeMap<i64, i64>> = BTreeMap::new();
    let mut seconds = BTreeSet::new();
    for pair in pairs {
        let ahead = pair.local.since(pair.published);
        let second = pair.local.0.div_euclid(1_000_000);
        seconds.insert(second);
        if let Some(zone) = Zone::nearest(ahead) {
            by_zone.entry(zone).or_default().insert(second, ahead);
        }
    }
    let (zone, rows) = by_zone.into_iter().max_by_key(|(_, rows)| rows.len())?;
    let nearly_all = rows.len() * 10 >= seconds.len() * 8;
    let is_steady = zone == Zone::UTC || rows.len() >= ENOUGH && is_steady(&rows);
    (nearly_all && is_steady).then_some(Agreed {
        zone,
        rows: rows.len(),
        of: seconds.len(),
    })
}

/// Whether messages came as far apart as their rows were written: the distance of the two does not
/// drift as much as time went by.
fn is_steady(rows: &BTreeMap<i64, i64>) -> bool {
    let (Some((first, _)), Some((last, _))) = (rows.first_key_value(), rows.last_key_value())
    else {
        return false;
    };
    let ahead = || rows.values().copied();
    let drift = ahead().max().unwrap_or(0) - ahead().min().unwrap_or(0);
    drift <= (last - first).saturating_mul(1_000_000) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3600 * SECOND;

    /// Rows 20 seconds apart, so far from UTC, published so long after.
    fn rows(n: i64, zone: i64, delay: fn(i64) -> i64) -> Vec<Pair> {
        let pair = |nth: i64| {
            let written = Micros(1_795_183_392_000_000 + nth * 20 * SECOND);
            Pair {
                local: written.plus(zone),
                published: written.plus(delay(nth)),
            }
        };
        (0..n).map(pair).collect()
    }

    fn found(pairs: &[Pair]) -> Option<String> {
        agreed(pairs).map(|agreed| agreed.zone.to_string())
    }

    #[test]
    fn a_steady_difference_is_the_zone() {
        let soon = |nth: i64| SECOND + nth % 3 * SECOND;
        assert_eq!(found(&rows(10, -5 * HOUR, soon)).as_deref(), Some("-05:00"));
        assert_eq!(found(&rows(3, 8 * HOUR, soon)).as_deref(), Some("+08:00"));
        let nepal = 5 * HOUR + HOUR * 3 / 4;
        assert_eq!(found(&rows(9, nepal, soon)).as_deref(), Some("+05:45"));
        assert_eq!(found(&rows(9, 0, soon)).as_deref(), Some("UTC"));
        // A message is said to come a little before its row where clocks differ.
        assert_eq!(
            found(&rows(9, HOUR, |_| -SECOND)).as_deref(),
            Some("+01:00")
        );
    }

    #[test]
    fn too_little_is_no_zone_but_utc() {
        assert_eq!(found(&rows(2, 8 * HOUR, |_| SECOND)), None);
        assert_eq!(found(&rows(1, 0, |_| SECOND)).as_deref(), Some("UTC"));
        assert_eq!(found(&[]), None);
        let mut same = rows(1, 8 * HOUR, |_| SECOND);
        same.extend(same.clone());
        same.extend(same.clone());
        assert_eq!(found(&same), None, "one burst is one row");
    }

    #[test]
    fn a_backlog_is_no_zone() {
        // Written over three minutes, an hour ago, and published all at once.
        assert_eq!(found(&rows(10, 0, |nth| HOUR - nth * 20 * SECOND)), None);
        // Three days: the time of business, not of publishing.
        assert_eq!(found(&rows(10, 0, |_| 72 * HOUR)), None);
    }

    #[test]
    fn where_clocks_were_put_forward_neither_zone_is_told() {
        let mut pairs = rows(6, -5 * HOUR, |_| SECOND);
        pairs.extend(rows(10, -4 * HOUR, |_| SECOND).split_off(4));
        assert_eq!(found(&pairs), None);
    }
}
