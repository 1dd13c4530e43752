//! /proc/PID/cgroup (cgroups(7)).

/// The group of a process in the hierarchy that has this controller; `None` asks for version 2's.
pub(crate) fn cgroup_of<'t>(text: &'t str, controller: Option<&str>) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let (id, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let wanted = match controller {
            None => id == "0" && controllers.is_empty(),
            Some(name) => controllers.split(',').any(|listed| listed == name),
        };
        wanted.then_some(path)
    })
}

/// Whether some group of the process is this container's, by a path component that holds its id: `/docker/ID`, `docker-ID.scope`.
/// Guards against a process id that was reused between inspection and reading.
pub(crate) fn names_container(text: &str, id: &str) -> bool {
    id.len() >= 12 && text.lines().any(|line| line.splitn(3, ':').nth(2).is_some_and(|path| path.split('/').any(|part| part.contains(id))))
}

/// Ids of containers that the groups of a process name, outermost first: 64 hexadecimal digits in a path component. A container inside a
/// container names both.
pub(crate) fn container_ids(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for part in text.lines().filter_map(|line| line.splitn(3, ':').nth(2)).flat_map(|path| path.split('/')) {
        let runs = part.split(|letter: char| !letter.is_ascii_hexdigit());
        for id in runs.filter(|run| run.len() == 64) {
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
    }
    ids
}

/// The systemd unit that a process belongs to. The outer error: it is a unit of a user's own service manager.
pub(crate) fn unit_of(text: &str) -> Result<Option<&str>, UserUnit> {
    let path = cgroup_of(text, Some("name=systemd")).filter(|path| *path != "/").or_else(|| cgroup_of(text, None));
    let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
    if parts.iter().any(|part| part.starts_with("user@")) {
        return Err(UserUnit);
    }
    Ok(parts.iter().rev().copied().find(|part| part.ends_with(".service") && !part.contains("..")))
}

/// The process runs under a user's service manager (a rootless engine).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UserUnit;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f3c9b1e5a7d0f3c9b1e5a7d0f3c9b1e5a7d0f3c9b1e5a7d0f3c9b1e5a7d0f3c";

    #[test]
    fn both_versions() {
        let one = "12:memory:/docker/abc\n4:cpu,cpuacct:/x\n1:name=systemd:/system.slice/docker.service\n0::/\n";
        assert_eq!(cgroup_of(one, Some("memory")), Some("/docker/abc"));
        assert_eq!(cgroup_of(one, Some("cpuacct")), Some("/x"));
        assert_eq!(cgroup_of(one, Some("pids")), None);
        assert_eq!(cgroup_of(one, None), Some("/"));
        assert_eq!(unit_of(one), Ok(Some("docker.service")));
        assert_eq!(cgroup_of("0::/system.slice/a:b.service\n", None), Some("/system.slice/a:b.service"));
        assert_eq!(unit_of("0::/\n"), Ok(None));
        assert_eq!(unit_of("0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service\n"), Err(UserUnit));
    }

    #[test]
    fn container_id() {
        assert!(names_container(&format!("0::/system.slice/docker-{ID}.scope\n"), ID));
        assert!(names_container(&format!("3:memory:/docker/{ID}/init\n"), ID));
        assert!(!names_container("0::/system.slice/ssh.service\n", ID));
        assert!(!names_container("0::/x\n", ""));
        let inner = ID.replace('0', "a");
        assert_eq!(container_ids(&format!("5:pids:/docker/{ID}\n0::/system.slice/docker-{ID}.scope/docker/{inner}\n")), [ID, &inner]);
        assert!(container_ids("0::/system.slice/ssh.service\nx\n0::/docker/abc\n").is_empty());
    }
}
