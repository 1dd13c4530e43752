//! Why a question to the outside world has no answer.

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a source says: the answer, or the obstacle.
pub type Answer<T> = Result<T, Obstacle>;

/// Why there is no answer. Serializable, because a recording keeps failures too: a replay must fail in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// ENOENT, ENOTDIR, ESRCH, or HTTP 404: it is not there.
    #[error("not found")]
    NotFound,
    /// EACCES or EPERM.
    #[error("permission denied")]
    Denied,
    /// ECONNREFUSED: nobody listens.
    #[error("connection refused")]
    Refused,
    /// No answer in time.
    #[error("no answer within {ms} ms")]
    TimedOut {
        /// How long was waited.
        ms: u64,
    },
    /// The answer is larger than is read.
    #[error("larger than the {limit} bytes that are read at most")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// A directory, FIFO, device or socket where a regular file was expected: these are never opened for reading.
    #[error("not a regular file")]
    NotAFile,
    /// The engine answered with an HTTP error status.
    #[error("the engine answered with HTTP status {0}")]
    Status(u16),
    /// The engine's authorization plugin, or a proxy, forbids the request (HTTP 401, 403).
    #[error("the engine forbids it (HTTP status {0})")]
    Forbidden(u16),
    /// The answer cannot be understood.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// The connection ended before the answer was complete.
    #[error("the connection was closed before the answer was complete")]
    Closed,
    /// EINVAL or EOPNOTSUPP: this kernel, or this kind of object, has no answer to such a question.
    #[error("not supported here")]
    Unsupported,
    /// No way to the engine: its name, the network, TLS or ssh.
    #[error("{why}")]
    NoWay {
        /// What went wrong.
        why: String,
        /// What a person can do about it.
        hint: String,
    },
    /// Any other error, as the system words it.
    #[error("{0}")]
    Other(String),
    /// A replay has no answer to this question.
    #[error("not in the recording")]
    NotRecorded,
}

impl Obstacle {
    /// No way to the engine, and what to do about it.
    pub(crate) fn no_way(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::NoWay { why: why.into(), hint: hint.into() }
    }

    /// No answer within this time.
    pub(crate) fn timed_out(after: Duration) -> Self {
        Self::TimedOut { ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl From<io::Error> for Obstacle {
    fn from(error: io::Error) -> Self {
        use rustix::io::Errno;
        match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NOTDIR | Errno::SRCH) => Self::NotFound,
            Some(Errno::ACCESS | Errno::PERM) => Self::Denied,
            Some(Errno::CONNREFUSED) => Self::Refused,
            Some(Errno::INVAL | Errno::OPNOTSUPP) => Self::Unsupported,
            Some(_) | None => Self::Other(error.to_string()),
        }
    }
}

impl From<rustix::io::Errno> for Obstacle {
    fn from(errno: rustix::io::Errno) -> Self {
        io::Error::from(errno).into()
    }
}
