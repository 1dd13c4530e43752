//! Mounts: which of them hold what the host itself stands on.

use facts::Fact;
use facts::docker::Mount;

use super::kleene;
use super::paths::is_within;
use super::sockets::usual_spelling;

/// Folders whose content decides what the host runs, knows or shows (hier(7)), and where container engines keep everything.
const SYSTEM: [&str; 15] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
];

/// Folders that hold what belongs to everybody; a part of one may be a container's own.
const WHOLE: [&str; 3] = ["/home", "/var/lib", "/var/log"];

/// What images commonly read of the host and what tells nothing: as read-only mounts these are no finding.
const HARMLESS: [&str; 9] = [
    "/etc/ca-certificates",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/pki/ca-trust",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/timezone",
    "/usr/share",
];

/// Whether a host path is a system folder, lies in one, or holds one.
pub(crate) fn is_sensitive(source: &str, rw: bool) -> bool {
    let path = usual_spelling(source);
    if !rw && HARMLESS.iter().any(|place| is_within(&path, place)) {
        return false;
    }
    SYSTEM.iter().any(|place| is_within(&path, place)) || SYSTEM.iter().chain(&WHOLE).any(|place| is_within(place, &path))
}

/// Whether what is mounted on one side appears on the other (mount_namespaces(7)).
pub(crate) fn is_shared(propagation: &str) -> bool {
    matches!(propagation, "shared" | "rshared")
}

/// The same for a mount of a container: a bind mount by both its spelling and what it leads to; a volume of the engine is its own. The
/// engine's data root is as good as the host itself, wherever it lies.
pub(crate) fn sensitive(mount: &Mount, data_root: &Fact<String>) -> Fact<bool> {
    if mount.kind != "bind" {
        return Fact::Known(false);
    }
    let judge = |path: &str| match data_root {
        _ if is_sensitive(path, mount.rw) => Fact::Known(true),
        Fact::Known(root) => Fact::Known(is_within(path, root) || is_within(root, path)),
        Fact::Absent => Fact::Known(false),
        Fact::Unknown { why } => Fact::unknown(format!("where the engine keeps its data was not seen: {why}")),
    };
    let real = match &mount.resolved_source {
        Fact::Known(real) => judge(real),
        // Made as an empty folder when the container starts.
        Fact::Absent => Fact::Known(false),
        Fact::Unknown { why } => Fact::unknown(format!("where {} leads could not be seen: {why}", mount.source)),
    };
    kleene::or(judge(&mount.source), real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_folders_and_their_kin() {
        for path in [
            "/",
            "//",
            "/etc",
            "/etc/",
            "/etc/shadow",
            "/var",
            "/var/run",
            "/run/docker.sock",
            "/usr/local/bin",
            "/proc/sys",
            "/var/lib",
            "/home",
            "/var/log/",
        ] {
            assert!(is_sensitive(path, false), "{path}");
        }
        for path in ["/srv/data", "/home/web", "/etcetera", "/var/log/web", "/opt", "/var/lib/dockerfiles", "/mnt/usr"] {
            assert!(!is_sensitive(path, true), "{path}");
        }
        assert!(!is_sensitive("/etc/localtime", false) && is_sensitive("/etc/localtime", true) && is_sensitive("/etc", false));
    }

    #[test]
    fn links_count_and_volumes_do_not() {
        let root = Fact::Known("/data/docker".to_owned());
        let bind = |source: &str, resolved: Fact<String>| Mount {
            kind: "bind".to_owned(),
            source: source.to_owned(),
            resolved_source: resolved,
            rw: true,
            ..Mount::default()
        };
        assert_eq!(sensitive(&bind("/srv/link", Fact::Known("/etc".to_owned())), &root), Fact::Known(true));
        assert!(sensitive(&bind("/srv/link", Fact::unknown("no right")), &root).is_unknown());
        assert_eq!(sensitive(&bind("/etc", Fact::unknown("no right")), &root), Fact::Known(true));
        let volume = Mount { kind: "volume".to_owned(), source: "/var/lib/docker/volumes/a/_data".to_owned(), ..Mount::default() };
        assert_eq!(sensitive(&volume, &root), Fact::Known(false));
        let on_disk = |path: &str| sensitive(&bind(path, Fact::Known(path.to_owned())), &root);
        assert_eq!(
            (on_disk("/data/docker/overlay2"), on_disk("/data"), on_disk("/data/web")),
            (Fact::Known(true), Fact::Known(true), Fact::Known(false))
        );
        let unseen = sensitive(&bind("/data", Fact::Known("/data".to_owned())), &Fact::unknown("no answer"));
        assert!(unseen.is_unknown());
    }
}
