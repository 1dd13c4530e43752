//! Questions to the container engine.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Pending;
use crate::obstacle::{Answer, Obstacle};

/// One question to the engine. A closed list, since each answer has its own list of members that may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineQuestion {
    /// GET /_ping: answers `OK` without looking at anything.
    Ping,
    /// GET /version.
    Version,
    /// GET /info.
    Info,
    /// GET /debug/vars: the daemon's own command line.
    DebugVars,
    /// GET /containers/json?all=1.
    Containers,
    /// GET /containers/ID/json.
    Container(String),
    /// GET /images/json.
    Images,
    /// GET /images/ID/json.
    Image(String),
    /// GET /images/ID/history.
    ImageHistory(String),
    /// GET /networks.
    Networks,
    /// GET /networks/ID.
    Network(String),
    /// GET /volumes.
    Volumes,
    /// GET /plugins: the managed ones; plugins that are programs beside the engine are not in it.
    Plugins,
    /// GET /services: only a manager of a swarm answers it.
    Services,
    /// GET /secrets: only a manager of a swarm answers it.
    Secrets,
}

impl EngineQuestion {
    /// The path to request, without an API version.
    ///
    /// An unversioned path is served by every engine, in the shape of its newest API version. A fixed version would not do: 20.10
    /// speaks at most 1.41 and 29 at least 1.44. Nor is the version negotiated: the newest shape knows the most (no-new-privileges in
    /// /info since 1.43, FirewallBackend since 1.49), and what a shape lacks becomes an unknown fact, never a guessed one.
    ///
    /// The ids come from the engine's own answer to another question, which may be hostile: one that could leave its place in
    /// the path is refused.
    pub fn path(&self) -> Answer<String> {
        Ok(match self {
            Self::Ping => "/_ping".to_owned(),
            Self::Version => "/version".to_owned(),
            Self::Info => "/info".to_owned(),
            Self::DebugVars => "/debug/vars".to_owned(),
            Self::Containers => "/containers/json?all=1".to_owned(),
            Self::Container(id) => format!("/containers/{}/json", harmless(id)?),
            Self::Images => "/images/json".to_owned(),
            Self::Image(id) => format!("/images/{}/json", harmless(id)?),
            Self::ImageHistory(id) => format!("/images/{}/history", harmless(id)?),
            Self::Networks => "/networks".to_owned(),
            Self::Network(id) => format!("/networks/{}", harmless(id)?),
            Self::Volumes => "/volumes".to_owned(),
            Self::Plugins => "/plugins".to_owned(),
            Self::Services => "/services".to_owned(),
            Self::Secrets => "/secrets".to_owned(),
        })
    }

    /// Whether it is asked of one object that was listed before, and may be gone since.
    pub(crate) fn is_about_an_object(&self) -> bool {
        matches!(self, Self::Container(_) | Self::Image(_) | Self::ImageHistory(_) | Self::Network(_))
    }

    /// Whether the answer describes a single object, so that a small size limit fits.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(self, Self::Containers | Self::Images | Self::Networks | Self::Volumes | Self::Plugins | Self::Services | Self::Secrets)
    }
}

#[cfg(any(test, feature = "fuzzing"))]
impl EngineQuestion {
    /// One of each, for what must hold of every answer.
    pub(crate) fn one_of_each() -> Vec<Self> {
        let id = || "abc".to_owned();
        let all = vec![
            Self::Ping,
            Self::Version,
            Self::Info,
            Self::DebugVars,
            Self::Containers,
            Self::Container(id()),
            Self::Images,
            Self::Image(id()),
            Self::ImageHistory(id()),
            Self::Networks,
            Self::Network(id()),
            Self::Volumes,
            Self::Plugins,
            Self::Services,
            Self::Secrets,
        ];
        for question in &all {
            // A question that is added does not compile here before it stands in the list.
            match question {
                Self::Ping | Self::Version | Self::Info | Self::DebugVars | Self::Containers | Self::Container(_) | Self::Images => {}
                Self::Image(_) | Self::ImageHistory(_) | Self::Networks | Self::Network(_) | Self::Volumes | Self::Plugins => {}
                Self::Services | Self::Secrets => {}
            }
        }
        all
    }
}

fn harmless(id: &str) -> Answer<&str> {
    let fits =
        !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-'));
    if fits { Ok(id) } else { Err(Obstacle::Malformed("the engine listed an object with an impossible id".to_owned())) }
}

/// Who called listen() on the socket, by SO_PEERCRED. Under socket activation that is systemd; pid 0: a process of another pid namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Process id as this pid namespace sees it.
    pub pid: u32,
    /// User id as this user namespace sees it.
    pub uid: u32,
}

/// Both ends of a TCP connection to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpEnds {
    /// This process's end.
    pub ours: SocketAddr,
    /// The engine's end, as it looks from here.
    pub engine: SocketAddr,
}

/// A container engine.
pub trait EngineApi: Send + Sync {
    /// The URL that is spoken to.
    fn endpoint(&self) -> String;

    /// Path of its Unix socket on this machine; none: it is reached in another way.
    fn socket(&self) -> Option<String>;

    /// Asks; the answer holds only the members that [`crate::redact`] lets through.
    fn get(&self, question: EngineQuestion) -> Pending<'_, Answer<Value>>;

    /// The peer of the connection that was made first. Nothing before the first question.
    fn peer(&self) -> Answer<Peer>;

    /// The TCP connection that was made first, which stays open for a while. Nothing before the first question, and on any other way.
    fn tcp_ends(&self) -> Answer<TcpEnds>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_ids_are_refused() {
        for id in ["", "../version", "a/b", "a?x", "a%2fb", "a b", "a\r\nHost: x", &"a".repeat(129)] {
            assert!(EngineQuestion::Container(id.to_owned()).path().is_err(), "{id:?}");
        }
        assert_eq!(EngineQuestion::Image("sha256:0a".to_owned()).path().unwrap(), "/images/sha256:0a/json");
    }
}
