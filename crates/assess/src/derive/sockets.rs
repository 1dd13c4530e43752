//! Sockets of container runtimes: whoever holds one owns the host.

use facts::docker::Engine;
use facts::{Fact, Snapshot};
use serde_json::Value;

use super::behind::Behind;
use super::kleene;
use super::paths::{Paths, is_within, trimmed};
use super::settings::Settings;

/// Where the runtimes of this host listen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuntimeSockets {
    paths: Vec<String>,
    /// Why there may be more.
    unseen: Option<String>,
}

/// Where runtimes listen unless told otherwise.
const USUAL: [&str; 6] = [
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/containerd/containerd.sock.ttrpc",
    "/run/docker/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/podman/podman.sock",
];

impl RuntimeSockets {
    /// The usual places alone.
    pub(crate) fn usual() -> Self {
        Self { paths: USUAL.iter().map(|path| (*path).to_owned()).collect(), unseen: None }
    }

    /// The usual places, and those where this engine and its containerd really listen.
    pub(crate) fn of(snapshot: &Snapshot, settings: &Settings) -> Self {
        let mut sockets = Self::usual();
        let Some(engine) = snapshot.engine() else { return sockets };
        let paths = Paths::of(&snapshot.host);
        sockets.add_url(&engine.endpoint, paths);
        sockets.add_listeners(engine, settings, paths);
        sockets.add_containerd(engine, settings, paths);
        sockets
    }

    fn add_listeners(&mut self, engine: &Engine, settings: &Settings, paths: Paths<'_>) {
        match &settings.get("hosts").effective {
            Fact::Known(hosts) => {
                let hosts: Vec<&str> = hosts.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                hosts.iter().for_each(|host| self.add_url(host, paths));
                if hosts.iter().any(|host| host.starts_with("fd:")) {
                    self.add_unit(engine, paths);
                }
            }
            Fact::Absent => {}
            Fact::Unknown { why } => self.miss(why),
        }
    }

    /// With `-H fd://` systemd listens for the daemon.
    fn add_unit(&mut self, engine: &Engine, paths: Paths<'_>) {
        match engine.unit.as_ref().and_then(|unit| unit.socket.fact.as_ref()) {
            Fact::Known(unit) => {
                for line in unit.text.lines() {
                    if let Some(path) = line.trim().strip_prefix("ListenStream=") {
                        self.add(&path.trim().replace("%t", "/run"), paths);
                    }
                }
            }
            Fact::Absent => {}
            Fact::Unknown { why } => self.miss(&why),
        }
    }

    fn add_containerd(&mut self, engine: &Engine, settings: &Settings, paths: Paths<'_>) {
        match &settings.get("exec-root").effective {
            Fact::Known(Value::String(root)) => self.add(&format!("{}/containerd/containerd.sock", trimmed(root)), paths),
            Fact::Unknown { why } => self.miss(why),
            _ => {}
        }
        let told = settings.get("containerd");
        match &told.effective {
            Fact::Known(Value::String(path)) => return self.add_url(path, paths),
            Fact::Unknown { why } => self.miss(why),
            _ => {}
        }
        match engine.process.fact.as_ref().and_then(|process| process.containerd_socket.as_ref()) {
            Fact::Known(path) => self.add_url(path, paths),
            Fact::Absent => {}
            Fact::Unknown { why } => self.miss(&why),
        }
    }

    fn add_url(&mut self, url: &str, paths: Paths<'_>) {
        let path = url.strip_prefix("unix://").unwrap_or(url);
        if path.starts_with('/') {
            self.add(path, paths);
        }
    }

    fn add(&mut self, path: &str, paths: Paths<'_>) {
        self.paths.push(usual_spelling(path));
        if paths.is_listed(path) {
            match paths.canonical(path) {
                Fact::Known(real) => self.paths.push(usual_spelling(&real)),
                Fact::Absent => {}
                Fact::Unknown { why } => self.miss(&why),
            }
        }
    }

    fn miss(&mut self, why: &str) {
        self.unseen.get_or_insert_with(|| why.to_owned());
    }

    /// Whether a path is a socket or a folder above one, as it is spelled.
    pub(crate) fn reached_from(&self, path: &str) -> bool {
        let path = usual_spelling(path);
        self.paths.iter().any(|socket| is_within(socket, &path))
    }

    /// Whether a mount holds a socket, links followed. A read-only mount does: a socket is used and not written.
    pub(crate) fn reached_by(&self, behind: &Behind) -> Fact<bool> {
        let found = behind.any(|path, _| Fact::Known(self.reached_from(path)));
        match &self.unseen {
            // Memory and volumes of the engine's own hold nothing of the host, so no socket either.
            Some(why) if !behind.shown.is_empty() => kleene::or(found, Fact::unknown(why.clone())),
            _ => found,
        }
    }
}

/// /var/run is a link to /run wherever systemd or Debian's layout is; where it is not, the error is on the safe side.
pub(crate) fn usual_spelling(path: &str) -> String {
    let path = trimmed(path);
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::behind::Shown;

    fn mount(source: &str, resolved: Fact<&str>) -> Behind {
        Behind { shown: vec![Shown { path: source.into(), real: resolved.map(str::to_owned), rw: true }], unseen: None }
    }

    #[test]
    fn what_reaches_a_socket() {
        let mut sockets = RuntimeSockets::usual();
        sockets.paths.push("/srv/api/docker.sock".into());
        let check = |source: &str, resolved: Fact<&str>, expect: Option<bool>| {
            assert_eq!(sockets.reached_by(&mount(source, resolved.clone())).known().copied(), expect, "{source} {resolved:?}");
        };
        for source in ["/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run/", "/", "/run/containerd", "/srv/api", "/srv"] {
            check(source, Fact::Known(source), Some(true));
        }
        for source in ["/srv/data", "/run/docker.sock.d", "/run/user", "/var", "/var/lib/docker/volumes/x/_data"] {
            check(source, Fact::Known(source), Some(false));
        }
        check("/srv/link", Fact::Known("/run"), Some(true));
        check("/srv/link", Fact::unknown("no right"), None);
        check("/run", Fact::unknown("no right"), Some(true));
        check("/srv/gone", Fact::Absent, Some(false));
        sockets.unseen = Some("argv".into());
        assert!(sockets.reached_by(&mount("/srv/data", Fact::Known("/srv/data"))).is_unknown());
        assert_eq!(sockets.reached_by(&mount("/run", Fact::Known("/run"))), Fact::Known(true));
    }
}
