//! The engine over sources in memory: scans, confirmation, resends, and what goes wrong with them.

mod comparing;

mod company;
mod crashing;
mod deleting;

mod doors;
mod inboxes;
mod looking;
mod memory;
mod queues;
mod resending;
mod tailing;
mod trying;
