//! Directories below /run for systemd-tmpfiles: /run is empty when auditd loads its rules, and one rule whose directory is missing
//! stops the loading of every later rule, those of others too (measured).

use assess::WatchKind;

use crate::plan::AuditRuleSpec;

/// Our file; systemd-tmpfiles-setup runs before auditd.
pub(crate) const TMPFILES_FILE: &str = "/etc/tmpfiles.d/cofferdam.conf";

/// The first line of that file.
pub(crate) const HEADER: &str = "\
# Written by cofferdam: directories that must exist before auditd loads the rules of cofferdam.rules, or it stops loading there.
";

/// Mode and owner of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The directories below /run that the rule needs at boot, outermost first: itself if it watches a directory, and every parent.
pub(crate) fn directories(rule: &AuditRuleSpec) -> Vec<String> {
    let Some(below) = rule.path.strip_prefix("/run/") else { return Vec::new() };
    let parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    let depth = match rule.kind {
        WatchKind::Dir => parts.len(),
        WatchKind::File => parts.len().saturating_sub(1),
    };
    (1..=depth).map(|count| format!("/run/{}", parts[..count].join("/"))).collect()
}

/// The line that makes a directory.
pub(crate) fn line(path: &str, directory: Directory) -> String {
    let owner = |id: u32| if id == 0 { "root".to_owned() } else { id.to_string() };
    format!("d {path} {:04o} {} {} -", directory.mode, owner(directory.uid), owner(directory.gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_needs() {
        let rule = |path: &str, kind| AuditRuleSpec { path: path.into(), kind, perm: "wa".into(), key: "k".into() };
        assert_eq!(directories(&rule("/run/containerd", WatchKind::Dir)), ["/run/containerd"]);
        assert_eq!(directories(&rule("/run/containerd/containerd.sock", WatchKind::File)), ["/run/containerd"]);
        assert_eq!(directories(&rule("/run/docker.sock", WatchKind::File)), [] as [&str; 0]);
        assert_eq!(directories(&rule("/run/a/b/c", WatchKind::File)), ["/run/a", "/run/a/b"]);
        assert_eq!(directories(&rule("/etc/docker", WatchKind::Dir)), [] as [&str; 0]);
        assert_eq!(line("/run/containerd", Directory { mode: 0o711, uid: 0, gid: 0 }), "d /run/containerd 0711 root root -");
    }
}
