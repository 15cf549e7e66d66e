//! Two phases: what is found once is suspected, what a later scan finds again is confirmed.

use hashbrown::HashMap;

use crate::ScanNo;

/// What is suspected of which event, and since when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suspicions {
    of: HashMap<u32, Suspicion>,
}

/// The judgement at which something is found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion {
    pub(crate) now: i64,
    pub(crate) scan: ScanNo,
    pub(crate) scan_began: i64,
    /// It judges that scan as a whole, rather than what has arrived in its course.
    pub(crate) whole: bool,
    /// How long after the first finding at least a second one counts.
    pub(crate) confirm_micros: i64,
}

#[derive(Debug, Clone, Copy)]
struct Suspicion {
    finding: u16,
    scan: ScanNo,
    since: i64,
    confirmed: bool,
}

impl Suspicions {
    /// Notes a finding that rests on absence, made with the event older than its grace. It is
    /// confirmed once a scan that began after it was first made makes it again.
    pub(crate) fn found(&mut self, no: u32, finding: u16, occasion: &Occasion) {
        let first = Suspicion {
            finding,
            scan: occasion.scan,
            since: occasion.now,
            confirmed: false,
        };
        let known = self.of.entry(no).or_insert(first);
        if known.finding != finding {
            *known = first;
        } else if occasion.whole
            && occasion.scan > known.scan
            && occasion.scan_began >= known.since
            && occasion.now.saturating_sub(known.since) >= occasion.confirm_micros
        {
            known.confirmed = true;
        }
    }

    /// There is nothing to suspect any more.
    pub(crate) fn clear(&mut self, no: u32) {
        if !self.of.is_empty() {
            self.of.remove(&no);
        }
    }

    /// Whether the finding was made by two scans.
    pub(crate) fn confirmed(&self, no: u32) -> bool {
        self.of.get(&no).is_some_and(|known| known.confirmed)
    }

    /// The events that are suspected and not confirmed, in no order.
    pub(crate) fn unconfirmed(&self) -> impl Iterator<Item = u32> {
        self.of
            .iter()
            .filter(|(_, known)| !known.confirmed)
            .map(|(no, _)| *no)
    }

    /// The events of which that is found, in no order.
    pub(crate) fn of(&self, finding: u16) -> impl Iterator<Item = u32> {
        self.of
            .iter()
            .filter(move |(_, known)| known.finding == finding)
            .map(|(no, _)| *no)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.of.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One unit is one second; findings are `(scan, scan began, now, finding)`.
    fn check(findings: &[(u32, i64, i64, u16)], confirmed: bool) {
        let mut suspicions = Suspicions::default();
        for &(scan, scan_began, now, finding) in findings {
            suspicions.found(
                7,
                finding,
                &Occasion {
                    now,
                    scan: ScanNo(scan),
                    scan_began,
                    whole: true,
                    confirm_micros: 2,
                },
            );
        }
        assert_eq!(suspicions.confirmed(7), confirmed, "{findings:?}");
    }

    #[test]
    fn only_a_later_scan_confirms() {
        check(&[(1, 0, 10, 5)], false);
        check(&[(1, 0, 10, 5), (1, 0, 20, 5)], false);
        check(&[(1, 0, 10, 5), (2, 10, 20, 5)], true);
        check(&[(1, 0, 10, 5), (2, 9, 20, 5)], false);
        check(&[(1, 0, 10, 5), (2, 10, 11, 5)], false);
        check(&[(1, 0, 10, 5), (2, 10, 20, 6)], false);
        check(&[(1, 0, 10, 5), (2, 10, 20, 6), (3, 20, 30, 6)], true);
    }
}
