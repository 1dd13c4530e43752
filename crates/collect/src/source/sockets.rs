//! Questions to listening TCP sockets.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Pending;
use crate::obstacle::Answer;

/// What came back on `GET /_ping` without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// An answer over plain HTTP.
    Http {
        /// HTTP status.
        status: u16,
        /// Whether the answer carries the engine's own headers.
        engine: bool,
    },
    /// An answer over TLS, though no client certificate was shown.
    Https {
        /// HTTP status.
        status: u16,
        /// Whether the answer carries the engine's own headers.
        engine: bool,
    },
    /// It speaks TLS and wants a client certificate.
    CertificateWanted,
    /// It speaks TLS, and the conversation failed for another reason.
    TlsFailed {
        /// The reason.
        why: String,
    },
    /// It accepts connections and speaks neither HTTP nor TLS.
    Neither,
}

/// Connections to listening sockets.
pub trait Sockets: Send + Sync {
    /// Connects and sends `GET /_ping`, first in the clear, then over TLS. Shows no credential and believes any certificate.
    fn probe(&self, address: SocketAddr) -> Pending<'_, Answer<Probe>>;
}
