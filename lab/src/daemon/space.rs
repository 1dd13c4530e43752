//! The namespaces of a lab daemon, held by a process that sleeps, and the end of everything in them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait;

/// `/run` and `/etc/docker` are the daemon's own: there it would meet the machine's containerd and plugins, and write key.json.
const HOLD: &str = r#"
set -e
ip link set lo up
mount -t tmpfs -o mode=755 lab-run /run
if [ -d /etc/docker ]; then mount --bind "$1/etc" /etc/docker; fi
echo $$ >"$1/holder.pid"
echo ready
exec sleep infinity >/dev/null
"#;

/// A network and a mount namespace.
#[derive(Debug)]
pub(crate) struct Space {
    holder: i32,
    namespaces: [PathBuf; 2],
}

impl Space {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let mut child = Command::new("setsid")
            .args(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", HOLD, "lab-holder"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start unshare")?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        if line != "ready\n" {
            let output = child.wait_with_output()?;
            anyhow::bail!("cannot make namespaces for a daemon: {}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        // Its end is seen in /proc; a thread takes the body away.
        std::thread::spawn(move || child.wait());
        // Between its word and its sleep it is still a shell.
        wait::until("the holder of the daemon's namespaces", Duration::from_secs(10), || Ok(Self::left_in(folder)))
    }

    /// The space of that folder, if its holder lives.
    pub(crate) fn left_in(folder: &Path) -> Option<Self> {
        let holder: i32 = fs::read_to_string(folder.join("holder.pid")).ok()?.trim().parse().ok()?;
        let command = fs::read(format!("/proc/{holder}/cmdline")).ok()?;
        // The number may belong to another process by now.
        let its = namespaces(holder)?;
        // Ending the machine's own namespaces would end the machine.
        let own = namespaces(std::process::id().try_into().ok()?)?;
        let apart = its.iter().zip(&own).all(|(its, own)| its != own);
        (apart && command == b"sleep\0infinity\0").then_some(Self { holder, namespaces: its })
    }

    pub(crate) fn holder(&self) -> i32 {
        self.holder
    }

    pub(crate) fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/proc/{}/ns/net", self.holder))
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder))
            .arg("--")
            .arg(program);
        command
    }

    /// Kills everything that runs in the namespaces and everything that was started from there; the mounts go with the last process.
    pub(crate) fn end(&self) -> Result<()> {
        let mut groups = BTreeSet::new();
        wait::until("the end of the daemon's processes", Duration::from_secs(30), || {
            let members = self.members();
            for &pid in &members {
                groups.extend(control_groups(pid));
            }
            // First those that would start others anew.
            let (daemons, rest): (Vec<i32>, Vec<i32>) =
                members.into_iter().filter(|&pid| pid != self.holder).partition(|&pid| is_daemon(pid));
            for &pid in daemons.iter().chain(&rest) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            Ok((daemons.is_empty() && rest.is_empty()).then_some(()))
        })?;
        let _ = kill(Pid::from_raw(self.holder), Signal::SIGKILL);
        wait::until("the end of the namespaces' holder", Duration::from_secs(10), || Ok((!alive(self.holder)).then_some(())))?;
        for group in groups {
            // runc would have done it, had it lived. One that isn't empty is not ours.
            let _ = fs::remove_dir(group);
        }
        Ok(())
    }

    /// Processes in one of the namespaces, and all their descendants (a container has namespaces of its own).
    fn members(&self) -> BTreeSet<i32> {
        let processes: Vec<(i32, i32)> =
            processes().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).filter(|(pid, _)| alive(*pid)).collect();
        let mut members: BTreeSet<i32> = processes
            .iter()
            .map(|(pid, _)| *pid)
            .filter(|&pid| namespaces(pid).is_some_and(|its| its.iter().zip(&self.namespaces).any(|(its, ours)| its == ours)))
            .collect();
        loop {
            let before = members.len();
            members.extend(processes.iter().filter(|(_, parent)| members.contains(parent)).map(|(pid, _)| *pid).collect::<Vec<_>>());
            if members.len() == before {
                return members;
            }
        }
    }
}

/// Whether there is such a process and it isn't only waiting to be reaped.
pub(crate) fn alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

fn processes() -> Vec<i32> {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn namespaces(pid: i32) -> Option<[PathBuf; 2]> {
    Some([fs::read_link(format!("/proc/{pid}/ns/net")).ok()?, fs::read_link(format!("/proc/{pid}/ns/mnt")).ok()?])
}

fn is_daemon(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| matches!(name.trim_end(), "dockerd" | "containerd"))
}

/// The folders of a container's control groups: those that end with a container's id.
fn control_groups(pid: i32) -> Vec<PathBuf> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let mut folders = Vec::new();
    for line in text.lines() {
        // 4:memory:/docker/ID
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let id = path.rsplit('/').next().unwrap_or_default();
        if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        let controller = controllers.strip_prefix("name=").unwrap_or(controllers);
        let mount = if controller.is_empty() { "unified" } else { controller };
        folders.push(Path::new("/sys/fs/cgroup").join(mount).join(path.trim_start_matches('/')));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_holder_has_no_space() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Space::left_in(folder.path()).is_none());
        fs::write(folder.path().join("holder.pid"), std::process::id().to_string()).unwrap();
        assert!(Space::left_in(folder.path()).is_none());
    }

    #[test]
    fn this_process_is_alive_and_has_a_parent() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(alive(own) && !alive(i32::MAX));
        assert!(parent(own).is_some());
    }
}
