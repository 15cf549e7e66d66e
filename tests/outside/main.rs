//! What other people met, rebuilt small on real servers: each test is one public report, and holds
//! the answer of the real `waybill` program against what a careful person would have said.

mod accounts;
mod beginnings;
mod bindings;
mod bodies;
mod connecting;
mod consumers;
mod deleted_at_once;
mod destinations;
mod due_later;
mod endings;
mod given_up;
mod identity;
mod inboxes;
mod listeners;
mod moved_away;
mod no_outbox;
mod no_time;
mod publishers;
mod recognised;
mod reconstructed;
mod rights;
mod row_times;
mod secrets;
mod shown;
mod silence;
mod times;
mod two_addresses;
mod undone;
mod wire;
mod words;
mod zones;
