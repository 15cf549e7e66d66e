//! Headers of a record as one blob: names and values with their lengths before them.

/// Headers in order; a value may be null.
pub(super) type Headers = Vec<(String, Option<Vec<u8>>)>;

/// The length of a null value.
const NULL: u32 = u32::MAX;

/// Packs headers.
pub(super) fn pack(headers: &Headers) -> Vec<u8> {
    let mut blob = Vec::new();
    for (name, value) in headers {
        put(&mut blob, Some(name.as_bytes()));
        put(&mut blob, value.as_deref());
    }
    blob
}

/// Unpacks what [`pack`] made; `None` when it is something else.
pub(super) fn unpack(mut blob: &[u8]) -> Option<Headers> {
    let mut headers = Headers::new();
    while !blob.is_empty() {
        let name = take(&mut blob)??;
        let value = take(&mut blob)?;
        headers.push((String::from_utf8(name).ok()?, value));
    }
    Some(headers)
}

fn put(blob: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let len = bytes.map_or(NULL, |bytes| u32::try_from(bytes.len()).unwrap_or(NULL));
    blob.extend_from_slice(&len.to_be_bytes());
    blob.extend_from_slice(bytes.unwrap_or_default());
}

fn take(blob: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let (len, rest) = blob.split_first_chunk::<4>()?;
    let len = u32::from_be_bytes(*len);
    if len == NULL {
        *blob = rest;
        return Some(None);
    }
    let (bytes, rest) = rest.split_at_checked(len as usize)?;
    *blob = rest;
    Some(Some(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_were() {
        let headers: Headers = vec![
            ("id".to_owned(), Some(b"7".to_vec())),
            ("empty".to_owned(), Some(Vec::new())),
            ("null".to_owned(), None),
            ("binary".to_owned(), Some(vec![0, 255, 1])),
            ("id".to_owned(), Some(b"twice".to_vec())),
        ];
        assert_eq!(unpack(&pack(&headers)), Some(headers));
        assert_eq!(unpack(&[]), Some(Headers::new()));
        assert_eq!(unpack(&[0, 0, 0, 9, 1]), None);
    }
}
