//! Facts in, verdicts out: the specification as tables.

mod bench_company;
mod company;

mod anything;
mod basis;
mod consumer;
mod contents;
mod deleting;
mod due;
mod flags;
mod grace;
mod held;
mod memory;
mod oracle;
mod phantom;
mod phases;
mod publish;
mod reading;
mod silence;
mod unsent;
