//! A line to a server that can be cut, or go dead, when a test says so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards a loopback port of its own to a server. It ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    counts: Arc<Counts>,
}

/// Bytes forwarded so far.
#[derive(Debug, Default)]
struct Counts {
    told: AtomicU64,
    answered: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// What the server says gets lost; what it is told arrives.
    Deaf,
    Cut,
}

impl Proxy {
    /// Begins to forward to `server`.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (state, watched) = watch::channel(State::Open);
        let counts = Arc::new(Counts::default());
        tokio::spawn(accept(listener, server, watched, Arc::clone(&counts)));
        Self {
            port,
            state,
            counts,
        }
    }

    /// The port to connect to instead of the server's.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Bytes that came from the server so far.
    pub fn answered(&self) -> u64 {
        self.counts.answered.load(Ordering::Relaxed)
    }

    /// Bytes that the server was sent so far.
    pub fn told(&self) -> u64 {
        self.counts.told.load(Ordering::Relaxed)
    }

    /// Ends all connections and takes no new ones.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// From now on nothing the server says comes through, and nobody is told.
    pub fn swallow_answers(&self) {
        self.state.send_replace(State::Deaf);
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    mut state: watch::Receiver<State>,
    counts: Arc<Counts>,
) {
    loop {
        let cut = state.wait_for(|state| *state == State::Cut);
        let client = tokio::select! {
            // The proxy was cut, or dropped.
            _ = cut => return,
            client = listener.accept() => match client {
                Ok((client, _)) => client,
                Err(_) => return,
            },
        };
        if let Ok(upstream) = TcpStream::connect(server).await {
            let (state, counts) = (state.clone(), Arc::clone(&counts));
            tokio::spawn(forward(client, upstream, state, counts));
        }
    }
}

async fn forward(
    client: TcpStream,
    server: TcpStream,
    mut state: watch::Receiver<State>,
    counts: Arc<Counts>,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let watched = state.clone();
    let deaf = move || *watched.borrow() == State::Deaf;
    tokio::select! {
        _ = state.wait_for(|state| *state == State::Cut) => {}
        () = copy(from_client, to_server, || false, &counts.told) => {}
        () = copy(from_server, to_client, deaf, &counts.answered) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    swallow: impl Fn() -> bool,
    counted: &AtomicU64,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        counted.fetch_add(n as u64, Ordering::Relaxed);
        if !swallow() && to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
