//! `COPY … (FORMAT binary)`: the frame around the rows.
//!
//! Each row is a count of fields and then each field's length and bytes. The server sends a row
//! per message, but nothing promises that, so a row may begin in one piece and end in the next.

use crate::cell::Cell;
use crate::postgres::types::cell;
use crate::shape::Kind;

/// What every such stream begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Signature, flags, length of the extension.
const HEADER: usize = SIGNATURE.len() + 8;

/// The count of fields that ends the rows.
const END: i16 = -1;

/// Takes rows out of the pieces of a stream.
#[derive(Debug)]
pub(crate) struct CopyRows<'k> {
    kinds: &'k [Kind],
    /// What was left of the piece before.
    rest: Vec<u8>,
    begun: bool,
    ended: bool,
}

/// The stream is not what PostgreSQL sends.
#[derive(Debug, thiserror::Error)]
#[error("the server's COPY data is not in the binary format: {0}")]
pub(crate) struct CopyError(&'static str);

impl<'k> CopyRows<'k> {
    pub(crate) fn new(kinds: &'k [Kind]) -> Self {
        Self {
            kinds,
            rest: Vec::new(),
            begun: false,
            ended: false,
        }
    }

    /// Takes the next piece, and hands out the rows that are complete.
    pub(crate) fn piece(
        &mut self,
        piece: &[u8],
        each: &mut (dyn for<'c> FnMut(&[Cell<'c>]) + Send),
    ) -> Result<(), CopyError> {
        if self.rest.is_empty() {
            let used = self.rows(piece, each)?;
            self.rest.extend_from_slice(&piece[used..]);
        } else {
            let mut whole = std::mem::take(&mut self.rest);
            whole.extend_from_slice(piece);
            let used = self.rows(&whole, each)?;
            whole.drain(..used);
            self.rest = whole;
        }
        Ok(())
    }

    /// The stream has ended; fails when it did so in the middle of a row.
    pub(crate) fn finish(self) -> Result<(), CopyError> {
        if self.ended && self.rest.is_empty() {
            Ok(())
        } else {
            Err(CopyError("it ends in the middle"))
        }
    }

    /// How many bytes whole rows took.
    fn rows(
        &mut self,
        bytes: &[u8],
        each: &mut (dyn for<'c> FnMut(&[Cell<'c>]) + Send),
    ) -> Result<usize, CopyError> {
        let mut used = 0;
        if !self.begun {
            let Some(header) = bytes.get(..HEADER) else {
                return Ok(0);
            };
            if !header.starts_with(SIGNATURE) {
                return Err(CopyError("it begins with something else"));
            }
            let extension = u32::from_be_bytes(
                header[HEADER - 4..]
                    .try_into()
                    .expect("four bytes are left"),
            );
            let Some(after) = bytes.get(HEADER + extension as usize..) else {
                return Ok(0);
            };
            used = bytes.len() - after.len();
            self.begun = true;
        }
        const FIELDS: usize = 24;
        let mut cells: [Cell<'_>; FIELDS] = [const { Cell::Null }; FIELDS];
        if self.kinds.len() > FIELDS {
            return Err(CopyError("it has more columns than were asked for"));
        }
        while let Some(taken) = self.row(&bytes[used..], &mut cells)? {
            used += taken;
            if !self.ended {
                each(&cells[..self.kinds.len()]);
            }
        }
        Ok(used)
    }

    /// Reads one row; `None` when it is not complete yet.
    fn row<'b>(
        &mut self,
        bytes: &'b [u8],
        cells: &mut [Cell<'b>],
    ) -> Result<Option<usize>, CopyError> {
        let Some((count, mut rest)) = bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let count = i16::from_be_bytes(*count);
        if count == END {
            self.ended = true;
            return Ok(Some(2));
        }
        if usize::try_from(count) != Ok(self.kinds.len()) {
            return Err(CopyError("a row has the wrong number of fields"));
        }
        for (kind, slot) in self.kinds.iter().zip(cells) {
            let Some((len, after)) = rest.split_first_chunk::<4>() else {
                return Ok(None);
            };
            rest = after;
            let value = match usize::try_from(i32::from_be_bytes(*len)) {
                Err(_negative) => None,
                Ok(len) => {
                    let Some((value, after)) = rest.split_at_checked(len) else {
                        return Ok(None);
                    };
                    rest = after;
                    Some(value)
                }
            };
            *slot = cell(*kind, value);
        }
        Ok(Some(bytes.len() - rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 2] = [Kind::Int(false), Kind::Text];

    fn stream() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for (number, text) in [(1_i32, Some("one")), (2, None), (3, Some(""))] {
            bytes.extend(2_i16.to_be_bytes());
            bytes.extend(4_i32.to_be_bytes());
            bytes.extend(number.to_be_bytes());
            match text {
                Some(text) => {
                    bytes.extend(i32::try_from(text.len()).expect("short").to_be_bytes());
                    bytes.extend(text.as_bytes());
                }
                None => bytes.extend((-1_i32).to_be_bytes()),
            }
        }
        bytes.extend(END.to_be_bytes());
        bytes
    }

    fn rows(pieces: &[&[u8]]) -> Result<Vec<String>, CopyError> {
        let mut copy = CopyRows::new(&KINDS);
        let mut rows = Vec::new();
        for piece in pieces {
            copy.piece(piece, &mut |cells| rows.push(format!("{cells:?}")))?;
        }
        copy.finish()?;
        Ok(rows)
    }

    #[test]
    fn rows_are_whole_wherever_the_pieces_end() {
        let bytes = stream();
        let expected = rows(&[&bytes]).expect("it is whole");
        assert_eq!(
            expected,
            [
                "[Int(1), Text([111, 110, 101])]",
                "[Int(2), Null]",
                "[Int(3), Text([])]"
            ]
        );
        for split in 0..bytes.len() {
            let (head, tail) = bytes.split_at(split);
            assert_eq!(
                rows(&[head, tail]).expect("it is whole"),
                expected,
                "{split}"
            );
        }
    }

    #[test]
    fn a_stream_that_breaks_off_is_an_error() {
        let bytes = stream();
        for end in 0..bytes.len() {
            rows(&[&bytes[..end]]).expect_err("it is not whole");
        }
        rows(&[b"id,text\n1,one\n and so on"]).expect_err("it is text");
    }
}
