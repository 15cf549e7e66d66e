//! The engine over sources in memory: scans, confirmation, resends, and what goes wrong with them.

mod company;
mod looking;
mod memory;
mod resending;
mod crashing;
mod tailing;
mod doors;
