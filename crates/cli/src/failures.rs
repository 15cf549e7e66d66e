//! What could not be done.

use waybill_protocol::{Failure, ScanState, Status};

/// Everything that failed, once each: places of one connection fail for the same reason.
pub(crate) fn failures(status: &Status) -> Vec<&Failure> {
    let whole = match &status.scan {
        ScanState::Failed { failure } => Some(failure),
        ScanState::Idle
        | ScanState::Connecting
        | ScanState::Scanning { .. }
        | ScanState::Done { .. }
        | ScanState::Live
        | ScanState::Stopped => None,
    };
    let of_places = status
        .places
        .iter()
        .filter_map(|place| place.failure.as_ref());
    let mut all: Vec<&Failure> = Vec::new();
    for failure in whole.into_iter().chain(of_places) {
        if !all.contains(&failure) {
            all.push(failure);
        }
    }
    all
}
