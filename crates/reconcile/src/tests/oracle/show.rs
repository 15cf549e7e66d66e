//! Histories as text, one line for each fact, so that a counterexample can be read.

use std::fmt;

use super::history::{Fact, History};

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = &self.shape;
        writeln!(
            f,
            "outbox {} (tells sent {}, deletes {}, found by id {}), business {} (history {}), observer {}, {:?}, slack {}, consumers since {:?}",
            shape.has_outbox,
            shape.outbox_tells_sent,
            shape.deletes_after_send,
            shape.found_by_id,
            shape.has_business,
            shape.keeps_versions,
            shape.has_observer,
            shape.grace,
            self.slack,
            self.since,
        )?;
        for consumer in &shape.consumers {
            writeln!(f, "{consumer:?}")?;
        }
        for place in &shape.places {
            write!(f, "{} {:?}; ", place.id.0, place.role)?;
        }
        for scan in &self.scans {
            writeln!(f, "\nscan from {}, failed {:?}", scan.began, scan.failed)?;
            for fact in &scan.facts {
                match fact {
                    Fact::Seen(seen) => writeln!(
                        f,
                        "  {} '{}' {} {}@{:?} at {}, {}@{} says {} {:?}",
                        seen.place.0,
                        seen.id,
                        seen.kind,
                        seen.aggregate,
                        seen.version,
                        seen.at,
                        seen.partition,
                        seen.position,
                        seen.says,
                        seen.marks
                            .iter_names()
                            .map(|(name, _)| name)
                            .collect::<Vec<_>>(),
                    )?,
                    Fact::Looked(look) => writeln!(f, "  {look:?}")?,
                    Fact::Resent(resend) => writeln!(f, "  {resend:?}")?,
                    Fact::Read(read) => writeln!(
                        f,
                        "  {} {:?} read {}..{} but {:?}",
                        read.place.0, read.partition, read.from, read.to, read.gaps,
                    )?,
                }
            }
            writeln!(f, "  judged {:?}", scan.judged)?;
        }
        Ok(())
    }
}
