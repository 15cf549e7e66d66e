//! The core as a whole: what window and command line talk to.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use waybill_protocol::{
    Code, Failure, GetJournal, Hello, JournalRun, OpenTarget, Opened, Probed, Proposing, Trying,
    Welcome,
};

use crate::demo::DemoHost;
use crate::journal::Journal;
use crate::profiles::{MemorySecrets, ProfileStore, Secrets, StoreError};
use crate::session::{Opening, Session};
use crate::{Dirs, Drivers, failure};

mod bytes;

mod looking;

mod acting;

mod forms;

mod background;

mod probes;

mod proposals;

mod trials;

mod tables;
pub(crate) use tables::no_secrets;

use background::Background;

/// The core. Cheap to clone; all clones are one. Its methods need a tokio runtime around them.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

struct Inner {
    drivers: Drivers,
    secrets: Arc<dyn Secrets>,
    dirs: Dirs,
    profiles: ProfileStore,
    demo: Option<Arc<dyn DemoHost>>,
    opens: Option<OpenTarget>,
    journal: OnceCell<Journal>,
    session: Mutex<Option<Arc<Session>>>,
    /// Opening and closing take turns …
    turn: tokio::sync::Mutex<()>,
    /// … and whoever comes next ends an opening that waits for a server.
    opening: Mutex<CancellationToken>,
    probes: Background<Probed>,
    proposals: Background<Proposing>,
    trials: Background<Trying>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("dirs", &self.inner.dirs)
            .finish_non_exhaustive()
    }
}

impl Core {
    /// A core over these drivers, passwords and folders. Nothing is opened or written yet.
    pub fn new(
        drivers: Drivers,
        secrets: Arc<dyn Secrets>,
        dirs: Dirs,
        demo: Option<Arc<dyn DemoHost>>,
    ) -> Self {
        Self::opening(drivers, secrets, dirs, demo, None)
    }

    /// The same, and the page is told to open something at once (command line).
    pub fn opening(
        drivers: Drivers,
        secrets: Arc<dyn Secrets>,
        dirs: Dirs,
        demo: Option<Arc<dyn DemoHost>>,
        opens: Option<OpenTarget>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                profiles: ProfileStore::new(&dirs.config),
                drivers,
                secrets,
                dirs,
                demo,
                opens,
                journal: OnceCell::new(),
                session: Mutex::new(None),
                turn: tokio::sync::Mutex::new(()),
                opening: Mutex::default(),
                probes: Background::default(),
                proposals: Background::default(),
                trials: Background::default(),
            }),
        }
    }

    /// What the core is and knows.
    pub async fn hello(&self, _hello: Hello) -> Result<Welcome, Failure> {
        let profiles = self.inner.profiles.list(&self.inner.drivers);
        Ok(Welcome {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profiles: profiles.map_err(|error| of_store(&error))?,
            open: self.inner.opens.clone(),
            drivers: self.inner.drivers.names(),
            profiles_folder: self.inner.profiles.folder().display().to_string(),
        })
    }

    /// Connects to the systems of a profile or of the demo; looks only. Ends the session before.
    #[tracing::instrument(skip_all)]
    pub async fn open(&self, target: &OpenTarget) -> Result<Opened, Failure> {
        let given_up = self.end_opening();
        let _turn = self.inner.turn.lock().await;
        if self
            .session()
            .is_ok_and(|session| session.resends.is_running())
        {
            return Err(Failure::new(Code::Stale, "A resend is running.")
                .hint("Wait for it to end, or stop it, before opening something else."));
        }
        self.end_session().await;
        let journal = self.journal().await?.clone();
        let (profile, demo, secrets) = self.target(target).await?;
        let opening = Opening {
            drivers: self.inner.drivers.clone(),
            secrets,
        };
        let opened = Session::open(profile, demo, &opening, journal);
        let session = given_up
            .run_until_cancelled(opened)
            .await
            .unwrap_or_else(|| Err(Failure::new(Code::NotOpen, "Opening was given up.")))?;
        tracing::info!(profile = %session.profile.name, "Opened a profile");
        let opened = session.opened().await?;
        *self.slot() = Some(session);
        Ok(opened)
    }

    /// Ends the session: scan, live tail, resend and connections.
    pub async fn close(&self) {
        self.end_opening();
        let _turn = self.inner.turn.lock().await;
        self.end_session().await;
    }

    /// The latest runs of all profiles, newest first.
    pub async fn journal_runs(&self, asked: GetJournal) -> Result<Vec<JournalRun>, Failure> {
        Ok(self.journal().await?.runs(asked.limit.min(1_000)).await?)
    }

    /// The saved profiles.
    pub fn profiles(&self) -> &ProfileStore {
        &self.inner.profiles
    }

    /// The drivers there are.
    pub fn drivers(&self) -> &Drivers {
        &self.inner.drivers
    }

    /// The open session.
    fn session(&self) -> Result<Arc<Session>, Failure> {
        let none = || Failure::new(Code::NotOpen, "No profile is open.");
        self.slot().clone().ok_or_else(none)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        self.inner
            .session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends an opening that is going on; what ends the next one.
    fn end_opening(&self) -> CancellationToken {
        let mut opening = self
            .inner
            .opening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        opening.cancel();
        *opening = CancellationToken::new();
        opening.clone()
    }

    async fn end_session(&self) {
        let session = self.slot().take();
        if let Some(session) = session {
            session.close().await;
            if let Some(demo) = &session.demo
                && let Err(error) = demo.save().await
            {
                tracing::warn!(error = %error, "Could not save the demo");
            }
        }
    }

    async fn journal(&self) -> Result<&Journal, Failure> {
        let open = || Journal::open(&self.inner.dirs.data);
        Ok(self.inner.journal.get_or_try_init(open).await?)
    }

    async fn target(&self, target: &OpenTarget) -> Result<Target, Failure> {
        match target {
            OpenTarget::Profile(name) => {
                let profile = self.inner.profiles.load(name, &self.inner.drivers);
                let profile = profile.map_err(|error| of_store(&error))?;
                Ok((profile, None, Arc::clone(&self.inner.secrets)))
            }
            OpenTarget::Demo => {
                let host = self.demo()?;
                let target = host.start().await;
                let target = target.map_err(|error| {
                    failure::internal("The demo could not be started.", &*error)
                })?;
                let secrets = Arc::new(MemorySecrets::with(target.secrets));
                Ok((target.profile, Some(Arc::clone(host)), secrets))
            }
        }
    }

    fn demo(&self) -> Result<&Arc<dyn DemoHost>, Failure> {
        let none = || Failure::new(Code::NotOpen, "This Waybill comes without the demo.");
        self.inner.demo.as_ref().ok_or_else(none)
    }
}

type Target = (
    waybill_model::Profile,
    Option<Arc<dyn DemoHost>>,
    Arc<dyn Secrets>,
);

/// What the page shows when profiles cannot be read or written.
fn of_store(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::NotFound { .. } | StoreError::Wrong { .. } => Code::BadProfile,
        StoreError::Io { .. } => Code::Internal,
    };
    let detail = match error {
        StoreError::Wrong { problems, .. } => {
            let lines: Vec<String> = problems
                .iter()
                .map(|p| {
                    format!("line {}: {} {}", p.line, p.message, p.suggestion)
                        .trim()
                        .to_owned()
                })
                .collect();
            lines.join("\n")
        }
        StoreError::NotFound { .. } | StoreError::Io { .. } => failure::chain(error),
    };
    let text = error.to_string();
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    Failure::new(
        code,
        format!("{first}{}.", chars.as_str().trim_end_matches(['.', '?'])),
    )
    .detail(detail)
}
