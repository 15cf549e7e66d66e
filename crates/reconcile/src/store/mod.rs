//! The columns: what is known of every event, by its number.

mod column;
pub(crate) use column::{Column, Wide};

mod arena;
pub(crate) use arena::Arena;

mod ids;
pub(crate) use ids::{Ids, Near};

mod names;
pub(crate) use names::Names;

mod track;
pub(crate) use track::{Spot, Track, to_send_at};

mod business;
pub(crate) use business::Business;

mod kin;

mod held;
pub(crate) use held::Held;

mod rows;

mod copies;
pub(crate) use copies::CopyRef;

mod events;
pub(crate) use events::{Added, Events, Rank, State, Traits};
