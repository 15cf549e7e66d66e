//! The list of calls. One line each in [`calls!`], one struct each below.

use serde::{Deserialize, Serialize};
use waybill_model::{
    Access, Attempt, Control, Environment, EventDetail, EventId, EventRow, Fact, Mode, Pace,
    Parcel, PlaceId, Plan, ProbeStep, ResendId, Route, RouteCheck, ShownMessage, Window,
};

use crate::wire::{self, Call, Door};
use crate::{
    DropProposal, DropTry, Failure, GetProposing, GetTrying, Lane, MappedRow, Propose, Proposing,
    ReadMapping, Status, TimeSpec, TryProfile, Trying, WriteProfile, Written,
};

macro_rules! calls {
    ($($door:ident $name:literal $call:ident -> $reply:ty;)*) => {
        $(impl Call for $call {
            const NAME: &'static str = $name;
            const DOOR: Door = Door::$door;
            type Reply = $reply;
            fn encode_reply(reply: &$reply) -> Vec<u8> {
                wire::encode_json(reply)
            }
            fn decode_reply(kind: u8, body: &[u8]) -> Result<$reply, Failure> {
                wire::decode_json(kind, body)
            }
        })*
    };
}

calls! {
    Ask "hello" Hello -> Welcome;
    Ask "open" Open -> Opened;
    Ask "close" Close -> ();
    Ask "scan" Scan -> ();
    Ask "stop" Stop -> ();
    Ask "live" Live -> ();
    Ask "status" GetStatus -> Status;
    Ask "rows" GetRows -> Rows;
    Ask "select" Select -> Vec<u32>;
    Ask "detail" GetDetail -> EventDetail;
    Ask "facts" GetFacts -> Vec<EventFacts>;
    Ask "nearest" Nearest -> Option<u32>;
    Ask "plan" MakePlan -> Plan;
    Ask "preview" Preview -> PreviewedParcel;
    Ask "dry-run" DryRun -> Vec<CheckedRoute>;
    Ask "journal" GetJournal -> Vec<JournalRun>;
    Ask "profile" GetProfile -> ProfileText;
    Ask "check-profile" CheckProfile -> Vec<ProfileProblem>;
    Ask "probe" Probe -> u64;
    Ask "probe-steps" ProbeSteps -> Probed;
    Ask "propose" Propose -> u64;
    Ask "proposing" GetProposing -> Proposing;
    Ask "drop-proposal" DropProposal -> ();
    Ask "read-mapping" ReadMapping -> Vec<MappedRow>;
    Ask "write-profile" WriteProfile -> Written;
    Ask "try-profile" TryProfile -> u64;
    Ask "trying" GetTrying -> Trying;
    Ask "drop-try" DropTry -> ();
    Ask "faults" GetFaults -> Vec<FaultInfo>;
    Act "send" Send -> ();
    Act "stop-send" StopSend -> ();
    Act "continue-run" ContinueRun -> ();
    Act "save-profile" SaveProfile -> ();
    Act "delete-profile" DeleteProfile -> ();
    Act "break" BreakIt -> String;
    Act "heal" Heal -> ();
    Act "reset-demo" ResetDemo -> ();
}

/// Who is there: the first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {}

/// What the core is and knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Waybill's version.
    pub version: String,
    /// Saved profiles, by name.
    pub profiles: Vec<ProfileSummary>,
    /// What to open at once (command line), if anything.
    pub open: Option<OpenTarget>,
    /// Names of the drivers there are.
    pub drivers: Vec<String>,
    /// Where profiles lie, to show the user.
    pub profiles_folder: String,
}

/// A profile in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSummary {
    /// Name.
    pub name: String,
    /// What a mistake would hit.
    pub environment: Environment,
    /// What is allowed.
    pub access: Access,
    /// `toys · products → product-events`.
    pub subtitle: String,
    /// Why it cannot be used; `""` when it can.
    pub problem: String,
}

/// Connects to a profile's systems (looks only) and makes it the window's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// What to open.
    pub target: OpenTarget,
}

