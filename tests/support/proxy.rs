//! A line to a server that can be cut, or go dead, when a test says so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards a loopback port of its own to a server. It ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// What the server says gets lost; what it is told arrives.
    Deaf,
    Cut,
}

/// What happens to the line by itself, and when.
///
/// A test that looks at the traffic now and then and cuts the line itself comes too late on a
/// quick machine: the rest has passed by then.
#[derive(Debug, Default)]
struct Plan {
    /// Bytes forwarded so far.
    told: u64,
    answered: u64,
    due: Option<(Way, u64, State)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    FromServer,
}

impl Proxy {
    /// Begins to forward to `server`.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (state, _) = watch::channel(State::Open);
        let plan = Arc::default();
        let line = Line {
            state: state.clone(),
            plan: Arc::clone(&plan),
        };
        tokio::spawn(accept(listener, server, line));
        Self { port, state, plan }
    }

    /// The port to connect to instead of the server's.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections and takes no new ones.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Cuts the line as soon as the server has said so many bytes.
    pub fn cut_once_answered(&self, bytes: u64) {
        self.plan(Way::FromServer, bytes, State::Cut);
    }

    /// Cuts the line as soon as the server was told so many bytes.
    pub fn cut_once_told(&self, bytes: u64) {
        self.plan(Way::ToServer, bytes, State::Cut);
    }

    /// Once the server was told so many bytes, nothing it says comes through, and nobody learns it.
    pub fn swallow_answers_once_told(&self, bytes: u64) {
        self.plan(Way::ToServer, bytes, State::Deaf);
    }

    fn plan(&self, way: Way, bytes: u64, then: State) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.due = Some((way, bytes, then));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

/// What every connection shares.
#[derive(Debug, Clone)]
struct Line {
    state: watch::Sender<State>,
    plan: Arc<Mutex<Plan>>,
}

impl Line {
    /// Counts bytes that are about to be forwarded, and what is due with them.
    fn counted(&self, way: Way, bytes: usize) -> State {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let so_far = match way {
            Way::ToServer => &mut plan.told,
            Way::FromServer => &mut plan.answered,
        };
        *so_far += bytes as u64;
        let so_far = *so_far;
        if let Some((_, _, then)) = plan
            .due
            .take_if(|(on, limit, _)| *on == way && so_far >= *limit)
        {
            self.state.send_replace(then);
        }
        *self.state.borrow()
    }

    async fn is_cut(&self) {
        let mut watched = self.state.subscribe();
        watched.wait_for(|state| *state == State::Cut).await.ok();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, line: Line) {
    loop {
        let client = tokio::select! {
            () = line.is_cut() => return,
            client = listener.accept() => match client {
                Ok((client, _)) => client,
                Err(_) => return,
            },
        };
        if let Ok(upstream) = TcpStream::connect(server).await {
            tokio::spawn(forward(client, upstream, line.clone()));
        }
    }
}

async fn forward(client: TcpStream, server: TcpStream, line: Line) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = line.is_cut() => {}
        () = copy(from_client, to_server, Way::ToServer, &line) => {}
        () = copy(from_server, to_client, Way::FromServer, &line) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, line: &Line) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        match line.counted(way, n) {
            State::Cut => return,
            State::Deaf if way == Way::FromServer => {}
            State::Open | State::Deaf => {
                if to.write_all(&buffer[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}
