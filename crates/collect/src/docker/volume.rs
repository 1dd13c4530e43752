//! GET /volumes, and where what their options name is on the host.

use std::collections::BTreeSet;

use facts::docker::{Backing, Volume, VolumeOptions};
use facts::{Fact, Observed, Source, Sources};
use serde_json::Value;

use super::members::{Members, optional_text};
use super::mounts::{HostMounts, is_within};
use crate::gaps::{Gaps, READ, TRACE};
use crate::host::{Reach, resolved};
use crate::obstacle::{Answer, Obstacle};
use crate::world::World;

const PLACE: &str = "/volumes";

/// The volumes by name, each with where its options lead.
pub(crate) fn volumes(
    answer: Answer<Value>,
    world: &World,
    reach: &Reach,
    host: &HostMounts<'_>,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Observed<Vec<Volume>> {
    let source = sources.intern(Source::Api { path: PLACE.to_owned() });
    let mut fact = match answer {
        Ok(value) => Members { value: &value, place: PLACE }.list("Volumes", volume),
        Err(obstacle) => gaps.unknown("volumes", PLACE, &obstacle, "membership of the group docker"),
    };
    if let Fact::Known(volumes) = &mut fact {
        volumes.sort_by(|a, b| (&a.name, &a.driver).cmp(&(&b.name, &b.driver)));
        let own: BTreeSet<String> = volumes.iter().map(|volume| volume.mountpoint.clone()).collect();
        for volume in volumes {
            look(volume, &own, world, reach, host, gaps);
        }
    }
    Observed::new(source, fact)
}

fn volume(value: &Value) -> Option<Volume> {
    Some(Volume {
        name: value.get("Name")?.as_str()?.to_owned(),
        driver: value.get("Driver")?.as_str()?.to_owned(),
        scope: optional_text(value, "Scope")?,
        mountpoint: optional_text(value, "Mountpoint")?,
        options: options(value.get("Options"))?,
        ..Volume::default()
    })
}

/// The engine writes `null`, or an empty object, where there are none.
fn options(value: Option<&Value>) -> Option<Fact<VolumeOptions>> {
    let members = match value {
        None | Some(Value::Null) => return Some(Fact::Absent),
        Some(Value::Object(members)) if members.is_empty() => return Some(Fact::Absent),
        Some(Value::Object(members)) if members.contains_key("unexpected") => return Some(Fact::unknown("/volumes: no readable Options")),
        Some(Value::Object(members)) => members,
        Some(_) => return None,
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let others = members.keys().filter(|name| !matches!(name.as_str(), "type" | "o" | "device")).cloned().collect();
    Some(Fact::Known(VolumeOptions { kind: text("type"), mount: text("o"), device: text("device"), others }))
}

fn look(volume: &mut Volume, own: &BTreeSet<String>, world: &World, reach: &Reach, host: &HostMounts<'_>, gaps: &Gaps) {
    volume.device_mounts = Fact::Absent;
    if !volume.is_local() {
        return;
    }
    let options = match &volume.options {
        Fact::Known(options) => options,
        Fact::Absent => return,
        Fact::Unknown { why } => {
            volume.device_mounts = Fact::unknown(why.clone());
            return;
        }
    };
    let lead = |path: &str| reach.no_files().map_or_else(|| resolved(world, path, gaps), Fact::unknown);
    volume.resolved = options.paths().into_iter().map(|path| (path.clone(), lead(&path))).collect();
    if let Backing::Device(path) = options.backing() {
        volume.device_mounts = match (reach.no_files(), &volume.resolved[&path]) {
            (Some(why), _) => Fact::unknown(why),
            // The mount fails as long as there is no such device.
            (None, Fact::Absent) => Fact::unknown(format!("{path} is not there, so what it will hold is not known")),
            (None, Fact::Unknown { why }) => Fact::unknown(why.clone()),
            (None, Fact::Known(real)) => mounts_of(real, options, own, world, host, gaps),
        };
    }
}

/// Where the host has a block device mounted, the volumes' own folders left out.
fn mounts_of(
    device: &str,
    options: &VolumeOptions,
    own: &BTreeSet<String>,
    world: &World,
    host: &HostMounts<'_>,
    gaps: &Gaps,
) -> Fact<Vec<String>> {
    const WHAT: &str = "file systems on block devices";
    let name = device.rsplit('/').next().unwrap_or_default();
    let place = format!("/sys/class/block/{name}/dev");
    let number = match world.files.kernel(&place) {
        Ok(number) => number.trim().to_owned(),
        Err(Obstacle::NotFound) => return Fact::unknown(format!("{device} is no block device that the kernel knows")),
        Err(obstacle) => return gaps.unknown(WHAT, &place, &obstacle, READ),
    };
    let lines = match host.lines() {
        Ok(lines) => lines,
        Err(obstacle) => return gaps.unknown(WHAT, "/proc/PID/mountinfo", obstacle, TRACE),
    };
    // Some file systems (btrfs) have numbers of their own, and name the device that they were mounted by.
    let is_it = |line: &&crate::source::MountLine| {
        line.mount.device == number
            || line.source == device
            || (!line.source.is_empty() && world.files.canonical(&line.source).as_deref() == Ok(device))
    };
    let found: BTreeSet<String> =
        lines.iter().filter(is_it).map(|line| line.mount.mount_point.clone()).filter(|place| !own.contains(place)).collect();
    if found.is_empty() && matches!(options.kind.as_str(), "btrfs" | "bcachefs") {
        return Fact::unknown(format!("{device} may be a part of a file system that is mounted by another of its devices"));
    }
    // What lies below a mount of the same device is told by it.
    let topmost = found.iter().filter(|place| !found.iter().any(|other| other != *place && is_within(place, other)));
    Fact::Known(topmost.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members() {
        let read =
            |options: Value| volume(&json!({"Name": "data", "Driver": "local", "Mountpoint": "/v", "Scope": "local", "Options": options}));
        assert_eq!(read(Value::Null).unwrap().options, Fact::Absent);
        assert_eq!(read(json!({})).unwrap().options, Fact::Absent);
        assert!(read(json!({"unexpected": true})).unwrap().options.is_unknown());
        let options = read(json!({"o": "bind", "type": "none", "device": "/etc", "size": "x"})).unwrap().options;
        let expect = VolumeOptions { kind: "none".into(), mount: "bind".into(), device: "/etc".into(), others: vec!["size".into()] };
        assert_eq!(options, Fact::Known(expect));
        assert!(read(json!("x")).is_none() && volume(&json!({"Driver": "local"})).is_none());
    }
}
