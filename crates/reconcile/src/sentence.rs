//! What a person would say.
use waybill_model::EventRow;
use crate::index::Index;
pub(crate) fn event(_index: &Index, _row: &EventRow) -> String { String::new() }
