//! How much is given up: the share of `unknown` among all verdicts, and why.

use std::collections::BTreeMap;

/// Verdicts, and those of them that say `unknown`, by their reason.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unknown {
    pub(crate) verdicts: u64,
    pub(crate) given_up: BTreeMap<&'static str, u64>,
}

impl Unknown {
    pub(crate) fn add(&mut self, other: &Self) {
        self.verdicts += other.verdicts;
        for (why, n) in &other.given_up {
            *self.given_up.entry(why).or_default() += n;
        }
    }

    /// In one line, for a run with these options.
    pub(crate) fn line(&self, options: &str) -> String {
        let given_up: u64 = self.given_up.values().sum();
        let percent = given_up as f64 * 100.0 / self.verdicts.max(1) as f64;
        let each = self.given_up.iter().map(|(why, n)| format!("{why} {n}"));
        let each: Vec<String> = each.collect();
        let why = match each.is_empty() {
            true => String::new(),
            false => format!(": {}", each.join(", ")),
        };
        format!(
            "{options}: {given_up} of {} verdicts unknown ({percent:.2} %){why}",
            self.verdicts
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_told_with_its_reasons() {
        let mut all = Unknown {
            verdicts: 100,
            given_up: BTreeMap::new(),
        };
        assert_eq!(
            all.line("ids own"),
            "ids own: 0 of 100 verdicts unknown (0.00 %)"
        );
        let given_up = BTreeMap::from([("no-control", 2), ("retention-passed", 1)]);
        all.add(&Unknown {
            verdicts: 100,
            given_up,
        });
        assert_eq!(
            all.line("ids own"),
            "ids own: 3 of 200 verdicts unknown (1.50 %): no-control 2, retention-passed 1"
        );
    }
}
