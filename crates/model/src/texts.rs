//! Many short texts in one allocation.

use serde::{Deserialize, Serialize};

/// A column of texts: one byte arena and the end of each text in it.
///
/// A scan carries millions of ids; a `String` each would cost 24 bytes and an allocation apiece.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Room for `n` texts of `mean_len` bytes.
    pub fn with_capacity(n: usize, mean_len: usize) -> Self {
        Self {
            bytes: String::with_capacity(n * mean_len),
            ends: Vec::with_capacity(n),
        }
    }

    /// Appends one text.
    ///
    /// # Panics
    /// When the column would exceed 4 GiB; batches are some thousand rows.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends
            .push(u32::try_from(self.bytes.len()).expect("a batch stays under 4 GiB of text"));
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at `idx`, or `""` beyond the end: a column a source does not have is empty.
    pub fn get(&self, idx: usize) -> &str {
        let Some(&end) = self.ends.get(idx) else {
            return "";
        };
        let start = if idx == 0 { 0 } else { self.ends[idx - 1] };
        &self.bytes[start as usize..end as usize]
    }

    /// All texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|idx| self.get(idx))
    }

    /// Forgets the texts, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Bytes held, for accounting.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut column = Self::default();
        for text in texts {
            column.push(text);
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_in_order_and_missing_ones_are_empty() {
        let texts: Texts = ["a", "", "ünï"].into_iter().collect();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "", "ünï"]);
        assert_eq!(texts.get(3), "");
    }
}
