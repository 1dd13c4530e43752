//! The keys of daemon.json that checks and plans speak of, with dockerd's defaults (dockerd(8); its flags in moby/moby
//! cmd/dockerd/config*.go, since 29 daemon/command/config*.go).

use facts::Fact;
use serde_json::{Value, json};

use super::version::EngineVersion;

/// Keys with their flag (where it has another name) and default.
pub(super) const KEYS: &[(&str, &str, Option<Default>)] = &[
    ("authorization-plugins", "authorization-plugin", None),
    ("bridge", "bridge", None),
    ("cgroup-parent", "cgroup-parent", None),
    ("containerd", "containerd", None),
    ("data-root", "data-root", Some(Default::Text("/var/lib/docker"))),
    ("debug", "debug", Some(Default::Bool(false))),
    ("default-ulimits", "default-ulimit", None),
    // Known to engines before 17.12 only; true since 17.06.
    ("disable-legacy-registry", "disable-legacy-registry", Some(Default::Since(17, 6))),
    ("exec-root", "exec-root", Some(Default::Text("/var/run/docker"))),
    ("experimental", "experimental", Some(Default::Bool(false))),
    ("hosts", "host", None),
    ("icc", "icc", Some(Default::Bool(true))),
    // True since 27.0; before, an experimental feature.
    ("ip6tables", "ip6tables", Some(Default::Since(27, 0))),
    ("iptables", "iptables", Some(Default::Bool(true))),
    ("live-restore", "live-restore", Some(Default::Bool(false))),
    ("log-driver", "log-driver", Some(Default::Text("json-file"))),
    ("log-level", "log-level", Some(Default::Text("info"))),
    ("no-new-privileges", "no-new-privileges", Some(Default::Bool(false))),
    ("pidfile", "pidfile", Some(Default::Text("/var/run/docker.pid"))),
    ("seccomp-profile", "seccomp-profile", Some(Default::Text("builtin"))),
    ("selinux-enabled", "selinux-enabled", Some(Default::Bool(false))),
    ("storage-driver", "storage-driver", None),
    ("storage-opts", "storage-opt", None),
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
    /// True from this version of the engine on, false before.
    Since(u32, u32),
}

impl Default {
    pub(super) fn value(self, version: &Fact<EngineVersion>) -> Fact<Value> {
        match self {
            Self::Bool(value) => Fact::Known(json!(value)),
            Self::Text(value) => Fact::Known(json!(value)),
            Self::Since(major, minor) => version.clone().and_then(|version| Fact::Known(json!(version >= EngineVersion(major, minor)))),
        }
    }

    /// Whether its values are booleans.
    pub(super) fn is_boolean(self) -> bool {
        matches!(self, Self::Bool(_) | Self::Since(..))
    }
}

/// Flags that may be given several times, each time with one more member.
pub(super) const LISTS: &[&str] = &["host", "authorization-plugin", "default-ulimit", "storage-opt"];
