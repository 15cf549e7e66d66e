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
    /// A text in small letters.
    Small,
    /// A text in capital letters.
    Large,
    /// A decimal number without the zeros at its end.
    Short,
    /// A time at midnight as its day: how a database shows a day.
    Day,
    /// `0`, `f` and the like as `false`, `1` and the like as `true`.
    Truth,
}

impl Spelling {
    pub(super) const ALL: [Self; 10] = [
        Self::AsIs,
        Self::WithoutDashes,
        Self::Capitals,
        Self::Small,
        Self::Large,
        Self::Short,
        Self::Day,
        Self::Truth,
        Self::UuidBytes,
        Self::NumberBytes,
    ];

    /// Those that are text.
    pub(super) const TEXTS: &[Self] = Self::ALL.split_at(8).0;

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
            Self::Small => Some(text()?.to_lowercase().into_bytes()),
            Self::Large => Some(text()?.to_uppercase().into_bytes()),
            Self::Short => short(text()?),
            Self::Day => day(text()?),
            Self::Truth => truth(text()?).map(|it| it.to_string().into_bytes()),
            Self::NumberBytes => Some(text()?.parse::<i64>().ok()?.to_be_bytes().to_vec()),
        }
    }
}

fn short(text: &str) -> Option<Vec<u8>> {
    let (whole, behind) = text.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_number = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(behind);
    let short = is_number.then(|| text.trim_end_matches('0').trim_end_matches('.'));
    Some(short?.as_bytes().to_vec())
}

fn day(text: &str) -> Option<Vec<u8>> {
    let midnight = text.get(10..)?.trim_start_matches(['T', ' ']);
    let is_midnight =
        midnight.starts_with("00:00:00") && !midnight.contains(|c| matches!(c, '1'..='9'));
    let is_day = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    (is_midnight && is_day).then(|| text.as_bytes()[..10].to_vec())
}

/// What a text says that is true or false.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "true" | "TRUE" | "Y" | "y" => Some(true),
        "0" | "f" | "false" | "FALSE" | "N" | "n" => Some(false),
        _ => None,
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    serde_json::to_vec(text).ok()
}
