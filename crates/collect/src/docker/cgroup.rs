//! The limits that a container's control group holds, by the kernel's files.
//!
//! Its own group's only: a lower limit of a group above it (a slice) bounds it as well, but together with its siblings.

use facts::Fact;
use facts::docker::{Cgroup, Limit};

use crate::gaps::{Gaps, READ};
use crate::obstacle::{Answer, Obstacle};
use crate::parse::cgroup_of;
use crate::source::CgroupMount;
use crate::world::World;

/// Version 1 says "unlimited" by the largest multiple of the page size that fits into a signed 64-bit number.
const V1_UNLIMITED: u64 = (i64::MAX as u64) & !0xffff;

/// The obstacle of one who is in a container too.
pub(super) const OUTSIDE: &str = "its control group lies outside of what is mounted here";

/// Reads the limits of the group that /proc/PID/cgroup names.
pub(super) fn cgroup(world: &World, text: &str, mounts: &Answer<Vec<CgroupMount>>, gaps: &Gaps) -> Answer<Cgroup> {
    let mounts = mounts.as_ref().map_err(Clone::clone)?;
    let v1 = |controller: &str| {
        mounts
            .iter()
            .find(|mount| mount.version == 1 && mount.controllers.iter().any(|name| name == controller))
            .map(|mount| (mount, Some(controller.to_owned())))
    };
    let v2 = || mounts.iter().find(|mount| mount.version == 2).map(|mount| (mount, None));
    let memory = v1("memory");
    let version = if memory.is_some() || v1("pids").is_some() { 1 } else { 2 };
    let (memory, pids) = if version == 1 { (memory, v1("pids")) } else { (v2(), v2()) };
    let folder = |place: Option<(&CgroupMount, Option<String>)>| -> Answer<String> {
        let (mount, controller) = place.ok_or_else(|| Obstacle::Other("the controller is not mounted".to_owned()))?;
        let group =
            cgroup_of(text, controller.as_deref()).ok_or_else(|| Obstacle::Malformed("no such group in /proc/PID/cgroup".to_owned()))?;
        below(mount, group)
    };
    let (memory, pids) = (folder(memory), folder(pids));
    let path = memory.clone().or(pids.clone())?;
    let files = Files { world, gaps };
    Ok(if version == 1 {
        Cgroup {
            version,
            path,
            memory_max: files.limit(&memory, "memory.limit_in_bytes"),
            memory_swap_max: files.limit(&memory, "memory.memsw.limit_in_bytes"),
            memory_current: files.number(&memory, "memory.usage_in_bytes"),
            memory_peak: files.number(&memory, "memory.max_usage_in_bytes"),
            pids_max: files.limit(&pids, "pids.max"),
            pids_current: files.number(&pids, "pids.current"),
        }
    } else {
        Cgroup {
            version,
            path,
            memory_max: files.limit(&memory, "memory.max"),
            memory_swap_max: files.limit(&memory, "memory.swap.max"),
            memory_current: files.number(&memory, "memory.current"),
            memory_peak: files.number(&memory, "memory.peak"),
            pids_max: files.limit(&pids, "pids.max"),
            pids_current: files.number(&pids, "pids.current"),
        }
    })
}

/// The folder of a group. Names of groups may be a container's choice: none may lead out of the hierarchy.
fn below(mount: &CgroupMount, group: &str) -> Answer<String> {
    let outside = || Obstacle::Other(OUTSIDE.to_owned());
    if !group.starts_with('/') || group.split('/').any(|part| part == ".." || part == ".") {
        return Err(outside());
    }
    let rest = if mount.root == "/" { group } else { group.strip_prefix(mount.root.as_str()).ok_or_else(outside)? };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(outside());
    }
    Ok(format!("{}{}", mount.mount_point, rest.trim_end_matches('/')))
}

struct Files<'w> {
    world: &'w World,
    gaps: &'w Gaps,
}

impl Files<'_> {
    /// Absent: this kernel has no such file (no swap accounting, no memory.peak before 5.19).
    fn read<T>(&self, folder: &Answer<String>, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Fact<T> {
        let answer = folder.clone().map_err(|obstacle| (name.to_owned(), obstacle)).and_then(|folder| {
            let path = format!("{folder}/{name}");
            let value = self
                .world
                .files
                .kernel(&path)
                .and_then(|text| parse(text.trim()).ok_or_else(|| Obstacle::Malformed("not a limit".to_owned())));
            value.map_err(|obstacle| (path, obstacle))
        });
        match answer {
            Ok(value) => Fact::Known(value),
            Err((_, Obstacle::NotFound)) => Fact::Absent,
            Err((place, obstacle)) => self.gaps.unknown("control group limits of containers", &place, &obstacle, READ),
        }
    }

    fn limit(&self, folder: &Answer<String>, name: &str) -> Fact<Limit> {
        self.read(folder, name, |text| match text {
            "max" | "-1" => Some(Limit::Unlimited),
            text => text.parse().ok().map(|value| if value >= V1_UNLIMITED { Limit::Unlimited } else { Limit::At(value) }),
        })
    }

    fn number(&self, folder: &Answer<String>, name: &str) -> Fact<u64> {
        self.read(folder, name, |text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_below_the_mount() {
        let mount = |root: &str| CgroupMount {
            version: 2,
            controllers: Vec::new(),
            root: root.to_owned(),
            mount_point: "/sys/fs/cgroup".to_owned(),
        };
        assert_eq!(below(&mount("/"), "/docker/a").unwrap(), "/sys/fs/cgroup/docker/a");
        assert_eq!(below(&mount("/"), "/").unwrap(), "/sys/fs/cgroup");
        assert_eq!(below(&mount("/docker"), "/docker/a").unwrap(), "/sys/fs/cgroup/a");
        for group in ["/../etc", "/a/../../etc", "relative", "/dockerx"] {
            assert!(below(&mount("/docker"), group).is_err(), "{group}");
        }
    }
}
