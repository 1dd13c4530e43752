//! The candidate configuration and command line, without what would reach the host, hide containers or need the network.

use std::path::Path;

use facts::docker::{arguments as parse, parse_config};

use crate::edit::daemon_json::{self, Wish};
use crate::plan::KeyEdit;

/// Keys and flags that the rehearsing daemon gets its own of, or must not have (hardening.md 1.4). Stated as keys; flags are
/// compared in both numbers.
const LEFT_OUT: &[&str] = &[
    "authorization-plugins",
    "bridge",
    "cluster-advertise",
    "cluster-store",
    "cluster-store-opts",
    "config-file",
    "containerd",
    "containerd-namespace",
    "containerd-plugins-namespace",
    "cri-containerd",
    "data-root",
    "exec-root",
    "fixed-cidr",
    "fixed-cidr-v6",
    "graph",
    "hosts",
    "metrics-addr",
    "pidfile",
    "storage-driver",
    "storage-opts",
    "swarm-default-advertise-addr",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userns-remap",
    "validate",
];

fn is_left_out(name: &str) -> bool {
    LEFT_OUT.iter().any(|key| *key == name || key.strip_suffix('s') == Some(name))
}

/// The file's text with the edits, and without the keys that are left out.
pub(super) fn candidate(text: Option<&str>, edits: &[KeyEdit]) -> Result<String, String> {
    let present = parse_config(text.unwrap_or_default()).map_err(|error| error.to_string())?;
    let mut wishes: Vec<Wish> = edits.iter().map(|edit| (edit.key.clone(), Some(edit.value.clone()))).collect();
    wishes.extend(present.iter().filter(|entry| is_left_out(&entry.key)).map(|entry| (entry.key.clone(), None)));
    daemon_json::edit(text, &wishes).map_err(|error| error.to_string())
}

/// The running daemon's flags, so that what clashes with a key clashes here too, with own places.
pub(super) fn arguments(argv: &[String], folder: &Path) -> Vec<String> {
    let own = |name: &str| folder.join(name).display().to_string();
    let mut words: Vec<String> = parse(argv)
        .into_iter()
        .filter(|flag| !is_left_out(&flag.name))
        .map(|flag| match flag.value {
            Some(value) => format!("--{}={value}", flag.name),
            None => format!("--{}", flag.name),
        })
        .collect();
    words.extend([
        format!("--config-file={}", own("candidate.json")),
        format!("--host=unix://{}", own("s")),
        format!("--data-root={}", own("root")),
        format!("--exec-root={}", own("exec")),
        format!("--pidfile={}", own("pid")),
        // Needs no kernel module and no mount.
        "--storage-driver=vfs".to_owned(),
    ]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaves_out_what_reaches_the_host() {
        let text = r#"{"hosts": ["tcp://0.0.0.0:2375"], "data-root": "/srv", "icc": true, "userns-remap": "default", "labels": ["a=b"]}"#;
        let edit = KeyEdit { key: "icc".into(), value: json!(false), before: Some(json!(true)), in_force: None };
        let text = candidate(Some(text), &[edit]).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json!({"icc": false, "labels": ["a=b"]}));
        assert_eq!(candidate(None, &[]).unwrap(), "{}\n");
    }

    #[test]
    fn flags_take_part() {
        let argv: Vec<String> =
            "/usr/sbin/dockerd -H fd:// --containerd=/run/c.sock -l debug --icc=false --tlsverify --storage-opt dm.x=1 -D"
                .split(' ')
                .map(str::to_owned)
                .collect();
        let words = arguments(&argv, Path::new("/t"));
        assert_eq!(&words[..3], ["--log-level=debug", "--icc=false", "--debug"]);
        assert!(words.contains(&"--host=unix:///t/s".to_owned()));
        assert_eq!(words.len(), 9);
    }
}
