//! The ways in which people write a UUID.

use uuid::Uuid;

/// An id as the rest of the company writes it. A number that is counted up from one is kept as the
/// UUID of that value, which nobody comes upon otherwise.
pub(crate) fn written(id: Uuid) -> String {
    counted(id).map_or_else(|| id.hyphenated().to_string(), |number| number.to_string())
}

/// What [`written`] wrote.
pub(crate) fn read(text: &str) -> Option<Uuid> {
    let number = text.parse::<u64>().ok().map(u128::from);
    number
        .map(Uuid::from_u128)
        .or_else(|| Uuid::try_parse(text).ok())
}

/// The number, if it is one that was counted.
pub(crate) fn counted(id: Uuid) -> Option<u64> {
    u64::try_from(id.as_u128())
        .ok()
        .filter(|number| *number > 0)
}

/// One way of writing an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Spelling {
    /// `0b5f3c8a-9d1e-…`, as the rest of the company writes it.
    #[default]
    Plain,
    Upper,
    /// Without dashes.
    Simple,
    /// In braces.
    Braced,
    /// `urn:uuid:…`
    Urn,
    /// In double quotes, as JSON would have it.
    Quoted,
    /// The sixteen bytes themselves.
    Bytes,
}

impl Spelling {
    /// All but the plain one.
    const ODD: [Self; 6] = [
        Self::Upper,
        Self::Simple,
        Self::Braced,
        Self::Urn,
        Self::Quoted,
        Self::Bytes,
    ];

    /// One of the odd ones; the same number always gives the same one.
    pub(crate) fn odd(number: u8) -> Self {
        Self::ODD[usize::from(number) % Self::ODD.len()]
    }

    /// One that fits a column of 36 characters.
    pub(crate) fn short(number: u8) -> Self {
        [Self::Upper, Self::Simple][usize::from(number) % 2]
    }

    /// The id as text; what has no text of its own is written without dashes.
    pub(crate) fn text(self, id: Uuid) -> String {
        if counted(id).is_some() {
            return written(id);
        }
        match self {
            Self::Plain => id.hyphenated().to_string(),
            Self::Upper => id.hyphenated().to_string().to_uppercase(),
            Self::Simple | Self::Bytes => id.simple().to_string(),
            Self::Braced => id.braced().to_string(),
            Self::Urn => id.urn().to_string(),
            Self::Quoted => format!("\"{}\"", id.hyphenated()),
        }
    }

    /// The id as a header carries it.
    pub(crate) fn bytes(self, id: Uuid) -> Vec<u8> {
        match self {
            Self::Bytes if counted(id).is_none() => id.as_bytes().to_vec(),
            _ => self.text(id).into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::canonical_id;

    use super::*;

    #[test]
    fn a_number_is_written_in_one_way_only() {
        let id = Uuid::from_u128(17);
        for spelling in Spelling::ODD {
            assert_eq!(spelling.text(id), "17");
            assert_eq!(spelling.bytes(id), b"17");
        }
        let random = Uuid::from_u128(0x0b5f_3c8a_9d1e_4f6a_8c2b_7e4d_5a6f_1b20);
        for id in [id, random] {
            assert_eq!(read(&written(id)), Some(id));
        }
    }

    #[test]
    fn every_spelling_is_odd_and_means_the_same() {
        let id = Uuid::from_u128(0x0b5f_3c8a_9d1e_4f6a_8c2b_7e4d_5a6f_1b20);
        for number in 0..6 {
            let text = Spelling::odd(number).text(id);
            assert_ne!(text, id.to_string());
            assert_eq!(canonical_id(&text), id.to_string());
            assert!(Spelling::short(number).text(id).len() <= 36);
        }
    }
}
