//! Processes by their place in /proc.

use crate::error::Error;

/// The boot that this process runs in.
pub(crate) fn boot_id() -> Result<String, Error> {
    let path = "/proc/sys/kernel/random/boot_id";
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(|error| Error::io("read", path, error))
}

/// Start time of a process in clock ticks since boot (field 22 of stat); none: there is no such process.
pub(crate) fn start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name may hold spaces and parentheses: fields are counted behind the last one.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Asks a process to read its configuration again, if it is still the one that started then.
pub(crate) fn hang_up(pid: u32, ticks: u64) -> Result<(), Error> {
    if start_ticks(pid) != Some(ticks) {
        return Err(Error::Service(format!("the daemon is no longer process {pid}: it was restarted by someone else")));
    }
    let raw = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let target = raw.ok_or_else(|| Error::Service(format!("{pid} is no process id")))?;
    rustix::process::kill_process(target, rustix::process::Signal::HUP)
        .map_err(|error| Error::io("send SIGHUP to", format!("process {pid}"), error))
}

/// The full command line of a process, unredacted: for the rehearsal only, never kept or shown.
pub(crate) fn command_line(pid: u32) -> Result<Vec<String>, Error> {
    let path = format!("/proc/{pid}/cmdline");
    let bytes = std::fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
    let words = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    Ok(words.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}

/// PATH of a process; the usual one where it has none or cannot be seen.
pub(crate) fn search_path(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let found = bytes.split(|byte| *byte == 0).find_map(|word| word.strip_prefix(b"PATH="));
    found.map_or_else(
        || "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        |path| String::from_utf8_lossy(path).into_owned(),
    )
}

/// The container of the engine that this process runs in, by the marks that its mounts carry: every container has its own
/// hostname, hosts and resolv.conf mounted from its folder in the data root.
pub fn own_container<'i>(ids: impl IntoIterator<Item = &'i str>) -> Option<String> {
    let marks = ["/proc/self/mountinfo", "/proc/self/cgroup"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    ids.into_iter().find(|id| id.len() >= 64 && marks.iter().any(|text| is_marked(text, id))).map(str::to_owned)
}

/// On the host itself the mounts of containers (overlay, shm) are listed too; those of its own root are not below a container's id.
fn is_marked(text: &str, id: &str) -> bool {
    text.lines().any(|line| {
        let mut fields = line.split(' ').skip(3);
        match (fields.next(), fields.next()) {
            // mountinfo: root within the file system, then where it is mounted.
            (Some(root), Some(point)) => root.contains(id) && matches!(point, "/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf"),
            // cgroup: `0::/docker/ID`.
            _ => line.contains(id),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_ticks_and_command_line() {
        let pid = std::process::id();
        assert!(start_ticks(pid).is_some());
        assert_eq!(start_ticks(0), None);
        assert!(command_line(pid).unwrap()[0].contains("harden"));
    }

    #[test]
    fn marks_of_a_container() {
        let id = "a".repeat(64);
        let inside = format!("612 598 254:0 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/vda rw");
        let host = format!("612 598 0:55 / /var/lib/docker/containers/{id}/mounts/shm rw - tmpfs shm rw");
        assert!(is_marked(&inside, &id));
        assert!(!is_marked(&host, &id));
        assert!(is_marked(&format!("0::/docker/{id}"), &id));
        assert_eq!(own_container([id.as_str()]), None);
    }
}
