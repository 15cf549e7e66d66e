//! A tile as bytes: little-endian, runs of zeros as one number, small counts as one byte.
//!
//! ```text
//! "WT" version from:i64 to:i64 cols:u32 lanes:u16 flags:u8 marks:u16
//! per lane, until the columns are full: zeros:varint values:varint value:varint…
//! per mark: at-from:varint(delta) lane:u16 interest:u8 no:u32
//! ```

use waybill_model::Micros;

use crate::{Grid, LaneTile, MAX_MARKS, Mark, Tile};

/// Bytes that are no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They do not begin like a tile, or like one of a different version.
    #[error("these bytes are no tile of this version")]
    NotATile,
    /// They end too early.
    #[error("the tile ends too early")]
    TooShort,
    /// Something follows after the end.
    #[error("something follows the tile")]
    TooLong,
    /// A number in it cannot be.
    #[error("the tile has an impossible {0}")]
    Impossible(&'static str),
}

const MAGIC: [u8; 3] = [b'W', b'T', 1];
const ALL_MARKED: u8 = 1;

impl Tile {
    /// The tile as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.grid.cols as usize);
        out.extend(MAGIC);
        out.extend(self.grid.from.0.to_le_bytes());
        out.extend(self.grid.to.0.to_le_bytes());
        out.extend(self.grid.cols.to_le_bytes());
        let lanes = u16::try_from(self.lanes.len()).unwrap_or(u16::MAX);
        out.extend(lanes.to_le_bytes());
        out.push(if self.all_marked { ALL_MARKED } else { 0 });
        let marks = &self.marks[..self.marks.len().min(MAX_MARKS)];
        out.extend(u16::try_from(marks.len()).unwrap_or(u16::MAX).to_le_bytes());
        for lane in self.lanes.iter().take(usize::from(lanes)) {
            encode_counts(&mut out, &lane.counts, self.grid.cols as usize);
        }
        let mut before = self.grid.from;
        for mark in marks {
            push_varint(&mut out, mark.at.since(before).max(0).unsigned_abs());
            out.extend(mark.lane.to_le_bytes());
            out.push(mark.interest);
            out.extend(mark.no.to_le_bytes());
            before = mark.at;
        }
        out
    }

    /// Reads a tile back; never panics and never takes more memory than a real tile could.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader { bytes };
        if reader.array::<3>()? != MAGIC {
            return Err(DecodeError::NotATile);
        }
        let grid = Grid {
            from: Micros(i64::from_le_bytes(reader.array()?)),
            to: Micros(i64::from_le_bytes(reader.array()?)),
            cols: u32::from_le_bytes(reader.array()?),
        };
        if grid.to <= grid.from {
            return Err(DecodeError::Impossible("span"));
        }
        if grid.cols == 0 || grid.cols > Grid::MAX_COLS {
            return Err(DecodeError::Impossible("number of columns"));
        }
        let n_lanes = usize::from(u16::from_le_bytes(reader.array()?));
        if n_lanes > Self::MAX_LANES {
            return Err(DecodeError::Impossible("number of lanes"));
        }
        let [flags] = reader.array()?;
        let n_marks = usize::from(u16::from_le_bytes(reader.array()?));
        if n_marks > MAX_MARKS {
            return Err(DecodeError::Impossible("number of marks"));
        }
        let mut tile = Self::new(grid);
        tile.all_marked = flags & ALL_MARKED != 0;
        for _ in 0..n_lanes {
            let counts = reader.counts(grid.cols as usize)?;
            tile.lanes.push(LaneTile { counts });
        }
        tile.marks = reader.marks(n_marks, &grid, n_lanes)?;
        if reader.bytes.is_empty() {
            Ok(tile)
        } else {
            Err(DecodeError::TooLong)
        }
    }
}

