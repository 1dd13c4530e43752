//! The machine: kernel, security modules, audit, files.

mod audit;
mod client;
mod engine_files;
mod files;
mod kernel;
mod modules;
mod sshd;

pub(crate) use client::client;
pub(crate) use engine_files::{Clues, engine_files, groups, runtimes_of};
pub(crate) use files::{Places, places_of_rules, resolved};

use facts::host::{Client, EngineFiles, Host};
use facts::{Fact, Observed, Source, Sources};

use crate::docker;
use crate::gaps::{Gaps, TRACE};
use crate::obstacle::{Answer, Obstacle};
use crate::source::CgroupMount;
use crate::world::World;

/// How far what is read here speaks of the engine's own host.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// Processes, files and kernel are the engine's.
    Full,
    /// Processes and kernel are, but files are not: this process has another root directory (a container with `--pid=host`).
    NoFiles(String),
    /// Nothing is: the engine runs in another pid namespace or on another machine.
    None(String),
}

impl Reach {
    /// Why processes are out of reach.
    pub(crate) fn no_processes(&self) -> Option<&str> {
        if let Self::None(why) = self { Some(why) } else { None }
    }

    /// Why files are out of reach.
    pub(crate) fn no_files(&self) -> Option<&str> {
        match self {
            Self::Full => None,
            Self::NoFiles(why) | Self::None(why) => Some(why),
        }
    }
}

/// Everything about the machine but its files, which depend on what the engine names.
pub(crate) fn host(world: &World, reach: &Reach, cgroups: &Answer<Vec<CgroupMount>>, sources: &mut Sources, gaps: &Gaps) -> Host {
    if let Some(why) = reach.no_processes() {
        return out_of_reach(why, sources);
    }
    let line = |path: &str| {
        let answer = world.files.kernel(path).map(|text| text.trim().to_owned());
        gaps.fact(answer, path, path, "root")
    };
    let lsms = modules::active(world, sources, gaps);
    let selinux_enforcing = modules::selinux_enforcing(world, &lsms, sources, gaps);
    Host {
        // Who has another root directory has another host name as well, as a rule.
        name: reach.no_files().map_or_else(|| line("/proc/sys/kernel/hostname"), Fact::unknown),
        kernel: line("/proc/sys/kernel/osrelease"),
        boot_id: line("/proc/sys/kernel/random/boot_id"),
        lsms,
        selinux_enforcing,
        memory_total: memory_total(world, sources, gaps),
        cgroup_version: cgroup_version(cgroups, gaps),
        service_manager: service_manager(world, reach, gaps),
        sysctls: kernel::sysctls(world, sources, gaps),
        kernels_installed: kernel::installed(world, reach, gaps),
        sshd: sshd::sshd(world, reach, sources, gaps),
        audit: audit::audit(world, reach, sources, gaps),
        files: std::collections::BTreeMap::new(),
        resolved_paths: std::collections::BTreeMap::new(),
        engine_files: EngineFiles::default(),
        client: Client::default(),
    }
}

fn out_of_reach(why: &str, sources: &mut Sources) -> Host {
    fn unknown<T>(source: facts::SourceId, why: &str) -> Observed<T> {
        Observed::new(source, Fact::unknown(why))
    }
    let mut at = |path: &str| sources.intern(Source::Kernel { path: path.to_owned() });
    let (lsm, selinux, memory) = (at("/sys/kernel/security/lsm"), at("/sys/fs/selinux/enforce"), at("/proc/meminfo"));
    Host {
        name: Fact::unknown(why),
        kernel: Fact::unknown(why),
        boot_id: Fact::unknown(why),
        lsms: unknown(lsm, why),
        selinux_enforcing: unknown(selinux, why),
        memory_total: unknown(memory, why),
        cgroup_version: Fact::unknown(why),
        service_manager: Fact::unknown(why),
        sysctls: kernel::out_of_reach(why, sources),
        kernels_installed: Fact::unknown(why),
        sshd: sshd::out_of_reach(why, sources),
        audit: audit::out_of_reach(why, sources),
        files: std::collections::BTreeMap::new(),
        resolved_paths: std::collections::BTreeMap::new(),
        engine_files: EngineFiles::default(),
        client: Client::default(),
    }
}

fn memory_total(world: &World, sources: &mut Sources, gaps: &Gaps) -> Observed<u64> {
    const PATH: &str = "/proc/meminfo";
    let total = |text: String| {
        let value = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        value.and_then(|kilobytes| kilobytes.checked_mul(1024)).ok_or_else(|| Obstacle::Malformed("no MemTotal".to_owned()))
    };
    let answer = world.files.kernel(PATH).and_then(total);
    let fact = gaps.fact(answer, "physical memory", PATH, "root");
    Observed::new(sources.intern(Source::Kernel { path: PATH.to_owned() }), fact)
}

/// Where both hierarchies are mounted (systemd's hybrid set-up), limits are in version 1's controllers.
fn cgroup_version(mounts: &Answer<Vec<CgroupMount>>, gaps: &Gaps) -> Fact<u8> {
    let version = mounts.clone().and_then(|mounts| {
        let limits = |mount: &CgroupMount| mount.controllers.iter().any(|name| name == "memory" || name == "pids");
        if mounts.iter().any(|mount| mount.version == 1 && limits(mount)) {
            Ok(1)
        } else if mounts.iter().any(|mount| mount.version == 2) {
            Ok(2)
        } else {
            Err(Obstacle::Other("no control group file system is mounted".to_owned()))
        }
    });
    gaps.fact(version, "control group hierarchy", "/proc/self/mountinfo", "root")
}

/// systemd's own test, sd_booted(3), and what PID 1 is: a container may bring the folder along.
fn service_manager(world: &World, reach: &Reach, gaps: &Gaps) -> Fact<String> {
    const RUNNING: &str = "/run/systemd/system";
    if let Some(why) = reach.no_files() {
        return Fact::unknown(why);
    }
    match world.files.lstat(RUNNING) {
        Ok(_) => match docker::program(world, 1) {
            Some(name) if name == "systemd" => Fact::Known("systemd".to_owned()),
            Some(_) => Fact::Absent,
            None => gaps.unknown("service manager", "/proc/1", &Obstacle::Denied, TRACE),
        },
        Err(Obstacle::NotFound) => Fact::Absent,
        Err(obstacle) => gaps.unknown("service manager", RUNNING, &obstacle, "root"),
    }
}
