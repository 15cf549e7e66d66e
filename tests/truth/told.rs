//! What was told of a whole small world, held against what a careful person would tell.

use serde::Serialize;
use waybill_world::World;

use crate::look::Looked;

/// Sentences: nothing but these, in whatever order.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    said: Vec<String>,
    so: Vec<String>,
}

impl Told {
    pub(crate) fn new(world: &World, looked: &Looked) -> Self {
        let sorted = |mut sentences: Vec<String>| {
            sentences.sort();
            sentences
        };
        Self {
            said: sorted(looked.told.clone()),
            so: sorted(world.findings()),
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        self.said == self.so
    }
}
