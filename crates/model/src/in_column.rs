//! Where in a row a fact stands: in a column of its own, or inside a column of JSON.

/// What sets the pointer off.
const MARK: &str = "#/";

/// `column`, or `column#/pointer` with a JSON pointer (RFC 6901): some libraries keep the event's
/// id nowhere but in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InColumn<'a> {
    /// The column.
    pub column: &'a str,
    /// The place inside its JSON, with the slash in front.
    pub pointer: Option<&'a str>,
}

impl<'a> InColumn<'a> {
    /// Takes the name of a role apart.
    pub fn of(role: &'a str) -> Self {
        match role.find(MARK) {
            Some(at) => Self {
                column: &role[..at],
                pointer: Some(&role[at + 1..]),
            },
            None => Self {
                column: role,
                pointer: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_set_off_from_its_column() {
        for (role, column, pointer) in [
            ("id", "id", None),
            ("body#/id", "body", Some("/id")),
            ("body#/data/id", "body", Some("/data/id")),
            ("#1", "#1", None),
        ] {
            assert_eq!(InColumn::of(role), InColumn { column, pointer }, "{role}");
        }
    }
}
