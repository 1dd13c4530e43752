//! What can go wrong while writing. Every message names the thing and the place.

use std::path::Path;

use crate::plan::Refusal;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was changed, for these reasons.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The system did not let us.
    #[error("cannot {doing} {place}: {source}{}", hint_line(.source))]
    Io {
        /// `write`, `rename`, ...
        doing: &'static str,
        /// Path or object.
        place: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The engine answered, but not with success.
    #[error("the engine refused {request}: {message} (HTTP {status})")]
    Engine {
        /// `POST /containers/ID/stop`.
        request: String,
        /// HTTP status.
        status: u16,
        /// Its own words.
        message: String,
    },
    /// The engine did not answer.
    #[error("the engine did not answer {request}: {why}\nhint: is the daemon running? see `systemctl status docker` or its log")]
    NoAnswer {
        /// The request.
        request: String,
        /// What happened instead.
        why: String,
    },
    /// The service manager or the operator's command did not do it.
    #[error("{0}")]
    Service(String),
    /// The kernel's audit did not do it.
    #[error("{0}")]
    Audit(String),
    /// The daemon does not do what it was told.
    #[error("{0}")]
    Effect(String),
    /// The state directory or a journal in it is not usable.
    #[error("{0}")]
    State(String),
    /// The operator asked to stop.
    #[error("stopped on request before {0}")]
    Stopped(String),
}

impl Error {
    /// An error of the system at a path.
    pub(crate) fn io(doing: &'static str, place: impl AsRef<Path>, source: impl Into<std::io::Error>) -> Self {
        Self::Io { doing, place: place.as_ref().display().to_string(), source: source.into() }
    }
}

/// The two obstacles that people search for longest.
fn hint_line(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::PermissionDenied => "\nhint: run as root; if you are root, look for `chattr +i` (lsattr) or a security module",
        std::io::ErrorKind::ReadOnlyFilesystem => "\nhint: the file system is mounted read-only",
        _ => "",
    }
}
