//! Ways to an engine. Each hands out connections, all of which are bounded by the caller in time and size.

mod last_words;
mod names;
mod ssh;
mod tcp;
mod tls;
mod trust;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::time::sleep;

use crate::endpoint::Endpoint;
use crate::obstacle::{Answer, Obstacle};
use crate::source::{Peer, TcpEnds};

pub(super) use trust::AnyCertificate;

/// Bytes in both directions.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection to the engine, and what the kernel knows of its other end.
pub(super) struct Connected {
    pub(super) wire: Box<dyn Wire>,
    pub(super) peer: Answer<Peer>,
    pub(super) ends: Answer<TcpEnds>,
}

/// How to reach one engine.
pub(super) enum Transport {
    Unix(String),
    Tcp(tcp::TcpTransport),
    Ssh(ssh::SshTransport),
}

impl Transport {
    pub(super) fn new(endpoint: &Endpoint) -> Self {
        match endpoint {
            Endpoint::Unix(path) => Self::Unix(path.clone()),
            Endpoint::Tcp(tcp) => Self::Tcp(tcp::TcpTransport::new(tcp.clone())),
            Endpoint::Ssh(ssh) => Self::Ssh(ssh::SshTransport::new(ssh.clone())),
        }
    }

    /// The most connections that are worth having: over ssh each is a login.
    pub(super) fn most_connections(&self) -> usize {
        if matches!(self, Self::Ssh(_)) { 4 } else { usize::MAX }
    }

    /// The value of the header Host.
    pub(super) fn authority(&self) -> String {
        if let Self::Tcp(tcp) = self { tcp.authority() } else { "docker".to_owned() }
    }

    /// What goes before each API path.
    pub(super) fn prefix(&self) -> &str {
        if let Self::Tcp(tcp) = self { tcp.prefix() } else { "" }
    }

    pub(super) async fn connect(&self) -> Answer<Connected> {
        match self {
            Self::Unix(path) => unix(path).await,
            Self::Tcp(tcp) => tcp.connect().await,
            Self::Ssh(ssh) => ssh.connect(),
        }
    }

    /// What a failed conversation means on this way, where more is known than that it ended.
    pub(super) async fn explain(&self, obstacle: Obstacle) -> Obstacle {
        match self {
            Self::Unix(_) => obstacle,
            Self::Tcp(tcp) => tcp.explain(obstacle),
            Self::Ssh(ssh) => ssh.explain(obstacle).await,
        }
    }

    /// What an error of the conversation means on this way, where the way itself is at fault.
    pub(super) fn explain_error(&self, error: &hyper::Error) -> Option<Obstacle> {
        let Self::Tcp(tcp) = self else { return None };
        let cause = std::error::Error::source(error)?.downcast_ref::<std::io::Error>()?;
        tcp.explain_error(cause)
    }

    /// What a status that is not 200 means on this way, with the beginning of its text.
    pub(super) fn explain_refusal(&self, status: u16, text: &[u8]) -> Option<Obstacle> {
        if let Self::Tcp(tcp) = self { tcp.explain_refusal(status, text) } else { None }
    }
}

async fn unix(path: &str) -> Answer<Connected> {
    let stream = loop {
        match UnixStream::connect(path).await {
            Ok(stream) => break stream,
            // The queue of a server that accepts nobody is full: it may yet wake up, until the time is over.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(error.into()),
        }
    };
    let peer = stream.peer_cred().map_err(Obstacle::from).map(|credentials| Peer {
        pid: credentials.pid().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default(),
        uid: credentials.uid(),
    });
    Ok(Connected { wire: Box::new(stream), peer, ends: Err(Obstacle::Unsupported) })
}
