//! What of rows and copies is compared. Pure.

use std::collections::BTreeSet;

use waybill_model::Profile;
use waybill_source::content::Compare;

/// Of outbox rows, whichever flow they belong to; `None` when no flow asks for it.
pub(super) fn of_rows(profile: &Profile) -> Option<Compare> {
    let any = profile.flows.iter().any(|flow| flow.compare.is_some());
    any.then(|| Compare::new("", ignored(profile)))
}

/// Of the messages at a destination.
pub(super) fn of_copies(profile: &Profile, destination: &str) -> Option<Compare> {
    let mut there = profile
        .flows
        .iter()
        .filter(|flow| flow.destination == destination);
    let compare = there.find_map(|flow| flow.compare.as_ref())?;
    Some(Compare::new(&compare.body, ignored(profile)))
}

/// What is left out on both sides. The check of profiles sees to it that all flows say the same.
fn ignored(profile: &Profile) -> BTreeSet<&str> {
    let compared = profile
        .flows
        .iter()
        .filter_map(|flow| flow.compare.as_ref());
    compared
        .flat_map(|compare| compare.ignore.iter().map(String::as_str))
        .collect()
}
