//! Active Linux security modules.

use facts::{Fact, Observed, Source, Sources};

use crate::gaps::Gaps;
use crate::obstacle::{Answer, Obstacle};
use crate::world::World;

const LSM: &str = "/sys/kernel/security/lsm";
const APPARMOR: &str = "/sys/module/apparmor/parameters/enabled";
const FILESYSTEMS: &str = "/proc/filesystems";
const ENFORCE: &str = "/sys/fs/selinux/enforce";

/// The kernel's own list; where securityfs is not mounted, the modules that confine processes by what each leaves elsewhere.
pub(super) fn active(world: &World, sources: &mut Sources, gaps: &Gaps) -> Observed<Vec<String>> {
    let kernel = |path: &str| Source::Kernel { path: path.to_owned() };
    let obstacle = match world.files.kernel(LSM) {
        Ok(text) => {
            let modules = text.trim().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            return Observed::new(sources.intern(kernel(LSM)), Fact::Known(modules));
        }
        Err(obstacle) => obstacle,
    };
    match by_traces(world) {
        Ok(modules) => {
            gaps.note(
                "list of Linux security modules",
                "securityfs is not mounted; AppArmor, SELinux and Smack are known from other places, smaller modules are not",
                "securityfs mounted at /sys/kernel/security",
            );
            Observed::new(sources.intern(kernel(&format!("{APPARMOR}, {FILESYSTEMS}"))), Fact::Known(modules))
        }
        Err(_) => Observed::new(sources.intern(kernel(LSM)), gaps.unknown("list of Linux security modules", LSM, &obstacle, "root")),
    }
}

/// AppArmor has a parameter that says whether it is on; SELinux and Smack register their file system only when they are on.
fn by_traces(world: &World) -> Answer<Vec<String>> {
    let filesystems = world.files.kernel(FILESYSTEMS)?;
    let registered = |name: &str| filesystems.lines().any(|line| line.split_whitespace().next_back() == Some(name));
    let apparmor = match world.files.kernel(APPARMOR) {
        Ok(text) => text.trim() == "Y",
        Err(Obstacle::NotFound) => false,
        Err(obstacle) => return Err(obstacle),
    };
    let modules = [("apparmor", apparmor), ("selinux", registered("selinuxfs")), ("smack", registered("smackfs"))];
    Ok(modules.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect())
}

/// Whether SELinux enforces. Without SELinux in the kernel there is nothing to enforce: absent.
pub(super) fn selinux_enforcing(world: &World, lsms: &Observed<Vec<String>>, sources: &mut Sources, gaps: &Gaps) -> Observed<bool> {
    let has_selinux = lsms.fact.as_ref().map(|modules| modules.iter().any(|name| name == "selinux"));
    let fact = match (world.files.kernel(ENFORCE), has_selinux) {
        (Ok(text), _) if matches!(text.trim(), "0" | "1") => Fact::Known(text.trim() == "1"),
        (Ok(_), _) => gaps.unknown("SELinux mode", ENFORCE, &Obstacle::Malformed("neither 0 nor 1".to_owned()), "root"),
        (Err(Obstacle::NotFound), Fact::Known(false)) => Fact::Absent,
        (Err(Obstacle::NotFound), Fact::Known(true)) => {
            gaps.note("SELinux mode", "selinuxfs is not mounted", "selinuxfs mounted at /sys/fs/selinux");
            Fact::unknown(format!("{ENFORCE}: selinuxfs is not mounted"))
        }
        (Err(obstacle), _) => gaps.unknown("SELinux mode", ENFORCE, &obstacle, "root"),
    };
    Observed::new(sources.intern(Source::Kernel { path: ENFORCE.to_owned() }), fact)
}
