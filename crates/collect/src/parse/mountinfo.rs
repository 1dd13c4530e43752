//! /proc/PID/mountinfo (proc_pid_mountinfo(5)), as far as control groups and the root go.

use crate::source::CgroupMount;

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
}
