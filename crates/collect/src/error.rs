//! Why there is no Snapshot at all. Whatever can be left out becomes an unknown fact and a gap instead.

use crate::obstacle::Obstacle;

/// An engine was asked for and nothing can be said of it. The program exits with 2 and no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// There is no such socket.
    #[error(
        "no engine at {endpoint}: the socket does not exist\n\
         hint: is Docker installed and running? Another engine is named with --host"
    )]
    Absent {
        /// As asked for.
        endpoint: String,
    },
    /// The socket is there, and nobody listens.
    #[error(
        "no engine at {endpoint}: connection refused\n\
         hint: the socket is left over from a daemon that is down; start it (systemctl start docker) and try again"
    )]
    Refused {
        /// As asked for.
        endpoint: String,
    },
    /// It does not answer in time.
    #[error(
        "the engine at {endpoint} does not answer: {obstacle}\n\
         hint: look at the daemon's log (journalctl -u docker); a daemon that hangs cannot be assessed"
    )]
    Silent {
        /// As asked for.
        endpoint: String,
        /// How long was waited.
        obstacle: Obstacle,
    },
    /// The address leads nowhere: its name, the network, TLS or ssh.
    #[error("no way to the engine at {endpoint}: {why}\nhint: {hint}")]
    NoWay {
        /// As asked for.
        endpoint: String,
        /// What went wrong.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// Nobody listens on that port.
    #[error(
        "no engine at {endpoint}: connection refused\n\
         hint: nobody listens on that port; check the address, and the `hosts` of the daemon there (2376 is the usual port with TLS, 2375 without)"
    )]
    NobodyListens {
        /// As asked for.
        endpoint: String,
    },
    /// Nothing comes back over the network.
    #[error(
        "the engine at {endpoint} does not answer: {obstacle}\n\
         hint: check the address, the network between and its firewalls; on that host, look at the daemon's log (journalctl -u docker)"
    )]
    SilentFar {
        /// As asked for.
        endpoint: String,
        /// How long was waited.
        obstacle: Obstacle,
    },
    /// Something answers that is no engine.
    #[error(
        "what answers at {endpoint} is not a Docker engine: {obstacle}\n\
         hint: check the address given with --host or DOCKER_HOST"
    )]
    NotAnEngine {
        /// As asked for.
        endpoint: String,
        /// What was wrong with the answer.
        obstacle: Obstacle,
    },
}

impl CollectError {
    /// What the first question met.
    pub fn obstacle(&self) -> Obstacle {
        match self {
            Self::Absent { .. } => Obstacle::NotFound,
            Self::Refused { .. } | Self::NobodyListens { .. } => Obstacle::Refused,
            Self::Silent { obstacle, .. } | Self::SilentFar { obstacle, .. } | Self::NotAnEngine { obstacle, .. } => obstacle.clone(),
            Self::NoWay { why, hint, .. } => Obstacle::NoWay { why: why.clone(), hint: hint.clone() },
        }
    }

    /// Judges the first contact: `None` where the rest can still be collected.
    pub(crate) fn of_first_contact(endpoint: &str, obstacle: &Obstacle) -> Option<Self> {
        let is_socket = endpoint.starts_with("unix://");
        let endpoint = endpoint.to_owned();
        match obstacle {
            Obstacle::NoWay { why, hint } => Some(Self::NoWay { endpoint, why: why.clone(), hint: hint.clone() }),
            Obstacle::Refused if !is_socket => Some(Self::NobodyListens { endpoint }),
            Obstacle::TimedOut { .. } if !is_socket => Some(Self::SilentFar { endpoint, obstacle: obstacle.clone() }),
            // Only a file can be missing.
            Obstacle::NotFound if !is_socket => Some(Self::NotAnEngine { endpoint, obstacle: obstacle.clone() }),
            Obstacle::NotFound => Some(Self::Absent { endpoint }),
            Obstacle::Refused => Some(Self::Refused { endpoint }),
            Obstacle::TimedOut { .. } => Some(Self::Silent { endpoint, obstacle: obstacle.clone() }),
            Obstacle::Malformed(_)
            | Obstacle::Closed
            | Obstacle::TooLarge { .. }
            | Obstacle::NotAFile
            | Obstacle::Unsupported
            | Obstacle::Other(_) => Some(Self::NotAnEngine { endpoint, obstacle: obstacle.clone() }),
            // A 404 to /version is no engine; a 500 or a refusal is one in trouble, of which something can still be said.
            Obstacle::Status(404) => Some(Self::NotAnEngine { endpoint, obstacle: obstacle.clone() }),
            Obstacle::Denied | Obstacle::Forbidden(_) | Obstacle::Status(_) | Obstacle::NotRecorded => None,
        }
    }
}
