//! Settings of the kernel, and which kernels are installed.

use std::collections::BTreeMap;

use facts::{Fact, Observed, Source, Sources};

use super::Reach;
use crate::gaps::{Gaps, READ};
use crate::obstacle::Obstacle;
use crate::world::World;

/// What decides how much an intruder in a container can ask of the kernel (Documentation/admin-guide/sysctl). The first is Debian's own,
/// the second Ubuntu's.
const SYSCTLS: &[&str] = &[
    "kernel.unprivileged_userns_clone",
    "kernel.apparmor_restrict_unprivileged_userns",
    "user.max_user_namespaces",
    "kernel.kptr_restrict",
    "kernel.dmesg_restrict",
    "kernel.kexec_load_disabled",
    "kernel.unprivileged_bpf_disabled",
    "kernel.yama.ptrace_scope",
];

fn path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

pub(super) fn sysctls(world: &World, sources: &mut Sources, gaps: &Gaps) -> BTreeMap<String, Observed<String>> {
    let read = |name: &&str| {
        let path = path(name);
        let fact = gaps.fact(world.files.kernel(&path).map(|text| text.trim().to_owned()), "settings of the kernel", &path, "root");
        ((*name).to_owned(), Observed::new(sources.intern(Source::Kernel { path }), fact))
    };
    SYSCTLS.iter().map(read).collect()
}

pub(super) fn out_of_reach(why: &str, sources: &mut Sources) -> BTreeMap<String, Observed<String>> {
    let unseen = |name: &&str| ((*name).to_owned(), Observed::new(sources.intern(Source::Kernel { path: path(name) }), Fact::unknown(why)));
    SYSCTLS.iter().map(unseen).collect()
}

/// Absent: neither place has one, as where the boot loader keeps kernels elsewhere.
pub(super) fn installed(world: &World, reach: &Reach, gaps: &Gaps) -> Fact<Vec<String>> {
    const BOOT: &str = "/boot";
    const MODULES: &str = "/usr/lib/modules";
    const WHAT: &str = "installed kernels";
    if let Some(why) = reach.no_files() {
        return Fact::unknown(why);
    }
    let names = |folder: &str| match world.files.names(folder) {
        Err(Obstacle::NotFound) => Ok(Vec::new()),
        other => other,
    };
    let mut releases: Vec<String> = match names(BOOT) {
        Ok(names) => {
            names.iter().filter_map(|name| name.strip_prefix("vmlinuz-")).filter(|release| is_release(release)).map(str::to_owned).collect()
        }
        Err(obstacle) => return gaps.unknown(WHAT, BOOT, &obstacle, READ),
    };
    match names(MODULES) {
        Ok(names) => {
            for name in names.into_iter().filter(|name| is_release(name)) {
                let path = format!("{MODULES}/{name}/vmlinuz");
                match world.files.lstat(&path) {
                    Ok(_) => releases.push(name),
                    Err(Obstacle::NotFound) => {}
                    Err(obstacle) => return gaps.unknown(WHAT, &path, &obstacle, READ),
                }
            }
        }
        Err(obstacle) => return gaps.unknown(WHAT, MODULES, &obstacle, READ),
    }
    releases.sort();
    releases.dedup();
    if releases.is_empty() { Fact::Absent } else { Fact::Known(releases) }
}

/// Starts with a digit, so that rescue images and links (`vmlinuz-0-rescue-...`, `vmlinuz-linux`) are none.
fn is_release(text: &str) -> bool {
    text.starts_with(|first: char| matches!(first, '1'..='9')) && text.len() <= 128 && !text.ends_with(".old") && !text.ends_with(".bak")
}