/// What can be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "open", content = "name")]
pub enum OpenTarget {
    /// The built-in company.
    Demo,
    /// A saved profile.
    Profile(String),
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The profile.
    pub profile: ProfileSummary,
    /// Whether it is the demo.
    pub demo: bool,
    /// The timeline's lanes, top to bottom; a tile has its lanes in this order.
    pub lanes: Vec<Lane>,
    /// Names of expected consumers, in order.
    pub consumers: Vec<String>,
    /// Whether one consumer alone can be sent to.
    pub one_consumer: bool,
    /// Why nothing can be sent; `""` when something can.
    pub read_only_reason: String,
    /// Runs found in the journal that were cut off (crash, power): offer to continue.
    pub unfinished: Vec<ResendId>,
}

/// Ends the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {}

/// Reads a window; a scan that is running is stopped first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Which.
    pub window: TimeSpec,
    /// Go on with what arrives when the window is read.
    pub live: bool,
}

/// Stops the scan; what was read stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {}

/// Switches following on and off after a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// On.
    pub on: bool,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetStatus {}

/// A stretch of the event grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRows {
    /// Filter text; `""` for all.
    pub filter: String,
    /// Only events whose time lies inside (the brush on the timeline).
    pub within: Option<Window>,
    /// Newest first.
    pub descending: bool,
    /// First line.
    pub offset: u64,
    /// How many lines, at most 1000.
    pub limit: u32,
}

/// The answer to [`GetRows`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// The status generation it belongs to.
    pub generation: u64,
    /// How many lines the filter yields.
    pub total: u64,
    /// The lines asked for.
    pub rows: Vec<EventRow>,
}

/// Numbers of all events that the filter yields and that may be resent in bulk (confirmed ones),
/// at most 100 000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    /// Filter text.
    pub filter: String,
    /// Only events whose time lies inside.
    pub within: Option<Window>,
}

/// Everything about one event; reads row and copies from their sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDetail {
    /// Its number.
    pub no: u32,
}

/// Sentences and evidence of several events, bodies left alone; at most 1000 at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetFacts {
    /// Their numbers.
    pub events: Vec<u32>,
}

/// What is known of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFacts {
    /// Its number.
    pub no: u32,
    /// What happened, in sentences a person would say.
    pub sentence: String,
    /// All evidence, in causal order.
    pub facts: Vec<Fact>,
    /// The places that hold nothing more of it, and whose reading without a gap the verdict rests
    /// on.
    pub rests_on: Vec<PlaceId>,
    /// What shows that such things are found there: neighbours, and how many of them were.
    #[serde(default)]
    pub controls: Vec<Control>,
}

/// The event of a lane nearest to a time, for a click into the density.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Index into the lanes.
    pub lane: u32,
    /// Microseconds since 1970.
    pub at: i64,
}

/// How many events fall into each column of each lane. The reply is a `waybill_timeline` tile in
/// its binary form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTile {
    /// The span.
    pub window: Window,
    /// How many columns, at most 8192.
    pub cols: u32,
}

impl Call for GetTile {
    const NAME: &'static str = "tile";
    const DOOR: Door = Door::Ask;
    type Reply = Vec<u8>;

    fn encode_reply(reply: &Vec<u8>) -> Vec<u8> {
        wire::encode_raw(reply)
    }

    fn decode_reply(kind: u8, body: &[u8]) -> Result<Vec<u8>, Failure> {
        wire::decode_raw(kind, body)
    }
}

/// Makes a plan for a resend. Nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakePlan {
    /// Which events.
    pub events: Vec<u32>,
    /// Who is to receive them.
    pub mode: Mode,
    /// How fast.
    pub pace: Pace,
    /// Why rows are to be sent although nobody has seen how their relay writes a message; `None`
    /// leaves them out. It is confirmed by typing the profile's name, and kept in the journal.
    #[serde(default)]
    pub unproven_form: Option<String>,
    /// Messages that consumers received, besides those of the flows.
    #[serde(default)]
    pub samples: Vec<ShownMessage>,
}

/// The exact message that would be sent for one event of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The plan.
    pub plan: ResendId,
    /// The event.
    pub event: EventId,
}

