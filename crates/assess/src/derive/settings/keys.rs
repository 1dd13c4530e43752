//! The keys of daemon.json that checks and plans speak of, with dockerd's defaults (dockerd(8)).

use serde_json::{Value, json};

/// Keys with their flag (where it has another name) and default.
pub(super) const KEYS: &[(&str, &str, Option<Default>)] = &[
    ("authorization-plugins", "authorization-plugin", None),
    ("bridge", "bridge", None),
    ("containerd", "containerd", None),
    ("data-root", "data-root", Some(Default::Text("/var/lib/docker"))),
    ("debug", "debug", Some(Default::Bool(false))),
    ("exec-root", "exec-root", Some(Default::Text("/var/run/docker"))),
    ("hosts", "host", None),
    ("icc", "icc", Some(Default::Bool(true))),
    ("iptables", "iptables", Some(Default::Bool(true))),
    ("live-restore", "live-restore", Some(Default::Bool(false))),
    ("log-level", "log-level", Some(Default::Text("info"))),
    ("no-new-privileges", "no-new-privileges", Some(Default::Bool(false))),
    ("pidfile", "pidfile", Some(Default::Text("/var/run/docker.pid"))),
    ("selinux-enabled", "selinux-enabled", Some(Default::Bool(false))),
    ("tls", "tls", Some(Default::Bool(false))),
    ("tlscacert", "tlscacert", None),
    ("tlscert", "tlscert", None),
    ("tlskey", "tlskey", None),
    ("tlsverify", "tlsverify", Some(Default::Bool(false))),
    ("userland-proxy", "userland-proxy", Some(Default::Bool(true))),
    ("userns-remap", "userns-remap", None),
];

/// Keys that a reload (SIGHUP) applies (dockerd's daemon/reload*.go); of these only what the API shows is certain.
pub(super) const RELOADABLE: &[&str] = &["debug", "live-restore", "authorization-plugins"];

/// A built-in default of dockerd.
#[derive(Clone, Copy)]
pub(super) enum Default {
    Bool(bool),
    Text(&'static str),
}

impl Default {
    pub(super) fn value(self) -> Value {
        match self {
            Self::Bool(value) => json!(value),
            Self::Text(value) => json!(value),
        }
    }
}
