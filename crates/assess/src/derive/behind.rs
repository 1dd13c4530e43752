//! What of the host lies behind a mount: by the engine's word, by the options of its volume, and by the kernel's table of mounts.

use std::collections::BTreeMap;

use facts::docker::{Backing, Engine, Mount, Volume, VolumeOptions};
use facts::{Fact, Snapshot};

use super::kleene;
use super::paths::trimmed;

/// The volumes of an engine.
pub(crate) struct Volumes<'s>(Fact<BTreeMap<&'s str, &'s Volume>>);

impl<'s> Volumes<'s> {
    pub(crate) fn of(snapshot: &'s Snapshot) -> Self {
        let by_name = |engine: &'s Engine| {
            engine.volumes.fact.as_ref().map(|volumes| volumes.iter().map(|volume| (volume.name.as_str(), volume)).collect())
        };
        Self(snapshot.docker.as_ref().and_then(by_name))
    }

    /// The volume that a mount shows. `Err`: why it is not known.
    fn find(&self, mount: &Mount) -> Result<&'s Volume, String> {
        let volumes = match &self.0 {
            Fact::Known(volumes) => volumes,
            Fact::Absent => return Err("the engine's volumes were not asked for".to_owned()),
            Fact::Unknown { why } => return Err(format!("the options of volumes were not seen: {why}")),
        };
        let Some(name) = &mount.name else { return Err(format!("the volume at {} has no name", mount.destination)) };
        match volumes.get(name.as_str()) {
            Some(volume) if mount.driver.is_empty() || mount.driver == volume.driver => Ok(volume),
            Some(volume) => Err(format!("volume {name} is of driver {}, its mount of {}", volume.driver, mount.driver)),
            None => Err(format!("the engine did not list volume {name}")),
        }
    }
}

/// One folder or file of the host that a mount shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    /// As it is spelled.
    pub(crate) path: String,
    /// With every link followed. Absent: it does not exist.
    pub(crate) real: Fact<String>,
    /// The container may write there.
    pub(crate) rw: bool,
}

/// All of the host that a mount shows, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Behind {
    pub(crate) shown: Vec<Shown>,
    /// Why there may be more.
    pub(crate) unseen: Option<String>,
}

impl Behind {
    pub(crate) fn of(mount: &Mount, volumes: &Volumes<'_>) -> Self {
        let mut behind = Self::default();
        match mount.kind.as_str() {
            "bind" => behind.show(mount.source.clone(), mount.resolved_source.clone(), mount.rw),
            // Memory, another system's pipes, and layers of an image: nothing of the host's.
            "tmpfs" | "npipe" | "image" => return behind,
            "volume" => behind.add_volume(mount, volumes),
            other => behind.miss(format!("what a mount of kind `{other}` shows is not known")),
        }
        behind.add_kernel(mount);
        behind
    }

    fn show(&mut self, path: String, real: Fact<String>, rw: bool) {
        if !self.shown.iter().any(|shown| shown.path == path && shown.rw == rw && shown.real == real) {
            self.shown.push(Shown { path, real, rw });
        }
    }

    fn miss(&mut self, why: String) {
        self.unseen.get_or_insert(why);
    }

    fn add_volume(&mut self, mount: &Mount, volumes: &Volumes<'_>) {
        match volumes.find(mount) {
            Ok(volume) if volume.is_local() => match &volume.options {
                Fact::Absent => {}
                Fact::Known(options) => self.add_options(volume, options, mount.rw),
                Fact::Unknown { why } => self.miss(format!("the options of volume {} were not seen: {why}", volume.name)),
            },
            // While it runs the kernel tells what the plugin put there.
            Ok(volume) if matches!(mount.kernel_paths, Fact::Absent) => {
                self.miss(format!("what plugin {} puts behind volume {} shows only while the container runs", volume.driver, volume.name));
            }
            Ok(_) => {}
            Err(why) => self.miss(why),
        }
        // The volume's own folder may have been replaced by a link. One that no mount was made of yet is made empty.
        match &mount.resolved_source {
            Fact::Known(real) if !is_own_folder(real, mount) => self.show(mount.source.clone(), Fact::Known(real.clone()), mount.rw),
            Fact::Known(_) | Fact::Absent => {}
            Fact::Unknown { why } => self.miss(format!("where {} leads could not be seen: {why}", mount.source)),
        }
    }

