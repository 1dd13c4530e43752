//! The rehearsal daemon's command line: the real one's, but for what would reach the host.

use std::path::Path;

use facts::docker::arguments;
use serde::{Deserialize, Serialize};

/// Flags that name the real daemon's places, peers and secrets.
const LEFT_OUT: &[&str] = &[
    "authorization-plugin", "config-file", "containerd", "containerd-namespace", "containerd-plugins-namespace", "data-root", "exec-root", "graph",
    "group", "host", "metrics-addr", "pidfile", "swarm-default-advertise-addr", "tls", "tlscacert", "tlscert", "tlskey", "tlsverify", "userns-remap",
    "validate",
];

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Command {
    /// The daemon's program.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
}

impl Command {
    /// The same flags as the running daemon (so that it refuses what the real one would), with places below `folder`.
    pub(super) fn new(program: &str, argv: &[String], folder: &Path) -> Self {
        let mut words: Vec<String> = Vec::new();
        for argument in arguments(argv).into_iter().filter(|argument| !LEFT_OUT.contains(&argument.name.as_str())) {
            words.push(match argument.value {
                Some(value) => format!("--{}={value}", argument.name),
                None => format!("--{}", argument.name),
            });
        }
        let place = |name: &str| folder.join(name).display().to_string();
        words.extend([
            format!("--host=unix://{}", place("s")),
            format!("--config-file={}", place("candidate.json")),
            format!("--data-root={}", place("root")),
            format!("--exec-root={}", place("exec")),
            format!("--pidfile={}", place("pid")),
        ]);
        Self { program: program.to_owned(), arguments: words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_real_daemon_take_part() {
        let argv: Vec<String> =
            ["dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock", "--icc=false", "-l", "debug", "--tlsverify"].map(String::from).into();
        let command = Command::new("/usr/sbin/dockerd", &argv, Path::new("/x"));
        assert_eq!(command.arguments[..3], ["--icc=false", "--log-level=debug", "--host=unix:///x/s"]);
        assert!(!command.arguments.iter().any(|word| word.contains("fd://") || word.contains("tls") || word.contains("containerd")));
    }
}
