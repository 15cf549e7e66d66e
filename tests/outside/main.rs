//! What other people met, rebuilt small on real servers: each test is one public report, and holds
//! the answer of the real `waybill` program against what a careful person would have said.

mod beginnings;
mod accounts;
mod bodies;
mod connecting;
mod consumers;
mod due_later;
mod endings;
mod given_up;
mod identity;
mod inboxes;
mod recognised;
mod rights;
mod secrets;
mod silence;
mod row_times;
mod times;
mod wire;
mod words;
