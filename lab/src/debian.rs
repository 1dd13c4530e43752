//! Programs that the lab needs on this machine, from Debian packages.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{Progress, exec};

/// What virtual machines need.
pub(crate) const FOR_MACHINES: &[&str] = &["qemu-system-x86", "qemu-utils", "mmdebstrap", "openssh-client", "e2fsprogs"];
/// What daemons on the machine itself need.
pub(crate) const FOR_DAEMONS: &[&str] = &["docker.io", "iptables", "iproute2", "busybox-static", "util-linux", "openssl", "acl"];

/// All that the lab needs, for whoever wants it there before several programs ask for it at once.
pub fn packages() -> Vec<&'static str> {
    [FOR_MACHINES, FOR_DAEMONS].concat()
}

/// Installs those of the packages that are missing.
///
/// # Errors
/// When one can't be installed; the message holds apt's own words and the command to type.
pub fn need(packages: &[&str], progress: Progress<'_>) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    progress(&format!("installing {}", missing.join(" ")));
    if install(&missing).is_err() {
        // Package lists may be absent or too old to name files that still exist.
        apt(&["update", "-qq"])?;
        install(&missing).with_context(|| format!("hint: as root: apt-get install -y --no-install-recommends {}", missing.join(" ")))?;
    }
    Ok(())
}

fn missing<'p>(packages: &[&'p str]) -> Result<Vec<&'p str>> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Package} ${db:Status-Status}\n"]).args(packages);
    let known = exec::run(&mut query, None, Duration::from_secs(30)).context("the lab needs a Debian machine (dpkg-query)")?;
    let installed: Vec<&str> = known.stdout.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    Ok(packages.iter().copied().filter(|package| !installed.contains(package)).collect())
}

fn install(packages: &[&str]) -> Result<()> {
    // Nothing of the machine's owner may be removed to make room (busybox and busybox-static exclude each other).
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=300"];
    arguments.extend(packages);
    apt(&arguments)
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let output = exec::run(&mut command, None, Duration::from_secs(900))?;
    if !output.ok() {
        bail!("apt-get {} failed: {}", arguments.join(" "), output.stderr.trim_end());
    }
    Ok(())
}
