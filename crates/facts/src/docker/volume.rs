//! Named volumes, and what their options have mounted there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fact;
use crate::redact::MARK;

/// One member of GET /volumes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Volume {
    /// Name.
    pub name: String,
    /// Driver: `local`, or a plugin's name.
    pub driver: String,
    /// `local` or `global`.
    pub scope: String,
    /// Mountpoint: the host path that containers get; empty where the driver has none to show.
    pub mountpoint: String,
    /// Options. Absent: none, so that a volume of the local driver is a folder of its own.
    pub options: Fact<VolumeOptions>,
    /// Where the host paths that the options name lead. Absent: no such path. Only the live system can tell.
    pub resolved: BTreeMap<String, Fact<String>>,
    /// For a file system on a block device: where the host has that device mounted elsewhere, sorted. Absent: the options name no device.
    pub device_mounts: Fact<Vec<String>>,
}

/// Options of a volume. The local driver hands `type`, `o` and `device` to mount(2); of other drivers only the names are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VolumeOptions {
    /// `type`: the file system's type; `none` with a bind mount.
    pub kind: String,
    /// `o`: mount options, values that could be credentials replaced.
    pub mount: String,
    /// `device`: a device, a folder to bind, a server's export; a credential in it replaced.
    pub device: String,
    /// Names of all other options, sorted.
    pub others: Vec<String>,
}

/// What lies behind a volume of the local driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backing {
    /// A folder of the engine's own.
    Own,
    /// A folder or file of the host: a bind mount.
    Bind(String),
    /// Folders of the host laid over one another. The upper one takes the writes; none: nothing is written.
    Overlay {
        /// The folders below, which are read.
        lower: Vec<String>,
        /// The folder on top.
        upper: Option<String>,
    },
    /// The file system on a block device.
    Device(String),
    /// An interface of the host's kernel, by the place where hosts have it: `/proc`, `/sys`, `/dev`.
    Kernel(&'static str),
    /// Memory, or a file system of its own kind that holds nothing of the host.
    Memory,
    /// Folders of a server, which is the host itself where its address is a loopback one.
    Network {
        /// Whether the server is this host.
        here: bool,
    },
    /// It cannot be told, and why.
    Unclear(String),
}

impl Volume {
    /// Whether the engine itself mounts it (mount(2) in the daemon), so that its options tell what is behind it.
    pub fn is_local(&self) -> bool {
        self.driver == "local"
    }
}

impl VolumeOptions {
    /// What the local driver mounts for these options, as it reads them: `bind` and `rbind` among the words of `o` go before the type.
    pub fn backing(&self) -> Backing {
        let (kind, device) = (self.kind.trim(), self.device.trim());
        let words = || self.mount.split(',').map(str::trim);
        if kind.is_empty() && device.is_empty() {
            return Backing::Own;
        }
        if kind.contains(MARK) || device.contains(MARK) {
            return Backing::Unclear("its options look like a credential and were not kept".to_owned());
        }
        if words().any(|word| matches!(word, "bind" | "rbind")) {
            return host_path(device).map_or_else(|| relative(device), Backing::Bind);
        }
        match kind {
            "overlay" | "overlayfs" => self.overlay(),
            "tmpfs" | "ramfs" | "mqueue" | "devpts" | "hugetlbfs" => Backing::Memory,
            "proc" => Backing::Kernel("/proc"),
            "devtmpfs" => Backing::Kernel("/dev"),
            "sysfs" | "cgroup" | "cgroup2" | "debugfs" | "tracefs" | "securityfs" | "configfs" | "efivarfs" | "bpf" | "pstore"
            | "selinuxfs" | "binfmt_misc" => Backing::Kernel("/sys"),
            "nfs" | "nfs4" | "cifs" | "smb3" | "ceph" | "9p" | "virtiofs" | "glusterfs" | "lustre" | "afs" => {
                Backing::Network { here: self.is_loopback() }
            }
            _ if device.starts_with('/') && !device.starts_with("//") => Backing::Device(device.to_owned()),
            _ => Backing::Unclear(format!("what a file system of type `{kind}` on `{device}` holds is not known")),
        }
    }

