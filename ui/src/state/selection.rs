//! The chosen events. A change can be taken back.

use std::collections::BTreeSet;

/// The chosen events, by their number in the index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    chosen: BTreeSet<u32>,
    before: Vec<BTreeSet<u32>>,
}

/// How many changes can be taken back.
const MAX_UNDO: usize = 50;

impl Selection {
    /// How many.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Whether this one is chosen.
    pub fn contains(&self, no: u32) -> bool {
        self.chosen.contains(&no)
    }

    /// All, in order.
    pub fn numbers(&self) -> Vec<u32> {
        self.chosen.iter().copied().collect()
    }

    /// Whether there is a change to take back.
    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    /// Chooses this one, or drops it.
    pub fn toggle(&mut self, no: u32) {
        self.remember();
        if !self.chosen.remove(&no) {
            self.chosen.insert(no);
        }
    }

    /// Chooses these too.
    pub fn add(&mut self, numbers: impl IntoIterator<Item = u32>) {
        self.remember();
        self.chosen.extend(numbers);
    }

    /// Chooses exactly these.
    pub fn set(&mut self, numbers: impl IntoIterator<Item = u32>) {
        self.remember();
        self.chosen = numbers.into_iter().collect();
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        if !self.chosen.is_empty() {
            self.remember();
            self.chosen.clear();
        }
    }

    /// Takes the last change back.
    pub fn undo(&mut self) {
        if let Some(before) = self.before.pop() {
            self.chosen = before;
        }
    }

    fn remember(&mut self) {
        self.before.push(self.chosen.clone());
        if self.before.len() > MAX_UNDO {
            self.before.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_can_be_taken_back() {
        let mut selection = Selection::default();
        selection.toggle(3);
        selection.add([4, 5]);
        selection.clear();
        assert!(selection.is_empty());
        selection.undo();
        assert_eq!(selection.numbers(), [3, 4, 5]);
        selection.undo();
        assert_eq!(selection.numbers(), [3]);
        selection.undo();
        selection.undo();
        assert!(selection.is_empty() && !selection.can_undo());
    }

    #[test]
    fn clearing_nothing_is_no_change() {
        let mut selection = Selection::default();
        selection.clear();
        assert!(!selection.can_undo());
    }
}