/// A message before it is sent, masked as the profile says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedParcel {
    /// Where to.
    pub route: Route,
    /// Headers in order, ours included.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// AMQP properties.
    pub properties: Vec<(String, String)>,
    /// The body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
}

impl From<&Parcel> for PreviewedParcel {
    fn from(parcel: &Parcel) -> Self {
        Self {
            route: parcel.route.clone(),
            headers: parcel.headers.clone(),
            properties: parcel.properties.clone(),
            payload: parcel.payload.clone(),
        }
    }
}

/// Asks the broker, for every route of a plan, whether it would arrive. Sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// The plan.
    pub plan: ResendId,
}

/// What the broker said about one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedRoute {
    /// The route.
    pub route: Route,
    /// How many events of the plan take it.
    pub events: u32,
    /// What the broker said.
    pub check: RouteCheck,
}

/// The latest runs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetJournal {
    /// How many runs at most.
    pub limit: u32,
}

/// A run as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRun {
    /// Which.
    pub id: ResendId,
    /// Its profile.
    pub profile: String,
    /// Who is to receive it.
    pub mode: Mode,
    /// Who confirmed it.
    pub by: String,
    /// Why, in the user's words.
    pub reason: String,
    /// Why rows were sent although nobody had seen how their relay writes a message; `None` where
    /// that was proven.
    #[serde(default)]
    pub unproven_form: Option<String>,
    /// When it was confirmed.
    pub at: waybill_model::Micros,
    /// Whether it was cut off and can be continued.
    pub unfinished: bool,
    /// Its events.
    pub attempts: Vec<Attempt>,
}

/// A saved profile as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetProfile {
    /// Name; `""` yields a commented template for a new one.
    pub name: String,
}

/// The answer to [`GetProfile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileText {
    /// The TOML.
    pub toml: String,
    /// Names of secrets it refers to, and whether each is there.
    pub secrets: Vec<(String, bool)>,
}

/// Reads a profile's text and says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckProfile {
    /// The TOML.
    pub toml: String,
}

/// Something wrong in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileProblem {
    /// Line, from 1; 0 when it concerns the whole.
    pub line: u32,
    /// What is wrong, a sentence.
    pub message: String,
    /// What to write instead, a sentence: `Did you mean 'sent-at'?`; `""` when nobody knows.
    pub suggestion: String,
}

/// Starts a connection test of a profile that need not be saved; the reply is its number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The TOML.
    pub toml: String,
    /// Passwords typed into the form, by secret name; kept in memory for this test only.
    pub secrets: Vec<(String, String)>,
}

/// How far a connection test is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSteps {
    /// Its number.
    pub probe: u64,
}

/// The answer to [`ProbeSteps`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// Steps so far, per connection.
    pub steps: Vec<(String, ProbeStep)>,
    /// Whether it is over.
    pub done: bool,
}

/// What the demo can break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetFaults {}

/// A fault for the demo's panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultInfo {
    /// Its name for [`BreakIt`].
    pub name: String,
    /// What stands on the button.
    pub title: String,
    /// What it does, a sentence.
    pub sentence: String,
    /// Whether it is on now.
    pub on: bool,
}

/// Sends a plan that the user has confirmed. Returns at once; progress is in [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// The plan.
    pub plan: ResendId,
    /// What the user typed, where the plan asks for it.
    pub typed: String,
    /// Why, in the user's words; goes into the journal and the messages.
    pub reason: String,
}

/// Stops the running resend before its next event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopSend {}

/// Goes on with a run that was cut off: sends only what is certainly not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinueRun {
    /// Which.
    pub run: ResendId,
}

/// Saves a profile.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveProfile {
    /// The TOML.
    pub toml: String,
    /// Passwords to put into the keychain, by secret name.
    pub secrets: Vec<(String, String)>,
}

/// Removes a saved profile (not its secrets' other uses).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteProfile {
    /// Name.
    pub name: String,
}

/// Breaks something in the demo; the reply is the sentence to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakIt {
    /// Which fault.
    pub fault: String,
}

/// Switches all the demo's faults off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heal {}

/// Starts the demo anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetDemo {}