    /// The host paths that the options name.
    pub fn paths(&self) -> Vec<String> {
        match self.backing() {
            Backing::Bind(path) | Backing::Device(path) => vec![path],
            Backing::Overlay { lower, upper } => lower.into_iter().chain(upper).collect(),
            Backing::Own | Backing::Kernel(_) | Backing::Memory | Backing::Network { .. } | Backing::Unclear(_) => Vec::new(),
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        // The kernel takes the last one of a name.
        self.mount
            .split(',')
            .filter_map(|word| word.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
            .next_back()
    }

    /// Layers stand in a list with colons, and a colon or comma of a name behind a backslash (overlayfs(5)).
    fn overlay(&self) -> Backing {
        let unclear = || Backing::Unclear(format!("the layers in `{}` cannot be read", self.mount));
        let layers: Option<Vec<String>> = self.value("lowerdir").map_or_else(
            || Some(Vec::new()),
            |list| (!list.contains('\\')).then(|| list.split(':').filter(|layer| !layer.is_empty()).map(str::to_owned).collect()),
        );
        let upper = self.value("upperdir").map(str::to_owned);
        match layers {
            Some(lower) if lower.iter().chain(&upper).all(|path| host_path(path).is_some()) && !(lower.is_empty() && upper.is_none()) => {
                Backing::Overlay { lower, upper }
            }
            _ => unclear(),
        }
    }

    fn is_loopback(&self) -> bool {
        let server = self.value("addr").or_else(|| self.value("ip")).map(str::to_owned).unwrap_or_else(|| {
            let device = self.device.trim_start_matches('/');
            let end = if device.starts_with('[') {
                device.find(']').map_or(device.len(), |at| at + 1)
            } else {
                device.find([':', '/']).unwrap_or(device.len())
            };
            device[..end].to_owned()
        });
        let bare = server.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let bare = bare.strip_prefix("::ffff:").unwrap_or(&bare);
        bare == "localhost"
            || bare.ends_with(".localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    }
}

fn host_path(text: &str) -> Option<String> {
    (text.starts_with('/') && !text.contains(MARK) && !text.contains('\\')).then(|| text.to_owned())
}

fn relative(device: &str) -> Backing {
    Backing::Unclear(format!("its device `{device}` is no absolute path, so it leads from wherever the daemon works"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backing(kind: &str, mount: &str, device: &str) -> Backing {
        VolumeOptions { kind: kind.into(), mount: mount.into(), device: device.into(), others: Vec::new() }.backing()
    }

    #[test]
    fn what_the_local_driver_mounts() {
        let bind = |path: &str| Backing::Bind(path.to_owned());
        assert_eq!(backing("", "", ""), Backing::Own);
        for words in ["bind", "rbind", "ro,bind", "bind,ro", "rbind,rslave", " bind"] {
            assert_eq!(backing("none", words, "/etc"), bind("/etc"), "{words}");
        }
        // The type is not looked at with a bind mount.
        assert_eq!(backing("nfs", "addr=10.0.0.1,bind", "/etc"), bind("/etc"));
        assert!(matches!(backing("none", "bind", "etc"), Backing::Unclear(_)));
        assert!(matches!(backing("none", "bind", "../../etc"), Backing::Unclear(_)));
        assert!(matches!(backing("none", "bind", MARK), Backing::Unclear(_)));
        assert_eq!(backing("ext4", "ro", "/dev/sda1"), Backing::Device("/dev/sda1".into()));
        assert_eq!(backing("proc", "", "proc"), Backing::Kernel("/proc"));
        assert_eq!(backing("sysfs", "", "x"), Backing::Kernel("/sys"));
        assert_eq!(backing("devtmpfs", "", "x"), Backing::Kernel("/dev"));
        assert_eq!(backing("tmpfs", "size=1m", "tmpfs"), Backing::Memory);
        assert!(matches!(backing("zfs", "", "tank/data"), Backing::Unclear(_)));
        assert!(matches!(backing("none", "", "/etc"), Backing::Device(_)), "without bind the kernel refuses it");
    }

    #[test]
    fn layers() {
        let over = |mount: &str| backing("overlay", mount, "overlay");
        let expect = |lower: &[&str], upper: Option<&str>| Backing::Overlay {
            lower: lower.iter().map(|path| (*path).to_owned()).collect(),
            upper: upper.map(str::to_owned),
        };
        assert_eq!(over("lowerdir=/etc,upperdir=/u,workdir=/w"), expect(&["/etc"], Some("/u")));
        assert_eq!(over("lowerdir=/a:/etc"), expect(&["/a", "/etc"], None));
        for unclear in ["", "lowerdir=etc", "lowerdir=/a\\:b:/etc", "lowerdir=[redacted]", "lowerdir=/a,upperdir=u"] {
            assert!(matches!(over(unclear), Backing::Unclear(_)), "{unclear}");
        }
    }

    #[test]
    fn servers() {
        for (mount, device, here) in [
            ("addr=10.0.0.1,rw", ":/export", false),
            ("addr=127.0.0.1", ":/export", true),
            ("addr=::1", ":/export", true),
            ("", "localhost:/export", true),
            ("", "[::1]:/export", true),
            ("", "//127.0.0.2/share", true),
            ("", "//files/share", false),
            ("ip=127.0.0.1", "//files/share", true),
        ] {
            assert_eq!(backing("nfs", mount, device), Backing::Network { here }, "{mount} {device}");
        }
    }
}
