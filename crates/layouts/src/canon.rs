//! Canonical names: one spelling for `OutboxMessage`, `outbox_message` and `OUTBOX_MESSAGE`.
//!
//! They serve to recognise; a statement always takes the real name.

/// Lower case, without anything but letters and digits.
pub fn canon(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// Whether two names are one.
pub(crate) fn same(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
}

/// Whether a name fits a pattern, in which `*` stands for any letters, or none.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = canon(name);
    let pieces: Vec<String> = pattern.split('*').map(canon).collect();
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return false;
    };
    if pieces.len() == 1 {
        return rest == *first;
    }
    let Some(behind) = rest.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some(between) = behind.strip_suffix(last.as_str()) else {
        return false;
    };
    rest = between.to_owned();
    pieces[1..pieces.len() - 1].iter().all(|piece| {
        let found = rest.find(piece.as_str());
        if let Some(at) = found {
            rest.drain(..at + piece.len());
        }
        found.is_some()
    })
}

/// Whether a table of this schema and name fits a pattern: `schema.table` or `table`. Some
/// libraries put the dot into the name itself.
pub(crate) fn table_fits(pattern: &str, schema: &str, name: &str) -> bool {
    match pattern.split_once('.') {
        Some((of_schema, of_table)) => {
            fits(pattern, name) && name.contains('.')
                || fits(of_schema, schema) && fits(of_table, name)
        }
        None => fits(pattern, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        for name in [
            "OutboxMessage",
            "outbox_message",
            "OUTBOX_MESSAGE",
            "outbox-message",
        ] {
            assert_eq!(canon(name), "outboxmessage");
            assert!(same(name, "outboxMessage"), "{name}");
        }
        assert!(!same("outbox", "outboxes"));
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, expected) in [
            ("outbox", "Outbox", true),
            ("outbox", "outbox2", false),
            ("*OutboxData", "Sales_OutboxData", true),
            ("*OutboxData", "OutboxData", true),
            ("*OutboxData", "OutboxDataOld", false),
            ("watermill_*", "watermill_orders", true),
            ("watermill_*", "offsets_watermill", false),
            ("*_lease_ck", "outbox_lease_ck", true),
            ("*outbox*", "my_outbox_table", true),
            ("a*b*c", "a-1-b-2-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_dot_may_be_in_the_name_or_before_it() {
        assert!(table_fits("cap.published", "cap", "Published"));
        assert!(table_fits("cap.published", "shop", "cap.published"));
        assert!(!table_fits("cap.published", "shop", "published"));
        assert!(!table_fits("cap.published", "shop", "cappublished"));
        assert!(table_fits("outbox", "anything", "OUTBOX"));
    }
}
