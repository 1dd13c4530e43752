//! Whether the data root has a file system of its own. Mount points prove nothing (the daemon may mount its data root onto itself), and
//! neither do device numbers of files (each btrfs subvolume has its own): the file systems behind the mounts are compared.

use facts::host::MountPoint;
use facts::{Fact, Observed, Snapshot};

use crate::derive::paths::{Paths, base_name, parent};
use crate::view::{DataRoot, Origin, Seen};

pub(super) fn data_root(snapshot: &Snapshot, paths: Paths<'_>) -> DataRoot {
    let path = path(snapshot, paths);
    let mounts = &snapshot.host.engine_files.mounts;
    let mount = |path: &str| -> Observed<MountPoint> {
        let unseen =
            || Observed { source: facts::SourceId::default(), fact: Fact::unknown(format!("what {path} lies on was not looked at")) };
        mounts.get(path).cloned().unwrap_or_else(unseen)
    };
    let own = path.clone().map(|path| mount(&path)).and_then(|mount| mount.fact);
    let device = |path: &str| mount(path).fact.map(|mount| mount.device);
    let shares = path.as_ref().and_then(|path| {
        device(path).and_then(|own| {
            let same = |other: &str| device(other).map(|other| other == own);
            super::kleene::or(same(parent(path)), same("/"))
        })
    });
    let origin = path.known().and_then(|path| mounts.get(path)).map_or_else(Origin::default, |mount| Origin::at(mount.source, ""));
    DataRoot {
        mount_point: Seen::new(own.clone().map(|mount| mount.mount_point), origin.clone()),
        file_system: Seen::new(own.map(|mount| format!("{} {}", mount.device, mount.kind)), origin.clone()),
        own_file_system: Seen::new(super::kleene::not(shares), origin),
        path: path.into(),
    }
}

/// The data root without the folder `UID.GID` that user namespace remapping adds to it: that one is never a mount point.
fn path(snapshot: &Snapshot, paths: Paths<'_>) -> Fact<String> {
    let info = snapshot.docker.as_ref().and_then(|engine| engine.info.fact.as_ref());
    let real = info.clone().and_then(|info| info.root_dir.as_ref().map(String::clone)).and_then(|path| paths.canonical(&path));
    let real = match real {
        Fact::Absent => Fact::unknown("no engine names a data root"),
        real => real,
    };
    real.and_then(|path| {
        if !is_id_pair(base_name(&path)) {
            return Fact::Known(path);
        }
        let is_remap = |option: &String| option == "name=userns" || option.starts_with("name=userns,");
        let remapped = info.and_then(|info| info.security_options.as_ref()).map(|options| options.iter().any(is_remap));
        remapped.map(|remapped| if remapped { parent(&path).to_owned() } else { path })
    })
}

fn is_id_pair(name: &str) -> bool {
    name.split_once('.').is_some_and(|(uid, gid)| uid.parse::<u32>().is_ok() && gid.parse::<u32>().is_ok())
}
