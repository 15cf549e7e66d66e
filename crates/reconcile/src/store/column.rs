//! Columns that grow in chunks, and cost nothing where they hold nothing.

/// Numbers per chunk: large enough that the list of chunks stays in the cache, small enough that
/// the last chunk of a small index does not count.
const CHUNK: usize = 4096;

/// One value per event number. Chunks in which every value is the empty one are not allocated.
///
/// A `Vec` per column would waste up to half of its memory after growing and copy ten million
/// values each time.
#[derive(Debug, Clone)]
pub(crate) struct Column<T> {
    empty: T,
    chunks: Vec<Option<Box<[T; CHUNK]>>>,
}

impl<T: Copy + PartialEq> Column<T> {
    pub(crate) fn new(empty: T) -> Self {
        Self {
            empty,
            chunks: Vec::new(),
        }
    }

    pub(crate) fn get(&self, no: u32) -> T {
        match self.chunks.get(no as usize / CHUNK) {
            Some(Some(chunk)) => chunk[no as usize % CHUNK],
            _ => self.empty,
        }
    }

    pub(crate) fn set(&mut self, no: u32, value: T) {
        let idx = no as usize / CHUNK;
        if let Some(Some(chunk)) = self.chunks.get_mut(idx) {
            chunk[no as usize % CHUNK] = value;
        } else if value != self.empty {
            if idx >= self.chunks.len() {
                self.chunks.resize_with(idx + 1, || None);
            }
            let chunk = self.chunks[idx].insert(filled(self.empty));
            chunk[no as usize % CHUNK] = value;
        }
    }

    /// Whether nothing but the empty value was ever set.
    fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let filled = self.chunks.iter().flatten().count();
        filled * size_of::<[T; CHUNK]>()
            + self.chunks.capacity() * size_of::<Option<Box<[T; CHUNK]>>>()
    }
}

/// A chunk of one value, made where it stays rather than on the stack first.
fn filled<T: Copy>(value: T) -> Box<[T; CHUNK]> {
    let chunk = vec![value; CHUNK].into_boxed_slice();
    chunk.try_into().ok().expect("it has the length of a chunk")
}

/// One `u64` per event number, in as many bytes as the values of a chunk need: 0, 2, 4 or 8.
#[derive(Debug, Clone)]
pub(crate) struct Wide {
    low: Column<u16>,
    middle: Column<u16>,
    high: Column<u32>,
}

impl Wide {
    pub(crate) fn new() -> Self {
        Self {
            low: Column::new(0),
            middle: Column::new(0),
            high: Column::new(0),
        }
    }

    pub(crate) fn get(&self, no: u32) -> u64 {
        u64::from(self.high.get(no)) << 32
            | u64::from(self.middle.get(no)) << 16
            | u64::from(self.low.get(no))
    }

    pub(crate) fn set(&mut self, no: u32, value: u64) {
        self.low.set(no, value as u16);
        if value >> 16 != 0 || !self.middle.is_empty() || !self.high.is_empty() {
            self.middle.set(no, (value >> 16) as u16);
            self.high.set(no, (value >> 32) as u32);
        }
    }

    /// An `i64` for which `none` is the empty value. Small magnitudes take few bytes, whatever
    /// their sign. (`i64::MIN` is read back as `none`; no place counts that far down.)
    pub(crate) fn get_signed(&self, no: u32, none: i64) -> i64 {
        match self.get(no) {
            0 => none,
            stored => unfold(stored - 1),
        }
    }

    pub(crate) fn set_signed(&mut self, no: u32, none: i64, value: i64) {
        let stored = if value == none {
            0
        } else {
            fold(value).wrapping_add(1)
        };
        self.set(no, stored);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.low.heap_bytes() + self.middle.heap_bytes() + self.high.heap_bytes()
    }
}

/// A signed number as an unsigned one that is small when the number is close to 0.
pub(super) fn fold(value: i64) -> u64 {
    (value.wrapping_shl(1) ^ (value >> 63)) as u64
}

/// The number that was folded.
pub(super) fn unfold(folded: u64) -> i64 {
    (folded >> 1) as i64 ^ -((folded & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_set_is_empty_and_costs_nothing() {
        let mut column = Column::new(7_u32);
        column.set(100_000, 7);
        assert_eq!((column.get(3), column.heap_bytes()), (7, 0));
        column.set(5000, 9);
        assert_eq!(
            [column.get(4999), column.get(5000), column.get(70_000)],
            [7, 9, 7]
        );
        assert_eq!(column.heap_bytes() / (4 * CHUNK), 1);
    }

    #[test]
    fn small_numbers_take_two_bytes_and_large_ones_come_back() {
        let mut wide = Wide::new();
        for no in 0..4096 {
            wide.set_signed(no, -1, i64::from(no) * 7);
        }
        assert!(wide.heap_bytes() < 2 * CHUNK + 200);
        for (no, value) in [0, -1, -2, 65_535, 1 << 31, 1 << 40, i64::MAX]
            .into_iter()
            .enumerate()
        {
            wide.set_signed(no as u32, -1, value);
            assert_eq!(wide.get_signed(no as u32, -1), value);
            wide.set_signed(no as u32, i64::MIN, value);
            assert_eq!(wide.get_signed(no as u32, i64::MIN), value);
        }
    }
}
