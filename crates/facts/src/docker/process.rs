//! The daemon's process: the one, never init, that holds the API socket's inode.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fact, Observed};

/// The process that serves the API, found by the socket's inode in /proc/PID/fd and never by words in argv.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DaemonProcess {
    /// Process id.
    pub pid: u32,
    /// How it was found: `socket inode`, `pid file`.
    pub found_by: String,
    /// /proc/PID/exe.
    pub exe: Fact<String>,
    /// /proc/PID/cmdline, redacted.
    pub argv: Observed<Vec<String>>,
    /// Real user id.
    pub uid: Fact<u32>,
    /// Start time in clock ticks since boot (field 22 of /proc/PID/stat): tells two processes with one pid apart.
    pub start_ticks: Fact<u64>,
    /// systemd unit from /proc/PID/cgroup: `docker.service`. Absent: none.
    pub unit: Fact<String>,
    /// Listening TCP sockets that it holds.
    pub listeners: Fact<Vec<Listener>>,
    /// docker-proxy processes that it started.
    pub proxies: Fact<Vec<ProxyProcess>>,
    /// Socket of the containerd it uses: --containerd, or the one that it is connected to.
    pub containerd_socket: Fact<String>,
}

/// A listening TCP socket of the daemon, asked without a client certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Listener {
    /// Local address: `0.0.0.0`, `::`, `127.0.0.1`.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Whether it is the engine's API (it answers HTTP, or speaks TLS), and not swarm's or metrics'.
    pub is_api: Fact<bool>,
    /// Whether it speaks TLS.
    pub tls: Fact<bool>,
    /// Whether a request without a client certificate was answered.
    pub answers_without_certificate: Fact<bool>,
}

/// One docker-proxy process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProxyProcess {
    /// Process id.
    pub pid: u32,
    /// Host port that it serves.
    pub host_port: Option<u16>,
}
