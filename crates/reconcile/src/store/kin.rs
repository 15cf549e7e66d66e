//! Events that are one under several ids: the one with the outbox row stands for all of them.
//!
//! Nothing is moved, because what makes them one is found by sampling and more evidence may undo
//! it. Each keeps what was told under its own id; asking for what the first one has asks its kin
//! as well.

use super::{Column, Events, State};

/// Who belongs to whom. All numbers are kept plus one; 0 is nobody.
#[derive(Debug, Clone)]
pub(crate) struct Kin {
    head: Column<u32>,
    /// Of a head, the first of its kin by number.
    first: Column<u32>,
    /// Of kin, the next one of the same head.
    next: Column<u32>,
}

impl Events {
    /// The events that are this one under other ids, in the order of their numbers.
    pub(crate) fn kin(&self, no: u32) -> impl Iterator<Item = u32> {
        let first = if self.is(no, State::HEAD) {
            self.kin.first.get(no).checked_sub(1)
        } else {
            None
        };
        std::iter::successors(first, |&no| self.kin.next.get(no).checked_sub(1))
    }

    /// The event and its kin.
    pub(crate) fn members(&self, no: u32) -> impl Iterator<Item = u32> {
        std::iter::once(no).chain(self.kin(no))
    }

    /// The event that stands for this one; itself when none does.
    pub(crate) fn head(&self, no: u32) -> u32 {
        if self.is(no, State::ABSORBED) {
            self.kin.head.get(no).checked_sub(1).unwrap_or(no)
        } else {
            no
        }
    }

    /// All pairs of an absorbed event and its head.
    pub(crate) fn absorbed(&self) -> impl Iterator<Item = (u32, u32)> {
        let absorbed = (0..self.len()).filter(|&no| self.is(no, State::ABSORBED));
        absorbed.map(|no| (no, self.head(no)))
    }

    /// From now on `head` stands for `no`.
    pub(crate) fn absorb(&mut self, no: u32, head: u32) {
        let before = self.kin(head).take_while(|&other| other < no).last();
        self.mark(no, State::ABSORBED);
        self.mark(head, State::HEAD);
        let kin = &mut self.kin;
        kin.head.set(no, head + 1);
        let after = kin.after(before, head);
        kin.next.set(no, after);
        kin.set_after(before, head, no + 1);
    }

    /// From now on `no` stands for itself.
    pub(crate) fn release(&mut self, no: u32) {
        let head = self.head(no);
        if head == no {
            return;
        }
        let before = self.kin(head).take_while(|&other| other < no).last();
        self.unmark(no, State::ABSORBED);
        let kin = &mut self.kin;
        let after = kin.next.get(no);
        kin.set_after(before, head, after);
        kin.next.set(no, 0);
        kin.head.set(no, 0);
        if self.kin.first.get(head) == 0 {
            self.unmark(head, State::HEAD);
        }
    }

    /// Whether a copy was seen, under any of its ids.
    pub(crate) fn has_copy(&self, no: u32) -> bool {
        self.copy.has(no) || self.kin(no).any(|member| self.copy.has(member))
    }
}

impl Kin {
    pub(super) fn new() -> Self {
        Self {
            head: Column::new(0),
            first: Column::new(0),
            next: Column::new(0),
        }
    }

    /// Who comes behind one of a head's kin, or first where that is nobody.
    fn after(&self, before: Option<u32>, head: u32) -> u32 {
        before.map_or(self.first.get(head), |before| self.next.get(before))
    }

    fn set_after(&mut self, before: Option<u32>, head: u32, after: u32) {
        match before {
            Some(before) => self.next.set(before, after),
            None => self.first.set(head, after),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.head.heap_bytes() + self.first.heap_bytes() + self.next.heap_bytes()
    }
}
