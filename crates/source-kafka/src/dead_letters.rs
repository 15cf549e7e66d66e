//! What frameworks write into the headers of a record they could not process.
//!
//! Kafka has no dead letters of its own: a topic is one because somebody says so, and each
//! framework tells in its own headers where a record came from, who failed on it and why.

/// How a header's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// UTF-8.
    Text,
    /// Big-endian, 4 bytes.
    Int,
    /// Big-endian, 8 bytes.
    Long,
}

/// The fact that tells who failed.
const GROUP: &str = "consumer-group";

/// Header, the fact it holds, and its form. The first of a fact that is there wins.
const HEADERS: &[(&str, &str, Form)] = &[
    // Spring for Apache Kafka, dead-letter topics.
    ("kafka_dlt-original-topic", "original-topic", Form::Text),
    (
        "kafka_dlt-original-partition",
        "original-partition",
        Form::Int,
    ),
    ("kafka_dlt-original-offset", "original-offset", Form::Long),
    ("kafka_dlt-original-consumer-group", GROUP, Form::Text),
    ("kafka_dlt-exception-fqcn", "exception", Form::Text),
    ("kafka_dlt-exception-cause-fqcn", "cause", Form::Text),
    ("kafka_dlt-exception-message", "reason", Form::Text),
    // Spring for Apache Kafka, retry topics.
    ("kafka_original-topic", "original-topic", Form::Text),
    ("kafka_original-partition", "original-partition", Form::Int),
    ("kafka_original-offset", "original-offset", Form::Long),
    ("kafka_exception-fqcn", "exception", Form::Text),
    ("kafka_exception-cause-fqcn", "cause", Form::Text),
    ("kafka_exception-message", "reason", Form::Text),
    // Kafka Connect.
    ("__connect.errors.topic", "original-topic", Form::Text),
    (
        "__connect.errors.partition",
        "original-partition",
        Form::Text,
    ),
    ("__connect.errors.offset", "original-offset", Form::Text),
    ("__connect.errors.connector.name", GROUP, Form::Text),
    ("__connect.errors.stage", "stage", Form::Text),
    (
        "__connect.errors.exception.class.name",
        "exception",
        Form::Text,
    ),
    ("__connect.errors.exception.message", "reason", Form::Text),
    // Quarkus (SmallRye).
    ("dead-letter-topic", "original-topic", Form::Text),
    ("dead-letter-partition", "original-partition", Form::Text),
    ("dead-letter-offset", "original-offset", Form::Text),
    ("dead-letter-exception-class-name", "exception", Form::Text),
    ("dead-letter-cause-class-name", "cause", Form::Text),
    ("dead-letter-reason", "reason", Form::Text),
];

/// The group that failed on a record, where its headers name one.
pub(crate) fn group<'m>(
    headers: impl Iterator<Item = (&'m [u8], Option<&'m [u8]>)> + Clone,
) -> Option<String> {
    let mut named = HEADERS.iter().filter(|(_, fact, _)| *fact == GROUP);
    named.find_map(|(name, _, form)| decoded(last(headers.clone(), name)?, *form))
}

/// The value of the last header of a name that says something: each hop adds its own behind those
/// of the hops before, and Kafka's clients read the last, too.
fn last<'m>(
    headers: impl Iterator<Item = (&'m [u8], Option<&'m [u8]>)>,
    name: &str,
) -> Option<&'m [u8]> {
    headers
        .filter(|(n, _)| *n == name.as_bytes())
        .filter_map(|(_, value)| value.filter(|value| !value.is_empty()))
        .last()
}

/// The facts a record's headers hold, decoded, in the table's order.
pub(crate) fn facts<'m>(
    headers: impl Iterator<Item = (&'m [u8], Option<&'m [u8]>)> + Clone,
) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    for (name, fact, form) in HEADERS {
        if facts.iter().any(|(known, _)| known == fact) {
            continue;
        }
        let value = last(headers.clone(), name);
        if let Some(text) = value.and_then(|value| decoded(value, *form)) {
            facts.push(((*fact).to_owned(), text));
        }
    }
    facts
}

fn decoded(value: &[u8], form: Form) -> Option<String> {
    match form {
        Form::Text => Some(String::from_utf8_lossy(value).into_owned()),
        Form::Int => value
            .try_into()
            .ok()
            .map(|bytes| i32::from_be_bytes(bytes).to_string()),
        Form::Long => value
            .try_into()
            .ok()
            .map(|bytes| i64::from_be_bytes(bytes).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(headers: &[(&str, &[u8])], expected: Expect) {
        let facts = facts(
            headers
                .iter()
                .map(|(name, value)| (name.as_bytes(), Some(*value))),
        );
        let lines: Vec<_> = facts
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        expected.assert_eq(&lines.join(" "));
    }

    #[test]
    fn springs_numbers_are_binary() {
        check(
            &[
                ("id", b"7"),
                ("kafka_dlt-original-topic", b"orders"),
                ("kafka_dlt-original-partition", &[0, 0, 0, 2]),
                ("kafka_dlt-original-offset", &[0, 0, 0, 0, 0, 0, 1, 0]),
                ("kafka_dlt-original-consumer-group", b"search"),
                ("kafka_dlt-exception-message", b"no price"),
            ],
            expect![
                "original-topic=orders original-partition=2 original-offset=256 consumer-group=search reason=no price"
            ],
        );
    }

    #[test]
    fn of_several_hops_the_last_one_counts() {
        let headers: [(&[u8], Option<&[u8]>); 4] = [
            (b"kafka_dlt-original-consumer-group", Some(b"billing")),
            (b"kafka_dlt-original-consumer-group", Some(b"search")),
            (b"kafka_dlt-original-consumer-group", None),
            (b"kafka_dlt-original-consumer-group", Some(b"")),
        ];
        assert_eq!(group(headers.into_iter()).as_deref(), Some("search"));
        assert_eq!(group(std::iter::empty()), None);
    }

    #[test]
    fn connects_numbers_are_text_and_broken_values_are_left_out() {
        check(
            &[
                ("__connect.errors.topic", b"orders"),
                ("__connect.errors.offset", b"17"),
                ("kafka_dlt-original-partition", &[1]),
            ],
            expect!["original-topic=orders original-offset=17"],
        );
        check(&[("id", b"7")], expect![""]);
    }
}
