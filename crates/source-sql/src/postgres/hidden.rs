//! Transactions of sessions whose beginning is hidden from us.
//!
//! Whoever may not see when others began is still shown which virtual transactions there are, by
//! the lock that each holds on itself. So one that was not there at the last look has begun since.

use std::collections::BTreeMap;

use waybill_model::Micros;

use crate::link::Oldest;

/// Hidden transactions as of the last look.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    /// By name: the moment after which it began; `None` where it was there at the first look.
    seen: BTreeMap<String, Option<Micros>>,
    looked: Option<Micros>,
}

impl Hidden {
    /// Takes in what is open at a look, names with commas between them.
    pub(crate) fn look(&mut self, now: Micros, open: &str) -> Oldest {
        let names = open.split(',').filter(|name| !name.is_empty());
        let seen = names.map(|name| {
            let began = self.seen.get(name).copied();
            let began = began.unwrap_or(self.looked.map(|looked| looked.plus(1)));
            (name.to_owned(), began)
        });
        self.seen = seen.collect();
        self.looked = Some(now);
        let mut oldest = Oldest::None;
        for began in self.seen.values() {
            oldest = match (*began, oldest) {
                (None, _) | (_, Oldest::Hidden) => return Oldest::Hidden,
                (Some(began), Oldest::Since(other)) => Oldest::Since(began.min(other)),
                (Some(began), Oldest::None) => Oldest::Since(began),
            };
        }
        oldest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_since_the_last_look_began_since_then() {
        let mut hidden = Hidden::default();
        let mut look = |now, open| hidden.look(Micros(now), open);
        assert_eq!(look(10, "3/7"), Oldest::Hidden);
        assert_eq!(look(20, "3/7,4/1"), Oldest::Hidden);
        assert_eq!(look(30, "4/1,5/2"), Oldest::Since(Micros(11)));
        assert_eq!(look(40, "5/2"), Oldest::Since(Micros(21)));
        assert_eq!(look(50, ""), Oldest::None);
    }
}
