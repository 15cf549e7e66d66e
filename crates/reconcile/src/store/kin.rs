//! Events that are one under several ids: the one with the outbox row stands for all of them.
//!
//! Nothing is moved, because what makes them one is found by sampling and more evidence may undo
//! it. Each keeps what was told under its own id; asking for what the first one has asks its kin
//! as well.

use hashbrown::HashMap;

use super::{Events, State};

/// Who belongs to whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kin {
    of_head: HashMap<u32, Vec<u32>>,
    head_of: HashMap<u32, u32>,
}

impl Events {
    /// The events that are this one under other ids, in the order of their numbers.
    pub(crate) fn kin(&self, no: u32) -> &[u32] {
        if self.is(no, State::HEAD) {
            self.kin.of_head.get(&no).map_or(&[], Vec::as_slice)
        } else {
            &[]
        }
    }

    /// The event and its kin.
    pub(crate) fn members(&self, no: u32) -> impl Iterator<Item = u32> {
        std::iter::once(no).chain(self.kin(no).iter().copied())
    }

    /// The event that stands for this one; itself when none does.
    pub(crate) fn head(&self, no: u32) -> u32 {
        if self.is(no, State::ABSORBED) {
            self.kin.head_of.get(&no).copied().unwrap_or(no)
        } else {
            no
        }
    }

    /// All pairs of an absorbed event and its head.
    pub(crate) fn absorbed(&self) -> impl Iterator<Item = (u32, u32)> {
        self.kin.head_of.iter().map(|(&no, &head)| (no, head))
    }

    /// From now on `head` stands for `no`.
    pub(crate) fn absorb(&mut self, no: u32, head: u32) {
        self.mark(no, State::ABSORBED);
        self.mark(head, State::HEAD);
        self.kin.head_of.insert(no, head);
        let kin = self.kin.of_head.entry(head).or_default();
        let at = kin.partition_point(|&other| other < no);
        kin.insert(at, no);
    }

    /// From now on `no` stands for itself.
    pub(crate) fn release(&mut self, no: u32) {
        self.unmark(no, State::ABSORBED);
        let Some(head) = self.kin.head_of.remove(&no) else {
            return;
        };
        if let Some(kin) = self.kin.of_head.get_mut(&head) {
            kin.retain(|&other| other != no);
            if kin.is_empty() {
                self.kin.of_head.remove(&head);
                self.unmark(head, State::HEAD);
            }
        }
    }

    /// Whether a copy was seen, under any of its ids.
    pub(crate) fn has_copy(&self, no: u32) -> bool {
        self.members(no).any(|member| self.copy.has(member))
    }
}

impl Kin {
    pub(super) fn heap_bytes(&self) -> usize {
        self.of_head.allocation_size()
            + self.head_of.allocation_size()
            + self.head_of.len() * size_of::<u32>()
    }
}
