//! Texts of any length behind each other.

/// Bytes per chunk; a longer text gets a chunk of its own.
const CHUNK: usize = 1 << 16;

/// Texts that are never removed, each behind its length.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arena {
    chunks: Vec<Vec<u8>>,
}

impl Arena {
    /// Keeps a text; the answer leads back to it.
    pub(crate) fn push(&mut self, text: &str) -> u64 {
        let needed = text.len() + 10;
        let fits = self
            .chunks
            .last()
            .is_some_and(|last| last.capacity() - last.len() >= needed);
        if !fits {
            self.chunks.push(Vec::with_capacity(needed.max(CHUNK)));
        }
        let at = self.chunks.len() as u64 - 1;
        let chunk = self.chunks.last_mut().expect("one was just made");
        let start = chunk.len() as u64 & 0xffff;
        let mut len = text.len();
        while len >= 0x80 {
            chunk.push((len & 0x7f) as u8 | 0x80);
            len >>= 7;
        }
        chunk.push(len as u8);
        chunk.extend(text.as_bytes());
        // A text only ever begins in the first 64 KiB of its chunk.
        at << 16 | start
    }

    /// The text that `push` answered `at` for.
    pub(crate) fn get(&self, at: u64) -> &str {
        str::from_utf8(self.bytes(at)).expect("it was pushed as a text")
    }

    /// The bytes of that text, which need no check to be compared.
    pub(crate) fn bytes(&self, at: u64) -> &[u8] {
        let bytes = &self.chunks[(at >> 16) as usize][(at & 0xffff) as usize..];
        let (mut len, mut shift, mut head) = (0, 0, 0);
        loop {
            let byte = bytes[head];
            len |= usize::from(byte & 0x7f) << shift;
            head += 1;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        &bytes[head..head + len]
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let texts: usize = self.chunks.iter().map(Vec::capacity).sum();
        texts + self.chunks.capacity() * size_of::<Vec<u8>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_whatever_their_length() {
        let mut arena = Arena::default();
        let texts: Vec<String> = [0, 1, 127, 128, 70_000, 3]
            .into_iter()
            .map(|len| "ü".repeat(len))
            .collect();
        let refs: Vec<u64> = texts.iter().map(|text| arena.push(text)).collect();
        for (text, at) in texts.iter().zip(refs) {
            assert_eq!(arena.get(at), text);
        }
    }
}
