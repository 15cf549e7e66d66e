//! "Did you mean": the nearest name among those that exist.

/// How unlike two names may be and still be a slip of the finger, as `strsim::jaro_winkler` says.
const ALIKE: f64 = 0.75;

/// `; did you mean '…'?`, or nothing when no name is near.
pub(crate) fn suggestion<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let wrong = wrong.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, name)| format!("; did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_far_ones_are_not() {
        let names = ["outbox", "inbox", "products"];
        assert_eq!(suggestion("outbx", names), "; did you mean 'outbox'?");
        assert_eq!(suggestion("OUTBOX", names), "; did you mean 'outbox'?");
        assert_eq!(suggestion("zzz", names), "");
    }
}
