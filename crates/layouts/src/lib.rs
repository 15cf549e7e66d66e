//! The tables of known outbox and inbox libraries, and what recognises them.
//!
//! Facts are in `data`, one file per library; [`layouts`] reads them. [`explain`] looks at the
//! tables of a database and says whose each one is, and why. What it recognised becomes the
//! settings of a profile ([`Candidate::outbox_settings`], [`Layout::carriers`]).
//!
//! Pure: no IO, no clock. Whoever has a database open hands its description in.

mod canon;
pub use canon::canon;

mod layout;
pub use layout::{BrokerKind, HeadOfLine, Layout, OnBroker, Scope};

mod table;
pub use table::{Also, Column, Dbms, NameRole, Spelled, TableLayout, TableRole, Version};

mod meaning;
pub use meaning::{
    Envelope, Format, IdShape, InboxRoles, OnlyRows, ParseSpotError, Roles, Spot, TimeMeaning,
};

mod fits;

mod life;
pub use life::{
    Basis, Condition, Is, Literal, Made, MadeOf, NewValue, Publication, Reaches, Requeue,
    RequeueBy, State, StateName, Way,
};

mod recognition;
pub use recognition::{Recognition, Strength};

mod catalogue;
pub use catalogue::{layout, layouts};

mod carriers;
pub use carriers::general_carriers;

mod found;
pub use found::{
    Attached, Attachment, FoundColumn, FoundSaying, FoundTable, NoTable, SaidBy, find_table,
};

mod recognise;
pub use recognise::{
    Candidate, Confidence, Explanation, NearMiss, Reason, Verdict, explain, recognise,
};

mod hand_made;
pub use hand_made::{Guess, Proposal, Question, Role};

mod requeue_sql;
pub use requeue_sql::{Guarded, Moved, NEW_ID};

mod settings;
pub use settings::{Mapped, Unmappable};

mod readme;
pub use readme::list_for_readme;
