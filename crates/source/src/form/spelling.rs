//! One value, spelled in the ways that relays spell it.

use uuid::Uuid;

/// How a value of a row is spelled in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it stands in the row.
    AsIs,
    /// A UUID without its dashes.
    WithoutDashes,
    /// A UUID in capital letters.
    Capitals,
    /// A UUID as its sixteen bytes.
    UuidBytes,
    /// A number in eight bytes, the highest first.
    NumberBytes,
}

impl Spelling {
    pub(super) const ALL: [Self; 5] = [
        Self::AsIs,
        Self::WithoutDashes,
        Self::Capitals,
        Self::UuidBytes,
        Self::NumberBytes,
    ];

    /// The value spelled so; `None` where it is nothing that can be.
    pub(super) fn of(self, value: &[u8]) -> Option<Vec<u8>> {
        let text = || std::str::from_utf8(value).ok();
        let uuid = || {
            let text = text().filter(|text| text.len() >= 32)?;
            Uuid::try_parse(text).ok()
        };
        match self {
            Self::AsIs => Some(value.to_vec()),
            Self::WithoutDashes => Some(uuid()?.simple().to_string().into_bytes()),
            Self::Capitals => Some(uuid()?.hyphenated().to_string().to_uppercase().into_bytes()),
            Self::UuidBytes => Some(uuid()?.as_bytes().to_vec()),
            Self::NumberBytes => Some(text()?.parse::<i64>().ok()?.to_be_bytes().to_vec()),
        }
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    serde_json::to_vec(text).ok()
}
