//! A sample of one place: the same messages whatever the order in which they arrive.

use std::collections::BinaryHeap;

use waybill_model::NO_POSITION;

use crate::store::Spot;

/// How many are kept, so that enough are left when some do not count.
const KEPT: usize = 1024;

/// One message of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Drawn {
    /// What it was chosen by: a number made from its coordinate, as good as a die.
    die: u64,
    pub(super) partition: u32,
    pub(super) position: i64,
    /// Its event when it came in.
    pub(super) no: u32,
}

/// The messages with the lowest dice. Spread evenly over all that was read: were it the youngest
/// ones, a change of carriers in the middle of the window would leave its older half unseen.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    lowest: BinaryHeap<Drawn>,
}

impl Sample {
    /// Takes a message in that was not offered before.
    pub(super) fn offer(&mut self, spot: &Spot<'_>, no: u32) {
        let die = die(spot);
        let drawn = Drawn {
            die,
            partition: spot.partition,
            position: spot.position,
            no,
        };
        if self.lowest.len() < KEPT {
            self.lowest.push(drawn);
        } else if let Some(mut highest) = self.lowest.peek_mut()
            && drawn < *highest
        {
            *highest = drawn;
        }
    }

    /// All that are kept, lowest dice first.
    pub(super) fn in_order(&self) -> Vec<Drawn> {
        self.lowest.clone().into_sorted_vec()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.lowest.capacity() * size_of::<Drawn>()
    }
}

/// A number that says nothing about the coordinate it is made from.
fn die(spot: &Spot<'_>) -> u64 {
    let place = u64::from(spot.place.0) << 48 | u64::from(spot.partition);
    if spot.position != NO_POSITION {
        return mixed(place ^ mixed(spot.position as u64));
    }
    let key = spot.key.as_bytes().chunks(8).fold(0, |sum, chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        mixed(sum ^ u64::from_le_bytes(bytes))
    });
    mixed(place ^ key)
}

/// The last steps of SplitMix64: every bit of the answer depends on every bit of the number.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use waybill_model::{Content, Marks, NO_DUE, PlaceId};

    use super::*;

    fn spot(position: i64) -> Spot<'static> {
        Spot {
            place: PlaceId(1),
            partition: (position % 3) as u32,
            position,
            key: Cow::Borrowed(""),
            at: position,
            marks: Marks::empty(),
            content: Content::NONE,
            due: NO_DUE,
        }
    }

    #[test]
    fn the_order_of_arrival_draws_the_same_sample_and_all_parts_are_in_it() {
        const MESSAGES: i64 = 20_000;
        let (mut forth, mut back) = (Sample::default(), Sample::default());
        for position in 0..MESSAGES {
            forth.offer(&spot(position), position as u32);
            back.offer(
                &spot(MESSAGES - 1 - position),
                (MESSAGES - 1 - position) as u32,
            );
        }
        let drawn = forth.in_order();
        assert_eq!(drawn, back.in_order());
        let first_half = drawn.iter().filter(|it| it.position < MESSAGES / 2);
        let first_half = first_half.count();
        assert!((412..=612).contains(&first_half), "{first_half} of 1024");
    }
}
