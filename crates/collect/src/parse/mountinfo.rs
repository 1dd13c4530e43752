//! /proc/PID/mountinfo (proc_pid_mountinfo(5)): control groups, the root, and what a path lies on.

use facts::host::MountPoint;

use crate::source::{CgroupMount, MountLine};

/// Mounted control group hierarchies, in the order of the file.
pub(crate) fn cgroup_mounts(text: &str) -> Vec<CgroupMount> {
    text.lines().filter_map(cgroup_mount).collect()
}

/// What is mounted at the root directory: device and the folder of it. The last such line lies on top.
pub(crate) fn root_mount(text: &str) -> Option<(String, String)> {
    let root = |line: &str| {
        let mut fields = line.split(' ').skip(2);
        let (device, folder, mount_point) = (fields.next()?, fields.next()?, fields.next()?);
        (mount_point == "/").then(|| (device.to_owned(), unescape(folder)))
    };
    text.lines().filter_map(root).next_back()
}

/// All mounts, in the order of the file.
pub(crate) fn mounts(text: &str) -> Vec<MountLine> {
    let line = |line: &str| {
        let source = unescape(line.split_once(" - ")?.1.split(' ').nth(1)?);
        let source = if source.starts_with("/dev/") { source } else { String::new() };
        Some(MountLine { mount: mounted(line)?.mount, source })
    };
    text.lines().filter_map(line).collect()
}

/// One line with the numbers that tie mounts together.
struct Mounted {
    id: u64,
    parent: u64,
    mount: MountPoint,
}

/// The mount that a canonical path lies on, found as the kernel walks: from the root's mount to the mounts that lie on it. A mount that a
/// later one on a folder above hides is never come by.
pub(crate) fn mount_of(text: &str, path: &str) -> Option<MountPoint> {
    let mut mounts: Vec<Mounted> = text.lines().filter_map(mounted).filter(|one| is_within(path, &one.mount.mount_point)).collect();
    let ids: Vec<u64> = mounts.iter().map(|one| one.id).collect();
    let is_root = |one: &Mounted| one.mount.mount_point == "/" && (one.parent == one.id || !ids.contains(&one.parent));
    let mut at = mounts.iter().position(is_root).map(|index| mounts.swap_remove(index))?;
    loop {
        // Of the mounts on this one, the path comes by the one nearest to its start. Each is taken out, so this ends.
        let next = mounts.iter().enumerate().filter(|(_, one)| one.parent == at.id).min_by_key(|(_, one)| one.mount.mount_point.len());
        match next.map(|(index, _)| index) {
            Some(index) => at = mounts.swap_remove(index),
            None => return Some(at.mount),
        }
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn mounted(line: &str) -> Option<Mounted> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = mount.split(' ');
    let (id, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let (device, root, mount_point) = (fields.next()?.to_owned(), unescape(fields.next()?), unescape(fields.next()?));
    let kind = file_system.split(' ').next()?.to_owned();
    Some(Mounted { id, parent, mount: MountPoint { mount_point, root, device, kind } })
}

fn cgroup_mount(line: &str) -> Option<CgroupMount> {
    // Optional fields end with a lone hyphen; then come type, source and the options of the super block.
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = mount.split(' ');
    let (root, mount_point) = (fields.nth(3)?, fields.next()?);
    let mut system = file_system.split(' ');
    let version = match system.next()? {
        "cgroup" => 1,
        "cgroup2" => 2,
        _ => return None,
    };
    let options = system.nth(1).unwrap_or_default();
    let controllers = if version == 1 {
        options.split(',').filter(|option| !matches!(*option, "rw" | "ro")).map(str::to_owned).collect()
    } else {
        Vec::new()
    };
    Some(CgroupMount { version, controllers, root: unescape(root), mount_point: unescape(mount_point) })
}

/// Blank, tab, line feed and backslash stand as three octal digits.
fn unescape(field: &str) -> String {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..3).filter(|digits| byte == b'\\' && digits.iter().all(|digit| matches!(digit, b'0'..=b'7')));
        match code {
            Some(digits) => {
                let value = digits.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                text.push(u8::try_from(value).unwrap_or(b'?'));
                rest = &tail[3..];
            }
            None => {
                text.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions() {
        let text = "25 19 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - tmpfs tmpfs ro\n\
                    30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct\n\
                    31 25 0:27 /docker/a /sys/fs/cgroup/name\\040x rw - cgroup cgroup rw,name=systemd\n\
                    32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n\
                    nonsense\n1 2 3 - cgroup\n";
        let found = cgroup_mounts(text);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].controllers, ["cpu", "cpuacct"]);
        assert_eq!((found[1].root.as_str(), found[1].mount_point.as_str()), ("/docker/a", "/sys/fs/cgroup/name x"));
        assert_eq!((found[2].version, found[2].controllers.len()), (2, 0));
        assert_eq!(root_mount(text), None);
        let roots = "1 0 0:1 / / rw - rootfs none rw\n2 1 8:1 /a\\040b / rw - ext4 /dev/sda1 rw\n";
        assert_eq!(root_mount(roots), Some(("8:1".to_owned(), "/a b".to_owned())));
    }

    #[test]
    fn what_a_path_lies_on() {
        let text = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                    30 22 8:2 / /var rw - xfs /dev/sda2 rw\n\
                    31 30 8:3 / /var/lib/docker rw - ext4 /dev/sda3 rw\n\
                    32 22 8:9 / /var/lib/docker rw - ext4 /dev/hidden rw\n\
                    33 31 8:3 /x /var/lib/docker rw - ext4 /dev/sda3 rw\n\
                    40 22 0:5 / /srv/a\\040b rw - tmpfs t rw\n";
        let at = |path: &str| mount_of(text, path).map(|mount| (mount.device, mount.mount_point, mount.root));
        let expect = |device: &str, mount_point: &str, root: &str| Some((device.to_owned(), mount_point.to_owned(), root.to_owned()));
        // A mount on top of another at the same place, and one that /var hides.
        assert_eq!(at("/var/lib/docker"), expect("8:3", "/var/lib/docker", "/x"));
        assert_eq!(at("/var/lib/docker/overlay2"), expect("8:3", "/var/lib/docker", "/x"));
        assert_eq!(at("/var/lib/dockerx"), expect("8:2", "/var", "/"));
        assert_eq!(at("/var/lib"), expect("8:2", "/var", "/"));
        assert_eq!(at("/"), expect("8:1", "/", "/"));
        assert_eq!(at("/srv/a b/c"), expect("0:5", "/srv/a b", "/"));
        assert_eq!(mount_of("", "/"), None);
        // Mounts that are each other's parents end.
        assert_eq!(mount_of("1 2 8:1 / / rw - a b\n2 1 8:2 / / rw - a b\n", "/"), None);
    }
}
