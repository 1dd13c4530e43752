//! Which engine to speak to, and how to reach it.

mod address;
mod choice;
mod context;
mod error;

pub use choice::{Chosen, Environment, NamedBy, TlsWishes, Wishes, choose};
pub use error::EndpointError;

use std::fmt;
use std::path::PathBuf;

/// Where the engine listens when nothing else is said.
pub(crate) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// An engine's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket of this machine, by absolute path.
    Unix(String),
    /// A TCP port, in the clear or with TLS.
    Tcp(Tcp),
    /// The engine of another host, whose docker client is started there over ssh.
    Ssh(Ssh),
}

/// A TCP port that serves the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// What goes before each API path: empty, or `/` and more without a slash at the end.
    pub prefix: String,
    /// With TLS, and how; none: in the clear.
    pub tls: Option<Tls>,
}

/// How to speak TLS. Paths only: a key's bytes are read when a connection is made, and kept nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whether the server's certificate must be valid for the host's name and signed by an authority that is trusted.
    pub verify: bool,
    /// PEM file of the only authorities that are trusted; none: those that the system trusts.
    pub ca: Option<PathBuf>,
    /// PEM file of the client's certificate.
    pub cert: Option<PathBuf>,
    /// PEM file of the client's private key.
    pub key: Option<PathBuf>,
}

/// A host that is reached by the program ssh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssh {
    /// Whom to be there; none: as ssh's configuration says.
    pub user: Option<String>,
    /// Host name, address or alias of ssh's configuration; an IPv6 address without brackets.
    pub host: String,
    /// Port; none: as ssh's configuration says.
    pub port: Option<u16>,
    /// Path of the engine's socket there; none: what the client there takes by default.
    pub socket: Option<String>,
}

impl Endpoint {
    /// The address given with `--host`, else the value of DOCKER_HOST, else Docker's default: without contexts and without TLS, for callers
    /// that name an engine themselves. [`choose`] is what a user's command line means.
    ///
    /// # Errors
    /// When the address is none, or of a kind that cannot be spoken to from here.
    pub fn resolve(argument: Option<&str>, docker_host: Option<&str>) -> Result<Self, EndpointError> {
        let given = |text: &&str| !text.trim().is_empty();
        let default = || Ok(Self::Unix(DEFAULT_SOCKET.to_owned()));
        argument.filter(given).or(docker_host.filter(given)).map_or_else(default, |address| address::parse(address, None))
    }

    /// Path of the Unix socket; none: it is no Unix socket of this machine.
    pub fn socket(&self) -> Option<&str> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Tcp(_) | Self::Ssh(_) => None,
        }
    }

    /// Whether speaking to it takes a program beside this one: the one exception to "no process is started".
    pub fn starts_a_process(&self) -> bool {
        matches!(self, Self::Ssh(_))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{path}"),
            Self::Tcp(tcp) => write!(f, "tcp://{}{}", tcp.authority(), tcp.prefix),
            Self::Ssh(ssh) => {
                let user = ssh.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                let port = ssh.port.map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "ssh://{user}{}{port}{}", bracketed(&ssh.host), ssh.socket.as_deref().unwrap_or_default())
            }
        }
    }
}

impl Tcp {
    /// `host:port` as it stands in a URL and in the header Host.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
