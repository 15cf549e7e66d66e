//! Coverage: what was read without loss. Absence counts only inside it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Micros, PlaceId, Window};

/// What one read of one place proves to have seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Which place.
    pub place: PlaceId,
    /// Which partition; `None` where there are none.
    pub partition: Option<u32>,
    /// The span of time in which everything that this place ever held was seen, gaps apart.
    ///
    /// For a table the upper end is the settled horizon: rows of that time are all seen, because
    /// every transaction that may write one has ended. It lies [`Self::ROW_LEAD_MICROS`] before the
    /// moment up to which all transactions have ended.
    pub window: Window,
    /// First and one-past-last position read, where positions exist.
    pub positions: Option<(i64, i64)>,
    /// Where and why something may have been missed.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// How long before its transaction begins a row's time may have been taken, in microseconds:
    /// two seconds cover the gap between `Instant.now()` in a service and `BEGIN` on the server.
    pub const ROW_LEAD_MICROS: i64 = 2_000_000;

    /// Whether nothing can have been missed at `at`.
    pub fn proves_absence_at(&self, at: Micros) -> bool {
        self.window.contains(at) && !self.gaps.iter().any(|gap| gap.window.contains(at))
    }

    /// Share of `asked` that is covered without a gap, 0 to 1. 1 for an empty window.
    pub fn share_of(&self, asked: Window) -> f64 {
        let total = asked.len_micros();
        if total == 0 {
            return 1.0;
        }
        let clip = |w: Window| Window {
            from: Ord::max(w.from, asked.from),
            to: Ord::min(w.to, asked.to),
        };
        let seen = clip(self.window);
        let lost: i64 = self
            .gaps
            .iter()
            .map(|gap| {
                let w = clip(gap.window);
                Window {
                    from: Ord::max(w.from, seen.from),
                    to: Ord::min(w.to, seen.to),
                }
                .len_micros()
            })
            .sum();
        (seen.len_micros() - lost).max(0) as f64 / total as f64
    }
}

/// A span inside the coverage in which something may have been missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When.
    pub window: Window,
    /// Why.
    pub reason: GapReason,
}

/// Why a span is not covered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason", content = "detail")]
pub enum GapReason {
    /// The user stopped the scan.
    Cancelled,
    /// The source failed; the text says how.
    Failed(String),
    /// Older entries were removed by retention.
    Retention,
    /// The topic is compacted: older entries of the same key are gone.
    Compacted,
    /// The tap was opened only then, or lost its connection.
    TapClosed,
    /// The tap queue overflowed.
    TapOverflow,
    /// A configured cap on rows or bytes was reached.
    Cap,
    /// The stream that is read is not bound for everything that its exchange routes; the text says
    /// for what.
    NotBound(String),
    /// The entries carry times that do not say when they came, and not all could be read.
    UntrueTimes,
    /// Transactions were still open that may yet add rows here.
    OpenTransactions,
    /// This kind of place cannot be read without disturbing it.
    NotReadable(String),
    /// The database shows our role only some of the rows; the text says why, and what would show
    /// them all.
    RowsHidden(String),
    /// What is read is a replica that is behind or stopped; the text says so.
    ReplicaBehind(String),
    /// Transactions of others are hidden; the text says what would show them.
    TransactionsHidden(String),
    /// The rows' times do not say when they were written; the text says why.
    NoTimes(String),
    /// The times are local, and nobody said in which zone.
    ZoneUnknown(String),
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the scan was stopped"),
            Self::Failed(why) => write!(f, "reading failed: {why}"),
            Self::Retention => f.write_str("retention has removed older entries"),
            Self::Compacted => f.write_str("the topic is compacted"),
            Self::TapClosed => f.write_str("nothing was listening then"),
            Self::TapOverflow => f.write_str("the tap overflowed"),
            Self::Cap => f.write_str("the scan's own limit was reached"),
            Self::NotBound(what) => write!(
                f,
                "the audit stream is not bound for {what}; bind it as the queues are, or with #"
            ),
            Self::UntrueTimes => f.write_str(
                "its messages' times do not say when they were published, and not all were read",
            ),
            Self::OpenTransactions => f.write_str("transactions are still open"),
            Self::NotReadable(why) => write!(f, "cannot be read without disturbing it: {why}"),
            Self::RowsHidden(why)
            | Self::ReplicaBehind(why)
            | Self::TransactionsHidden(why)
            | Self::NoTimes(why)
            | Self::ZoneUnknown(why) => f.write_str(why),
        }
    }
}

/// How far a read has come, in the place's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Rows or messages read.
    pub done: u64,
    /// How many there are to read, when known.
    pub total: Option<u64>,
    /// Bytes read, when known.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One unit is one second, so shares can be read off.
    fn seconds(from: i64, to: i64) -> Window {
        Window {
            from: Micros(from * 1_000_000),
            to: Micros(to * 1_000_000),
        }
    }

    fn covered(window: Window, gaps: &[Window]) -> Coverage {
        Coverage {
            place: PlaceId(0),
            partition: None,
            window,
            positions: None,
            gaps: gaps
                .iter()
                .map(|&window| Gap {
                    window,
                    reason: GapReason::Retention,
                })
                .collect(),
        }
    }

    #[test]
    fn absence_is_proven_inside_and_outside_gaps_only() {
        let coverage = covered(seconds(0, 100), &[seconds(20, 30)]);
        assert!(coverage.proves_absence_at(Micros(19_999_999)));
        assert!(!coverage.proves_absence_at(Micros(20_000_000)));
        assert!(!coverage.proves_absence_at(Micros(100_000_000)));
    }

    #[test]
    fn a_share_counts_what_lies_in_the_asked_window() {
        let coverage = covered(seconds(0, 50), &[seconds(40, 80)]);
        assert_eq!(coverage.share_of(seconds(0, 100)), 0.4);
        assert_eq!(coverage.share_of(seconds(60, 60)), 1.0);
        assert_eq!(coverage.share_of(seconds(200, 300)), 0.0);
    }
}
