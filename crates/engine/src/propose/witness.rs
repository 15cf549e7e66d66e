//! Whoever watches a proposal being made.

use waybill_layouts::BrokerKind;
use waybill_model::OutboxSettings;
use waybill_source::Topology;

use crate::tables::Tables;

/// Watches a proposal being made. What was seen is told even where no profile comes of it.
pub(crate) trait Witness: Send {
    /// A step is begun.
    fn doing(&mut self, step: &str);

    /// The tables of a database: the service's own, or one that was named.
    fn tables(&mut self, _database: Option<&str>, _tables: &Tables) {}

    /// Which table was taken for the outbox, and what its columns were taken for.
    fn outbox(&mut self, _outbox: &OutboxSettings) {}

    /// What the broker has.
    fn broker(&mut self, _kind: BrokerKind, _topology: &Topology) {}
}

/// Hears only of the steps.
pub(crate) struct Listener<'a>(pub(crate) &'a mut (dyn FnMut(&str) + Send));

impl Witness for Listener<'_> {
    fn doing(&mut self, step: &str) {
        (self.0)(step);
    }
}
