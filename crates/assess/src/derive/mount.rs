//! Mounts: which of them hold what the host itself stands on.

use facts::Fact;
use facts::docker::Mount;

use super::behind::Behind;
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

/// The same for all of the host that a mount of a container shows. The engine's data root is as good as the host itself, wherever it lies;
/// what the engine made for a volume in there is the volume's own.
pub(crate) fn sensitive(behind: &Behind, data_root: &Fact<String>) -> Fact<bool> {
    behind.any(|path, rw| match data_root {
        _ if is_sensitive(path, rw) => Fact::Known(true),
        Fact::Known(root) => Fact::Known(is_within(path, root) || is_within(root, path)),
        Fact::Absent => Fact::Known(false),
        Fact::Unknown { why } => Fact::unknown(format!("where the engine keeps its data was not seen: {why}")),
    })
}

/// A mount in words: what of the host it shows, and where.
pub(crate) fn text(mount: &Mount, behind: &Behind) -> String {
    let is_source = |path: &String| usual_spelling(path) == usual_spelling(&mount.source);
    let elsewhere: Vec<String> = behind.paths().into_iter().filter(|path| !is_source(path)).collect();
    let from = match (mount.kind.as_str(), &mount.name) {
        ("volume", Some(name)) if !elsewhere.is_empty() => format!("volume {name} of {}", elsewhere.join(", ")),
        _ if mount.source.is_empty() => mount.kind.clone(),
        _ if elsewhere.is_empty() => mount.source.clone(),
        _ => format!("{} ({})", mount.source, elsewhere.join(", ")),
    };
    format!("{from} -> {}", mount.destination)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::behind::Shown;

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

    fn behind(path: &str, real: Fact<String>) -> Behind {
        Behind { shown: vec![Shown { path: path.to_owned(), real, rw: true }], unseen: None }
    }

    #[test]
    fn links_count() {
        let root = Fact::Known("/data/docker".to_owned());
        assert_eq!(sensitive(&behind("/srv/link", Fact::Known("/etc".to_owned())), &root), Fact::Known(true));
        assert!(sensitive(&behind("/srv/link", Fact::unknown("no right")), &root).is_unknown());
        assert_eq!(sensitive(&behind("/etc", Fact::unknown("no right")), &root), Fact::Known(true));
        assert_eq!(sensitive(&Behind::default(), &root), Fact::Known(false));
        let unseen = Behind { unseen: Some("no right".to_owned()), ..Behind::default() };
        assert!(sensitive(&unseen, &root).is_unknown());
        let on_disk = |path: &str| sensitive(&behind(path, Fact::Known(path.to_owned())), &root);
        assert_eq!(
            (on_disk("/data/docker/overlay2"), on_disk("/data"), on_disk("/data/web")),
            (Fact::Known(true), Fact::Known(true), Fact::Known(false))
        );
        assert!(sensitive(&behind("/data", Fact::Known("/data".to_owned())), &Fact::unknown("no answer")).is_unknown());
    }

    #[test]
    fn in_words() {
        let mount = |kind: &str, name: Option<&str>, source: &str| Mount {
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            source: source.to_owned(),
            destination: "/d".to_owned(),
            ..Mount::default()
        };
        let real = |path: &str| Fact::Known(path.to_owned());
        assert_eq!(text(&mount("bind", None, "/etc"), &behind("/etc", real("/etc"))), "/etc -> /d");
        assert_eq!(text(&mount("bind", None, "/link"), &behind("/link", real("/etc"))), "/link (/etc) -> /d");
        assert_eq!(text(&mount("volume", Some("v"), "/x/v/_data"), &behind("/etc", real("/etc"))), "volume v of /etc -> /d");
        assert_eq!(text(&mount("volume", Some("v"), "/x/v/_data"), &Behind::default()), "/x/v/_data -> /d");
        assert_eq!(text(&mount("tmpfs", None, ""), &Behind::default()), "tmpfs -> /d");
    }
}
