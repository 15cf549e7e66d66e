//! Resend: plan → preview → dry run → confirm → send → verify.
//!
//! **Invariant:** nothing is sent but by [`run`], which asks [`permit`] for the operator, writes
//! the journal before it sends, and looks once more at each event right before its turn.

mod permit;
pub(crate) use permit::{operator, refusal};

mod order;

mod strip;

mod place;

mod template;

mod letter;

mod due;

mod choose;

mod pairs;

mod proof;

mod states;

mod shown;

mod written;

mod plan;
pub(crate) use plan::make_plan;

mod notes;

mod look;
pub(crate) use look::{dry_run, preview};

mod ramp;

mod recheck;

mod runs;
pub(crate) use runs::Resends;

mod confirm;
pub(crate) use confirm::{continue_run, send};

mod run;

mod verify;
