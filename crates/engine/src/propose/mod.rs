//! From two addresses to a profile: looks at a database and a broker, recognises what is there,
//! holds messages against rows, and proposes what to investigate, with a reason for each line.
//!
//! Looks only. What is not sure is answered by a default and asked back as a [`Question`]; whoever
//! knows better puts the answer into [`Asked`] and has it proposed anew.

pub use waybill_protocol::{Asked, Proposed, Question, Subject};

mod witness;
pub(crate) use witness::{Listener, Witness};

mod seen;
pub(crate) use seen::{seen_broker, seen_tables};

mod mapping;
pub(crate) use mapping::read_mapping;

mod roles;

mod outbox;

mod rows;

mod letters;
pub(crate) use letters::{Letter, sample};

mod likeness;

mod evidence;

mod matching;

mod others;

mod reach;

mod destination;

mod envelope;

mod states;

mod study;

mod inboxes;

mod consumers;

mod business;

mod changes;

mod telling;

mod unboxed;

mod text;
pub(crate) use text::written;

mod profile;

mod zone;

mod given_up;

mod job;

mod run;
pub(crate) use run::propose;
