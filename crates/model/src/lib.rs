//! What things are: ids, events, evidence, coverage, verdicts, profiles and resends.
//!
//! Plain data with public fields, `serde`, safe for wasm. No IO, no clock, no opinion:
//! what the evidence amounts to is decided in `waybill-reconcile`.

mod id;
pub use id::{AggregateId, EventId, bare, canonical_id, reconstructed_id};

mod time;
pub use time::{Clock, Micros, ParseTimeError, Stamp, Window, span_in_words};

mod place;
pub use place::{ConsumerNo, Coordinate, Place, PlaceId, PlaceRole};

mod texts;
pub use texts::Texts;

mod content;
pub use content::Content;

mod evidence;
pub use evidence::{
    Batch, DUE_LATER, Marks, NO_DESTINATION, NO_DUE, NO_POSITION, NO_VERSION, OTHER_DESTINATION,
    Observation, Stage, Strength,
};

mod accounts;
pub use accounts::{Accounts, Counted, Waiting};

mod control;
pub use control::{Control, SilentFlow};

mod coverage;
pub use coverage::{Coverage, Gap, GapReason, Progress};

mod grace;
pub use grace::{Grace, GraceBasis};

mod verdict;
pub use verdict::{
    ConsumerVerdict, EventVerdict, Finding, Flags, LagReason, MatchBasis, Phase, PublishVerdict,
    StuckReason, UnknownReason, VerdictClass,
};

mod verdict_name;

mod basis;
pub use basis::{FlowBasis, Recognised};

mod carrier;
pub use carrier::{Carrier, Carriers, ParseCarrierError};

mod compare;
pub use compare::CompareSettings;

mod profile;
pub use profile::{
    Access, BrokerSettings, BusinessTable, Consumer, DatabaseSettings, DeadLetterTable,
    Environment, Flow, GraceSettings, Inbox, OutboxSettings, Profile, ScanSettings, ShownMessage,
    Template,
};

mod in_column;
pub use in_column::InColumn;

mod inbox_role;

mod outbox_role;

mod wanted;
pub use wanted::Wanted;

mod state_word;
pub use state_word::is_same_state;

mod role_place;
pub use role_place::RolePlace;

mod zone;
pub use zone::{ParseZoneError, Zone};

mod event;
pub use event::{ConsumerCell, Copy, EventDetail, EventRow, Fact, OutboxRow, Sibling};

mod resend;
pub use resend::{
    Attempt, AttemptState, BodySource, HEADER_AT, HEADER_ATTEMPT, HEADER_BY, HEADER_ID,
    HEADER_REASON, Mode, Pace, Parcel, Plan, PlannedEvent, Receipt, Recipient, Reconstruction,
    ResendId, Route, RouteCheck, Unproven, Warning,
};

mod probe;
pub use probe::{ProbeOutcome, ProbeStep};
