//! The figures of a run, line by line, and every failure with its reason.

use serde_json::{Value, json};

use crate::{inbox, judge};

/// All that was seen.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) outboxes: Vec<judge::Outcome>,
    pub(crate) inboxes: Vec<inbox::Outcome>,
    /// Databases without an outbox: name, whether it is a look-alike, the table that was chosen.
    pub(crate) others: Vec<Other>,
}

/// A database without an outbox.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) name: String,
    pub(crate) is_look_alike: bool,
    pub(crate) chosen: Option<String>,
}

/// A line: what, how many, of how many, and the least share that will do.
pub(crate) struct Figure {
    pub(crate) what: &'static str,
    pub(crate) n: usize,
    pub(crate) of: usize,
    /// In percent.
    pub(crate) least: Option<usize>,
}

impl Figure {
    /// Whether it is as good as it has to be.
    pub(crate) fn is_met(&self) -> bool {
        self.least
            .is_none_or(|least| self.n * 100 >= least * self.of)
    }
}

impl Run {
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let count = |is: &dyn Fn(&judge::Outcome) -> bool| {
            self.outboxes.iter().filter(|outcome| is(outcome)).count()
        };
        let all = self.outboxes.len();
        let figure = |what, n, of, least| Figure { what, n, of, least };
        let services = self.others.iter().filter(|other| !other.is_look_alike);
        let alike = self.others.iter().filter(|other| other.is_look_alike);
        let kept = |n: usize, chosen: usize| (n - chosen, n);
        let chosen = |other: &&Other| other.chosen.is_some();
        let (services_kept, n_services) =
            kept(services.clone().count(), services.filter(chosen).count());
        let (alike_kept, n_alike) = kept(alike.clone().count(), alike.filter(chosen).count());
        let right = self.inboxes.iter().filter(|inbox| inbox.is_right).count();
        let found = self.inboxes.iter().filter(|inbox| inbox.is_found).count();
        vec![
            figure(
                "outbox found: the right table",
                count(&|o| o.is_found),
                all,
                Some(97),
            ),
            figure(
                "outbox found: a wrong table",
                count(&|o| o.is_wrong),
                all,
                None,
            ),
            figure(
                "chosen without a word (--yes)",
                count(&|o| o.is_found && o.is_chosen),
                all,
                None,
            ),
            figure("pending and sent told apart", count(&|o| o.sent), all, None),
            figure(
                "core: id, time, pending, sent",
                count(&|o| o.core),
                all,
                Some(92),
            ),
            figure(
                "all: and failed, type, payload, aggregate",
                count(&|o| o.all),
                all,
                Some(80),
            ),
            figure(
                "failed told, of those that have it",
                count(&|o| o.failed == Some(true)),
                count(&|o| o.failed.is_some()),
                Some(85),
            ),
            figure(
                "found, and no question left open",
                count(&|o| o.is_found && o.is_chosen && !o.is_open),
                all,
                None,
            ),
            figure(
                "topic found without a word",
                count(&|o| o.is_destination_right),
                all,
                None,
            ),
            figure(
                "messages matched by the id they carry",
                count(&|o| o.is_matched),
                all,
                None,
            ),
            figure("inbox found", found, self.inboxes.len(), None),
            figure(
                "inbox right: id, waiting, handled",
                right,
                self.inboxes.len(),
                Some(95),
            ),
            figure(
                "services without an outbox: none chosen",
                services_kept,
                n_services,
                Some(100),
            ),
            figure("look-alikes: none chosen", alike_kept, n_alike, Some(100)),
        ]
    }

    /// The figures and the failures, for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for outcome in &self.outboxes {
            if !outcome.all {
                let troubles = outcome.troubles.join("; ");
                text.push_str(&format!("  {}: {troubles}\n", outcome.name));
            }
        }
        for outcome in self.inboxes.iter().filter(|outcome| !outcome.is_right) {
            let troubles = outcome.troubles.join("; ");
            text.push_str(&format!("  inbox {}: {troubles}\n", outcome.name));
        }
        for other in &self.others {
            if let Some(chosen) = &other.chosen {
                text.push_str(&format!("  {}: {chosen} was chosen\n", other.name));
            }
        }
        for figure in self.figures().iter().filter(|figure| figure.of > 0) {
            let percent = figure.n * 100 / figure.of;
            let least = figure.least.map_or_else(String::new, |least| {
                let met = if figure.is_met() { "" } else { ", NOT MET" };
                format!(" (at least {least} %{met})")
            });
            text.push_str(&format!(
                "{:<44} {:>3}/{:<3} {percent:>3} %{least}\n",
                figure.what, figure.n, figure.of
            ));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let figures = self.figures();
        let figures = figures.iter().map(|figure| {
            json!({"what": figure.what, "n": figure.n, "of": figure.of, "least_percent": figure.least, "met": figure.is_met()})
        });
        let outboxes = self.outboxes.iter().map(|outcome| {
            json!({"name": outcome.name, "found": outcome.is_found, "core": outcome.core, "all": outcome.all, "failed": outcome.failed, "troubles": outcome.troubles})
        });
        let inboxes = self.inboxes.iter().map(|outcome| {
            json!({"name": outcome.name, "right": outcome.is_right, "troubles": outcome.troubles})
        });
        let others = self.others.iter();
        let others = others.map(|other| json!({"name": other.name, "chosen": other.chosen}));
        json!({
            "figures": figures.collect::<Vec<_>>(),
            "outboxes": outboxes.collect::<Vec<_>>(),
            "inboxes": inboxes.collect::<Vec<_>>(),
            "others": others.collect::<Vec<_>>(),
        })
    }
}
