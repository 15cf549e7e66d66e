//! Not checked: a place that is needed to say anything failed or was not read.

use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence(why: &str) -> String {
    format!("It could not be checked ({why}).")
}

pub(super) fn fragment() -> String {
    "could not be checked".to_owned()
}
