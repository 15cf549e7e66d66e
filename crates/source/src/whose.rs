//! Whose dead letters count for a consumer, where one place may hold those of several.

/// What tells the dead letters of one consumer from those of others.
///
/// A framework notes in a dead letter which group or queue it was taken from. That is believed
/// where it is the consumer's own, or another's; a name that nobody in the profile has (a group
/// that was called otherwise then) counts unless somebody else puts letters there, too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whose {
    /// The consumer's own group and queue.
    pub own: Vec<String>,
    /// Groups and queues of the profile's other consumers.
    pub others: Vec<String>,
    /// Whether another consumer has its dead letters at the same place.
    pub shared: bool,
}

impl Whose {
    /// Whether a letter that was taken from `named` counts; one that names nobody does.
    pub fn counts(&self, named: &[impl AsRef<str>]) -> bool {
        let is_one_of = |known: &[String]| {
            named
                .iter()
                .any(|name| known.iter().any(|known| is_called(known, name.as_ref())))
        };
        if named.is_empty() || is_one_of(&self.own) {
            return true;
        }
        let of_a_stranger = self.shared && !self.own.is_empty();
        !(is_one_of(&self.others) || of_a_stranger)
    }
}

/// A connector commits as a group that is called after it.
fn is_called(group: &str, name: &str) -> bool {
    group == name || group.strip_prefix("connect-") == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_counts_for_whom_it_names() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let whose = |own: &[&str], shared| Whose {
            own: names(own),
            others: names(&["billing"]),
            shared,
        };
        for (own, shared, named, counts) in [
            (&["search"][..], true, &["search"][..], true),
            (&["search"], true, &["billing"], false),
            (&["search"], false, &["billing"], false),
            // It names nobody.
            (&["search"], true, &[], true),
            // Nobody in the profile is called so.
            (&["search"], true, &["search-v1"], false),
            (&["search"], false, &["search-v1"], true),
            (&[], true, &["search-v1"], true),
            // Kafka Connect names the connector.
            (&["connect-search"], true, &["search"], true),
            // Taken from its queue first, from its retry queue last.
            (&["search"], true, &["search.retry", "search"], true),
        ] {
            assert_eq!(
                whose(own, shared).counts(named),
                counts,
                "{own:?} {named:?}"
            );
        }
    }
}
