//! Where paths lead, as far as the Snapshot tells: only the live system could follow a link.

use std::collections::BTreeMap;

use facts::host::{FileKind, FileStat, Host};
use facts::{Fact, Observed};

/// The paths that were looked at on the host.
#[derive(Clone, Copy)]
pub(crate) struct Paths<'s> {
    resolved: &'s BTreeMap<String, Fact<String>>,
    files: &'s BTreeMap<String, Observed<FileStat>>,
}

/// A path with the links above its last component followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The path.
    pub(crate) path: String,
    /// Whether the links above were really looked at.
    pub(crate) certain: bool,
    /// The obstacle, where somebody looked and could not see.
    pub(crate) why: Option<String>,
}

impl Place {
    /// The path, unless an obstacle hides where it leads.
    fn into_fact(self) -> Fact<String> {
        self.why.map_or(Fact::Known(self.path), Fact::unknown)
    }
}

impl<'s> Paths<'s> {
    pub(crate) fn of(host: &'s Host) -> Self {
        Self { resolved: &host.resolved_paths, files: &host.files }
    }

    /// The path with every link followed. A path that does not exist is itself, below its parent's real place.
    pub(crate) fn canonical(&self, path: &str) -> Fact<String> {
        match self.resolved.get(path) {
            Some(Fact::Known(real)) => Fact::Known(real.clone()),
            Some(Fact::Unknown { why }) => Fact::unknown(why.clone()),
            Some(Fact::Absent) => self.place(path).into_fact(),
            None => match self.files.get(path).map(|file| &file.fact) {
                Some(Fact::Known(stat)) if stat.kind == FileKind::Symlink => {
                    Fact::unknown(format!("where the link {path} leads was not collected"))
                }
                Some(Fact::Unknown { why }) => Fact::unknown(why.clone()),
                _ => {
                    let place = self.place(path);
                    if place.certain || self.files.contains_key(path) {
                        place.into_fact()
                    } else {
                        Fact::unknown(format!("where {path} leads was not collected"))
                    }
                }
            },
        }
    }

    /// The path with links followed in all components but the last: what an audit watch is put on.
    pub(crate) fn place(&self, path: &str) -> Place {
        let path = trimmed(path);
        let mut ancestor = path;
        while let Some((parent, _)) = ancestor.rsplit_once('/') {
            let key = if parent.is_empty() { "/" } else { parent };
            match self.resolved.get(key) {
                Some(Fact::Known(real)) => {
                    let rest = &path[parent.len()..];
                    return Place { path: format!("{}{rest}", if real == "/" { "" } else { real }), certain: true, why: None };
                }
                Some(Fact::Unknown { why }) => return Place { path: path.to_owned(), certain: false, why: Some(why.clone()) },
                Some(Fact::Absent) | None => {}
            }
            ancestor = parent;
        }
        // A path directly below the root has nothing above it that could be a link.
        Place { path: path.to_owned(), certain: path.matches('/').count() <= 1, why: None }
    }

    /// Whether the last component is a symbolic link. Unknown where nobody looked.
    pub(crate) fn is_link(&self, path: &str) -> Fact<bool> {
        let path = trimmed(path);
        if let Some(file) = self.files.get(path) {
            return match &file.fact {
                Fact::Known(stat) => Fact::Known(stat.kind == FileKind::Symlink),
                Fact::Absent => Fact::Known(false),
                Fact::Unknown { why } => Fact::unknown(why.clone()),
            };
        }
        match self.resolved.get(path) {
            Some(Fact::Known(real)) if real == path => Fact::Known(false),
            Some(Fact::Known(real)) => {
                let place = self.place(path);
                if place.certain {
                    Fact::Known(place.path != *real)
                } else {
                    Fact::unknown(format!("whether {path} is a link was not collected"))
                }
            }
            Some(Fact::Absent) => Fact::Known(false),
            Some(Fact::Unknown { why }) => Fact::unknown(why.clone()),
            None => Fact::unknown(format!("whether {path} is a link was not collected")),
        }
    }

    /// Whether something is at the path.
    pub(crate) fn exists(&self, path: &str) -> Fact<bool> {
        let told = match (self.files.get(path).map(|file| file.fact.as_ref().map(|_| true)), self.resolved.get(path)) {
            (Some(fact), _) => fact,
            (None, Some(fact)) => fact.as_ref().map(|_| true),
            (None, None) if self.resolved.values().any(|real| real.known().is_some_and(|real| real == path)) => Fact::Known(true),
            (None, None) => Fact::unknown(format!("{path} was not looked at")),
        };
        told.absent_as(false)
    }

    /// Whether somebody looked at the path.
    pub(crate) fn is_listed(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.resolved.contains_key(path)
    }

    /// The inode at the path itself.
    pub(crate) fn stat(&self, path: &str) -> Option<&'s Observed<FileStat>> {
        self.files.get(path)
    }
}

/// Without trailing slashes; the root stays.
pub(crate) fn trimmed(path: &str) -> &str {
    let cut = path.trim_end_matches('/');
    if cut.is_empty() { "/" } else { cut }
}

/// Whether `path` is `folder` or lies below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    let folder = trimmed(folder);
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folder above.
pub(crate) fn parent(path: &str) -> &str {
    match trimmed(path).rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// The last component.
pub(crate) fn base_name(path: &str) -> &str {
    trimmed(path).rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let known = |path: &str| Fact::Known(path.to_owned());
        Host {
            resolved_paths: BTreeMap::from([
                ("/var/run".to_owned(), known("/run")),
                ("/run".to_owned(), known("/run")),
                ("/etc/docker".to_owned(), known("/etc/docker")),
                ("/usr/bin/dockerd".to_owned(), known("/usr/sbin/dockerd")),
                ("/usr/bin".to_owned(), known("/usr/bin")),
                ("/etc/docker/daemon.json".to_owned(), Fact::Absent),
            ]),
            ..Host::default()
        }
    }

    #[test]
    fn places() {
        let host = host();
        let paths = Paths::of(&host);
        assert_eq!(
            paths.place("/var/run/containerd/containerd.sock"),
            Place { path: "/run/containerd/containerd.sock".into(), certain: true, why: None }
        );
        assert_eq!(paths.place("/srv/x/y"), Place { path: "/srv/x/y".into(), certain: false, why: None });
        assert_eq!(paths.canonical("/etc/docker/daemon.json"), Fact::Known("/etc/docker/daemon.json".into()));
        assert_eq!(paths.is_link("/usr/bin/dockerd"), Fact::Known(true));
        assert_eq!(paths.is_link("/etc/docker"), Fact::Known(false));
        assert_eq!(paths.exists("/etc/docker/daemon.json"), Fact::Known(false));
        assert!(paths.is_link("/srv/x").is_unknown());
    }

    #[test]
    fn folders() {
        assert!(is_within("/run/containerd", "/run/containerd/"));
        assert!(is_within("/run/containerd/x", "/run"));
        assert!(is_within("/x", "/"));
        assert!(!is_within("/run/containerdx", "/run/containerd"));
        assert_eq!((parent("/etc"), parent("/etc/docker/"), base_name("/etc/docker/")), ("/", "/etc", "docker"));
    }
}
