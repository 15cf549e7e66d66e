//! Time arithmetic for the canvas: axis, density tiles, merging of thin marks, level of detail.
//!
//! Pure: no IO, no clock, no pixels painted. The core counts with it, the page draws with it.

mod axis;
pub use axis::Axis;

mod tick;
pub use tick::{Tick, Zone, ticks};

mod grid;
pub use grid::Grid;

mod density;
pub use density::{counts, rank_near};

mod tile;
pub use tile::{LaneTile, Tile};

mod codec;
pub use codec::DecodeError;

mod spans;
pub use spans::{Span, merge_thin};

mod marks;
pub use marks::{MAX_MARKS, Mark, most_interesting};