    fn add_options(&mut self, volume: &Volume, options: &VolumeOptions, rw: bool) {
        let real = |path: &str| {
            volume.resolved.get(path).cloned().unwrap_or_else(|| Fact::unknown(format!("where {path} leads was not collected")))
        };
        match options.backing() {
            Backing::Own | Backing::Memory | Backing::Network { here: false } => {}
            Backing::Bind(path) => {
                let real = real(&path);
                self.show(path, real, rw);
            }
            // Writes go to the upper folder alone.
            Backing::Overlay { lower, upper } => {
                for path in lower {
                    let real = real(&path);
                    self.show(path, real, false);
                }
                if let Some(path) = upper {
                    let real = real(&path);
                    self.show(path, real, rw);
                }
            }
            Backing::Kernel(place) => self.show(place.to_owned(), Fact::Known(place.to_owned()), rw),
            Backing::Device(device) => match &volume.device_mounts {
                Fact::Known(places) => {
                    for place in places {
                        self.show(place.clone(), Fact::Known(place.clone()), rw);
                    }
                }
                Fact::Absent => self.miss(format!("where the host has {device} mounted was not collected")),
                Fact::Unknown { why } => self.miss(why.clone()),
            },
            Backing::Network { here: true } => {
                self.miss(format!("volume {} is an export of this host's own file server, whose folder is not known", volume.name));
            }
            Backing::Unclear(why) => self.miss(format!("volume {}: {why}", volume.name)),
        }
    }

    /// The kernel's word on what is there now, with all that is mounted below.
    fn add_kernel(&mut self, mount: &Mount) {
        match &mount.kernel_paths {
            Fact::Known(paths) => {
                let is_said = |path: &str| {
                    path == trimmed(&mount.source)
                        || mount.resolved_source.known().is_some_and(|real| real == path)
                        || (mount.kind == "volume" && is_own_folder(path, mount))
                };
                for path in paths.iter().filter(|path| !is_said(path)) {
                    self.show(path.clone(), Fact::Known(path.clone()), mount.rw);
                }
            }
            Fact::Absent => {}
            Fact::Unknown { why } => self.miss(format!("what the kernel shows at {} was not seen: {why}", mount.destination)),
        }
    }

    /// Whether something of it is so, by its spelling or by where it leads.
    pub(crate) fn any(&self, mut judge: impl FnMut(&str, bool) -> Fact<bool>) -> Fact<bool> {
        let mut found = Fact::Known(false);
        for shown in &self.shown {
            let real = match &shown.real {
                Fact::Known(real) => judge(real, shown.rw),
                // Made as an empty folder when the container starts.
                Fact::Absent => Fact::Known(false),
                Fact::Unknown { why } => Fact::unknown(format!("where {} leads could not be seen: {why}", shown.path)),
            };
            found = kleene::or(found, kleene::or(judge(&shown.path, shown.rw), real));
        }
        match &self.unseen {
            Some(why) => kleene::or(found, Fact::unknown(why.clone())),
            None => found,
        }
    }

    /// The paths as they are spelled, without repeats.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for shown in &self.shown {
            // A volume's own folder says nothing where it leads elsewhere.
            let path = shown.real.known().unwrap_or(&shown.path);
            for path in [&shown.path, path] {
                if !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
        }
        paths
    }
}

