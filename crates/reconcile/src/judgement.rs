//! What a judgement is given: the clock, and what this scan is worth.

use waybill_model::Micros;

/// The number of a scan; later scans have higher ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ScanNo(pub u32);

/// When we judge, and how exact times are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Now.
    pub now: Micros,
    /// When the lossless scan that is judged began. Absence is asked for up to this instant.
    /// Where places are followed, the end of what has been judged before.
    pub scan_at: Micros,
    /// How far clocks may be apart, in microseconds: absence is asked for that much earlier,
    /// and causality may be violated by that much before it is called skew.
    pub slack_micros: i64,
}

impl Judgement {
    /// What clocks of hosts with time synchronisation stay well below.
    pub const DEFAULT_SLACK_MICROS: i64 = 2_000_000;

    /// A judgement with the default slack.
    pub fn new(now: Micros, scan_at: Micros) -> Self {
        Self {
            now,
            scan_at,
            slack_micros: Self::DEFAULT_SLACK_MICROS,
        }
    }
}
