//! What the page knows and what it does with it. No DOM, no egui, no host: [`State::update`] takes a
//! message and returns the effects that others perform.

mod words;
pub use words::*;

mod window;
pub use window::{Asked, End, PRESETS};

mod payload;
pub use payload::{Body, Difference, Line, Piece, PieceKind, differences, inline, raw, read};

mod message;
pub use message::{BootFacts, Message};

mod effect;
pub use effect::{Effect, Later};

mod app;
pub use app::{Look, State, ThemeChoice, Toast, ToastKind};

mod session;
pub use session::{Live, Session, SessionMessage, is_whole};

mod filter;
pub use filter::{Filter, FilterMessage, FilterProblem, Ink, ink};

mod selection;
pub use selection::Selection;

mod grid;
pub use grid::{Block, Grid, GridMessage};

mod timeline;
pub use timeline::{Timeline, TimelineMessage};

mod scene;
pub use scene::scene;

mod detail;
pub use detail::{Detail, DetailMessage, DetailTab, DiffWith};

mod resend;
pub use resend::{Confirm, Drawer, Resend, ResendMessage, Tally};

mod form;
pub use form::{
    ConsumerFields, Fields, Form, FormMessage, FormTab, SecretField, Typed, environment_name,
};

mod wizard;
pub use wizard::{
    Addresses, CarrierTexts, Connection, ConsumerDraft, Finish, FlowDraft, INBOX_ROLES, Password,
    Purpose, ROLES, RoleInfo, RoleKind, Sample, SaveOrder, Step, Trial, Wizard, WizardEffect,
    WizardMessage, Work, inbox_of, joined_place, may_hold_json,
};

mod demo;
pub use demo::{Demo, DemoMessage};

mod overlay;
pub use overlay::{Overlay, OverlayMessage};

mod keys;
pub use keys::{KEYS, KeyPlace, KeyPress, message_for};

mod palette;
pub use palette::{Entry, entries};