/// Whether a path is the folder that the engine made for the volume, wherever links have put its data root.
fn is_own_folder(path: &str, mount: &Mount) -> bool {
    path == trimmed(&mount.source) || mount.name.as_ref().is_some_and(|name| path.ends_with(&format!("/volumes/{name}/_data")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "/var/lib/docker/volumes/data/_data";

    fn mount() -> Mount {
        Mount {
            kind: "volume".into(),
            name: Some("data".into()),
            driver: "local".into(),
            source: SOURCE.into(),
            resolved_source: Fact::Known(SOURCE.into()),
            kernel_paths: Fact::Absent,
            destination: "/data".into(),
            rw: true,
            ..Mount::default()
        }
    }

    fn options(kind: &str, mount: &str, device: &str) -> Fact<VolumeOptions> {
        Fact::Known(VolumeOptions { kind: kind.into(), mount: mount.into(), device: device.into(), others: Vec::new() })
    }

    fn volume(options: Fact<VolumeOptions>) -> Volume {
        let resolved = options.known().map(|options| options.paths().into_iter().map(|path| (path.clone(), Fact::Known(path))).collect());
        Volume {
            name: "data".into(),
            driver: "local".into(),
            mountpoint: SOURCE.into(),
            options,
            resolved: resolved.unwrap_or_default(),
            device_mounts: Fact::Absent,
            ..Volume::default()
        }
    }

    /// Whether /etc is behind it.
    fn etc(mount: &Mount, volume: Option<&Volume>) -> Option<bool> {
        let volumes = Volumes(Fact::Known(volume.into_iter().map(|volume| (volume.name.as_str(), volume)).collect()));
        Behind::of(mount, &volumes).any(|path, _| Fact::Known(path == "/etc")).known().copied()
    }

    #[test]
    fn by_the_options_of_its_volume() {
        let judge = |options| etc(&mount(), Some(&volume(options)));
        assert_eq!(judge(Fact::Absent), Some(false));
        assert_eq!(judge(Fact::unknown("no right")), None);
        assert_eq!(judge(options("none", "ro,bind", "/etc")), Some(true));
        assert_eq!(judge(options("none", "bind", "/srv")), Some(false));
        assert_eq!(judge(options("none", "bind", "etc")), None);
        assert_eq!(judge(options("overlay", "lowerdir=/srv:/etc,upperdir=/u,workdir=/w", "x")), Some(true));
        assert_eq!(judge(options("tmpfs", "", "tmpfs")), Some(false));
        assert_eq!(judge(options("nfs", "addr=10.0.0.1", ":/etc")), Some(false));
        assert_eq!(judge(options("nfs", "addr=127.0.0.1", ":/etc")), None);
        let mut linked = volume(options("none", "bind", "/srv/link"));
        linked.resolved.insert("/srv/link".into(), Fact::Known("/etc".into()));
        assert_eq!(etc(&mount(), Some(&linked)), Some(true));
        linked.resolved.insert("/srv/link".into(), Fact::unknown("no right"));
        assert_eq!(etc(&mount(), Some(&linked)), None);
        linked.resolved.clear();
        assert_eq!(etc(&mount(), Some(&linked)), None);
    }

    #[test]
    fn devices_plugins_and_the_unlisted() {
        let mut disk = volume(options("ext4", "", "/dev/sda1"));
        for (mounts, expect) in [
            (Fact::Known(vec!["/etc".to_owned()]), Some(true)),
            (Fact::Known(Vec::new()), Some(false)),
            (Fact::Absent, None),
            (Fact::unknown("no such device"), None),
        ] {
            disk.device_mounts = mounts;
            assert_eq!(etc(&mount(), Some(&disk)), expect);
        }
        assert_eq!(etc(&mount(), None), None);
        let plugin = Volume { driver: "vieux/sshfs:latest".into(), ..volume(Fact::Absent) };
        let of_plugin = |kernel: Fact<Vec<String>>| Mount { driver: plugin.driver.clone(), kernel_paths: kernel, ..mount() };
        assert_eq!(etc(&of_plugin(Fact::Absent), Some(&plugin)), None);
        assert_eq!(etc(&of_plugin(Fact::Known(Vec::new())), Some(&plugin)), Some(false));
        assert_eq!(etc(&of_plugin(Fact::Known(vec!["/etc".into()])), Some(&plugin)), Some(true));
        assert_eq!(etc(&Mount { driver: "other".into(), ..mount() }, Some(&volume(Fact::Absent))), None);
        assert_eq!(etc(&Mount { kind: "cluster".into(), ..mount() }, Some(&volume(Fact::Absent))), None);
        assert_eq!(etc(&Mount { kind: "tmpfs".into(), kernel_paths: Fact::unknown("x"), ..mount() }, None), Some(false));
    }

    #[test]
    fn by_the_kernel() {
        let own = volume(Fact::Absent);
        let with = |kernel: Fact<Vec<String>>, resolved: Fact<String>| {
            etc(&Mount { kernel_paths: kernel, resolved_source: resolved, ..mount() }, Some(&own))
        };
        let usual = || Fact::Known(SOURCE.to_owned());
        assert_eq!(with(Fact::Known(vec![SOURCE.into()]), usual()), Some(false));
        assert_eq!(with(Fact::Known(vec!["/etc".into()]), usual()), Some(true));
        assert_eq!(with(Fact::unknown("no right"), usual()), None);
        // The folder was replaced by a link; the data root is one.
        assert_eq!(with(Fact::Absent, Fact::Known("/etc".into())), Some(true));
        assert_eq!(with(Fact::Absent, Fact::Known("/disk/docker/volumes/data/_data".into())), Some(false));
        assert_eq!(with(Fact::Absent, Fact::unknown("no right")), None);
    }
}
