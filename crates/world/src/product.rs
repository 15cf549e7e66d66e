//! The catalogue: which toys there are and what happens to them.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;
use waybill_model::Micros;

use crate::event::{Body, ChangeKind, ProductEvent};

/// How many toys the company begins with, before it renames and prices them.
const FIRST_PRODUCTS: usize = 12;

/// A toy on sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Product {
    /// Its number; also the aggregate's id.
    pub(crate) id: i64,
    /// Counts its changes, from 1.
    pub(crate) version: i64,
    /// What it is called.
    pub(crate) name: String,
    /// What it costs.
    pub(crate) price_cents: i64,
    /// No longer sold.
    pub(crate) removed: bool,
}

/// All toys, and what happens next. The same seed always tells the same story.
#[derive(Debug)]
pub(crate) struct Catalogue {
    rng: StdRng,
    on_sale: Vec<Product>,
    next_id: i64,
    correlation: Uuid,
    left_in_correlation: u32,
}

impl Catalogue {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            on_sale: Vec::new(),
            next_id: 1,
            correlation: Uuid::nil(),
            left_in_correlation: 0,
        }
    }

    /// Goes on with toys that are already there.
    pub(crate) fn resume(seed: u64, on_sale: Vec<Product>, next_id: i64) -> Self {
        Self {
            on_sale,
            next_id,
            ..Self::new(seed)
        }
    }

    /// The next change, already made.
    pub(crate) fn change(&mut self, at: Micros) -> ProductEvent {
        if self.on_sale.len() < FIRST_PRODUCTS || self.rng.random_bool(0.04) {
            return self.create(at);
        }
        let idx = self.pick();
        self.change_one(idx, at)
    }

    /// The next change, of the same toy as `before` if that is still on sale.
    pub(crate) fn change_again(&mut self, before: i64, at: Micros) -> ProductEvent {
        match self.on_sale.iter().position(|toy| toy.id == before) {
            Some(idx) => self.reprice(idx, at),
            None => self.change(at),
        }
    }

    /// A change after which the toy is still on sale.
    pub(crate) fn change_and_keep(&mut self, at: Micros) -> ProductEvent {
        if self.on_sale.is_empty() {
            return self.create(at);
        }
        let idx = self.pick();
        self.reprice(idx, at)
    }

    /// A new toy whose transaction will be rolled back: its number is used up, nothing else stays.
    pub(crate) fn create_and_forget(&mut self, at: Micros) -> ProductEvent {
        let event = self.create(at);
        self.on_sale.pop();
        event
    }

    fn create(&mut self, at: Micros) -> ProductEvent {
        let toy = Product {
            id: self.next_id,
            version: 1,
            name: self.name(),
            price_cents: self.price(),
            removed: false,
        };
        self.next_id += 1;
        self.on_sale.push(toy.clone());
        self.event(ChangeKind::Created, toy, at)
    }

    fn change_one(&mut self, idx: usize, at: Micros) -> ProductEvent {
        let dice: f64 = self.rng.random();
        if dice < 0.68 {
            return self.reprice(idx, at);
        }
        if dice < 0.97 {
            let name = self.name();
            let toy = &mut self.on_sale[idx];
            toy.version += 1;
            toy.name = name;
            let toy = toy.clone();
            return self.event(ChangeKind::Renamed, toy, at);
        }
        let mut toy = self.on_sale.swap_remove(idx);
        toy.version += 1;
        toy.removed = true;
        self.event(ChangeKind::Removed, toy, at)
    }

    fn reprice(&mut self, idx: usize, at: Micros) -> ProductEvent {
        let price_cents = self.price();
        let toy = &mut self.on_sale[idx];
        toy.version += 1;
        toy.price_cents = price_cents;
        let toy = toy.clone();
        self.event(ChangeKind::PriceChanged, toy, at)
    }

    /// Some toys sell better: the square makes low numbers likelier.
    fn pick(&mut self) -> usize {
        let dice: f64 = self.rng.random();
        let idx = (dice * dice * self.on_sale.len() as f64) as usize;
        idx.min(self.on_sale.len() - 1)
    }

    fn name(&mut self) -> String {
        let how = HOW[self.rng.random_range(0..HOW.len())];
        let what = WHAT[self.rng.random_range(0..WHAT.len())];
        format!("{how} {what}")
    }

    fn price(&mut self) -> i64 {
        self.rng.random_range(2..40) * 100 + 99
    }

    fn event(&mut self, kind: ChangeKind, product: Product, at: Micros) -> ProductEvent {
        if self.left_in_correlation == 0 {
            self.correlation = self.uuid();
            self.left_in_correlation = self.rng.random_range(1..4);
        }
        self.left_in_correlation -= 1;
        ProductEvent {
            id: self.uuid(),
            correlation: self.correlation,
            kind,
            product,
            at,
            body: Body::Flat,
        }
    }

    fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.rng.random()).into_uuid()
    }
}

const HOW: [&str; 12] = [
    "Squeaky",
    "Super squeaky",
    "Barely squeaky",
    "Glow-in-the-dark",
    "Giant",
    "Pocket",
    "Midnight",
    "Birthday",
    "Café",
    "Polka-dot",
    "Left-handed",
    "Unsinkable",
];

const WHAT: [&str; 12] = [
    "duck",
    "hedgehog",
    "bone",
    "banana",
    "dinosaur",
    "octopus",
    "carrot",
    "pretzel",
    "hamster",
    "rocket",
    "accordion",
    "postman",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let story = |seed| -> Vec<ProductEvent> {
            let mut catalogue = Catalogue::new(seed);
            (0..200).map(|n| catalogue.change(Micros(n))).collect()
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }

    #[test]
    fn versions_of_a_toy_have_no_gap() {
        let mut catalogue = Catalogue::new(1);
        let mut versions = std::collections::BTreeMap::new();
        for n in 0..2000 {
            let event = catalogue.change(Micros(n));
            let last = versions.insert(event.product.id, event.product.version);
            assert_eq!(event.product.version, last.unwrap_or(0) + 1);
        }
    }

    #[test]
    fn a_forgotten_toy_never_comes_back() {
        let mut catalogue = Catalogue::new(1);
        let forgotten = catalogue.create_and_forget(Micros(0)).product.id;
        for n in 0..2000 {
            assert_ne!(catalogue.change(Micros(n)).product.id, forgotten);
        }
    }
}