fn encode_counts(out: &mut Vec<u8>, counts: &[u32], cols: usize) {
    let mut col = 0;
    let at = |col: usize| counts.get(col).copied().unwrap_or(0);
    while col < cols {
        let zeros = (col..cols).take_while(|&col| at(col) == 0).count();
        let start = col + zeros;
        let values = (start..cols).take_while(|&col| at(col) != 0).count();
        push_varint(out, zeros as u64);
        push_varint(out, values as u64);
        for col in start..start + values {
            push_varint(out, u64::from(at(col)));
        }
        col = start + values;
    }
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, tail) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(DecodeError::TooShort)?;
        self.bytes = tail;
        Ok(*head)
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Impossible("number"))
    }

    fn counts(&mut self, cols: usize) -> Result<Vec<u32>, DecodeError> {
        let mut counts = Vec::with_capacity(cols);
        while counts.len() < cols {
            let zeros = self.varint()?;
            let values = self.varint()?;
            let left = (cols - counts.len()) as u64;
            // An empty run would let a few bytes keep us busy for ever.
            if zeros
                .checked_add(values)
                .is_none_or(|run| run == 0 || run > left)
            {
                return Err(DecodeError::Impossible("run of columns"));
            }
            counts.resize(counts.len() + zeros as usize, 0);
            for _ in 0..values {
                let value = u32::try_from(self.varint()?);
                counts.push(value.ok().ok_or(DecodeError::Impossible("count"))?);
            }
        }
        Ok(counts)
    }

    fn marks(&mut self, n: usize, grid: &Grid, lanes: usize) -> Result<Vec<Mark>, DecodeError> {
        let mut marks = Vec::with_capacity(n);
        let mut at = grid.from;
        for _ in 0..n {
            let delta = i64::try_from(self.varint()?);
            at = at.plus(delta.ok().ok_or(DecodeError::Impossible("time"))?);
            let lane = u16::from_le_bytes(self.array()?);
            let [interest] = self.array()?;
            let no = u32::from_le_bytes(self.array()?);
            if usize::from(lane) >= lanes {
                return Err(DecodeError::Impossible("lane"));
            }
            marks.push(Mark {
                at,
                no,
                lane,
                interest,
            });
        }
        Ok(marks)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use waybill_model::Window;

    use super::*;

    fn tile(lanes: &[&[u32]], marks: Vec<Mark>) -> Tile {
        let cols = lanes.first().map_or(1, |lane| lane.len());
        let window = Window {
            from: Micros(1000),
            to: Micros(1000 + 100 * cols as i64),
        };
        let mut tile = Tile::new(Grid::over(window, cols as u32));
        tile.lanes.extend(lanes.iter().map(|lane| LaneTile {
            counts: lane.to_vec(),
        }));
        tile.set_marks(marks);
        tile
    }

    #[test]
    fn a_tile_comes_back_as_it_went() {
        let mark = |at, no| Mark {
            at: Micros(at),
            no,
            lane: 1,
            interest: 3,
        };
        let original = tile(
            &[&[0, 0, 1, 200, 70_000], &[u32::MAX, 0, 0, 0, 0]],
            vec![mark(1000, 7), mark(1400, u32::MAX)],
        );
        assert_eq!(Tile::decode(&original.encode()), Ok(original));
    }

    #[test]
    fn an_empty_lane_costs_a_few_bytes() {
        let empty = [0_u32; 4500];
        let one = tile(&[&empty], Vec::new()).encode().len();
        let two = tile(&[&empty, &empty], Vec::new()).encode().len();
        assert_eq!(two - one, 3);
    }

    #[test]
    fn what_is_no_tile_is_refused_with_the_reason() {
        let good = tile(&[&[1, 0, 3]], Vec::new()).encode();
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Tile::decode(&bytes)
        };
        assert_eq!(Tile::decode(b"<html>"), Err(DecodeError::NotATile));
        assert_eq!(with(2, 9), Err(DecodeError::NotATile));
        assert_eq!(
            Tile::decode(&good[..good.len() - 1]),
            Err(DecodeError::TooShort)
        );
        assert_eq!(
            Tile::decode(&[&good[..], &[0]].concat()),
            Err(DecodeError::TooLong)
        );
        assert_eq!(
            with(21, 0xff),
            Err(DecodeError::Impossible("number of columns"))
        );
        assert_eq!(
            with(24, 0xff),
            Err(DecodeError::Impossible("number of lanes"))
        );
        assert_eq!(
            with(27, 0xff),
            Err(DecodeError::Impossible("number of marks"))
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_tile_comes_back(lanes in prop::collection::vec(
            prop::collection::vec(prop_oneof![3 => Just(0_u32), 1 => any::<u32>()], 12), 0..5,
        )) {
            let lanes: Vec<&[u32]> = lanes.iter().map(Vec::as_slice).collect();
            let original = tile(&lanes, Vec::new());
            prop_assert_eq!(Tile::decode(&original.encode()), Ok(original));
        }

        #[test]
        fn damaged_bytes_never_panic(
            at in 0_usize..60, byte in any::<u8>(), cut in 0_usize..80,
        ) {
            let mark = Mark { at: Micros(1200), no: 4, lane: 0, interest: 1 };
            let mut bytes = tile(&[&[0, 5, 0, 0, 300], &[0; 5]], vec![mark]).encode();
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            bytes.truncate(cut);
            // Refused, or a tile like any other.
            if let Ok(tile) = Tile::decode(&bytes) {
                prop_assert_eq!(Tile::decode(&tile.encode()), Ok(tile));
            }
        }
    }
}
