//! The child of a rehearsal: namespaces of its own, a host that it can only read, then the daemon's binary.
//!
//! Two stages, since a process is not itself in the process namespace that it makes: the first unshares and waits, the second is the
//! first process inside, mounts and executes. Each dies with its parent.

use std::ffi::OsStr;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::spec::Spec;

/// Tells the second stage from the first.
const STAGE: &str = "COFFERDAM_REHEARSAL_STAGE";

/// What the first stage says when it did not get as far as dockerd.
const NOT_HELD: u8 = 70;

/// What the binary does for its hidden subcommand `__rehearse DIR`; the exit code. Nothing that it mounts is seen by the host.
pub fn rehearse_child(folder: &Path) -> u8 {
    let result = if std::env::var_os(STAGE).is_some() { inside(folder) } else { outside(folder) };
    match result {
        Ok(code) => code,
        Err(why) => {
            Spec::save_failure(folder, &why);
            NOT_HELD
        }
    }
}

/// Makes the namespaces, and waits for the first process in them.
fn outside(folder: &Path) -> Result<u8, String> {
    die_with_parent()?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID)
        .map_err(|error| format!("cannot make namespaces: {error} (needs CAP_SYS_ADMIN)"))?;
    let mut child = Command::new("/proc/self/exe")
        .arg("__rehearse")
        .arg(folder)
        .env(STAGE, "inside")
        .spawn()
        .map_err(|error| format!("cannot run itself: {error}"))?;
    Spec::save_first_process(folder, child.id())?;
    let status = child.wait().map_err(|error| format!("cannot wait: {error}"))?;
    Ok(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

/// Takes the host out of reach, then becomes dockerd.
fn inside(folder: &Path) -> Result<u8, String> {
    die_with_parent()?;
    let spec = Spec::load(folder)?;
    seclude(folder)?;
    // Modules are the kernel's, whatever the namespace.
    rustix::thread::remove_capability_from_bounding_set(rustix::thread::CapabilitySet::SYS_MODULE)
        .map_err(|error| format!("cannot give up CAP_SYS_MODULE: {error}"))?;
    let error = Command::new(&spec.exe).args(&spec.arguments).env_clear().env("PATH", &spec.path).env("TMPDIR", folder.join("tmp")).exec();
    Err(format!("cannot run {}: {error}", spec.exe))
}

fn die_with_parent() -> Result<(), String> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).map_err(|error| format!("prctl: {error}"))
}

const NOTHING: Option<&str> = None;

/// Everything read-only but the folder, /run empty, /etc a copy on write, /proc that of the namespace.
fn seclude(folder: &Path) -> Result<(), String> {
    let failed = |what: &str, error: nix::Error| format!("cannot {what}: {error}");
    mount(NOTHING, "/", NOTHING, MsFlags::MS_PRIVATE | MsFlags::MS_REC, NOTHING)
        .map_err(|error| failed("make the mounts private", error))?;
    // An open folder stays reachable when something is mounted over the path to it.
    let own = std::fs::File::open(folder).map_err(|error| format!("cannot open {}: {error}", folder.display()))?;
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, NOTHING)
        .map_err(|error| failed("mount /proc", error))?;
    overlay_etc(folder)?;
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=0755,size=16m"))
        .map_err(|error| failed("empty /run", error))?;
    // What sd_booted(3) looks for: a daemon that uses systemd for control groups asks.
    let _ = std::fs::create_dir_all("/run/systemd/system");
    read_only()?;
    if folder.starts_with("/run") {
        std::fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let open = PathBuf::from(format!("/proc/self/fd/{}", own.as_raw_fd()));
    mount(Some(&open), folder, NOTHING, MsFlags::MS_BIND, NOTHING).map_err(|error| failed("keep its folder", error))?;
    mount(NOTHING, folder, NOTHING, MsFlags::MS_REMOUNT | MsFlags::MS_BIND, NOTHING)
        .map_err(|error| failed("write into its folder", error))?;
    // Its network's settings are its own; all others are the host's.
    mount(Some("/proc/sys"), "/proc/sys", NOTHING, MsFlags::MS_BIND, NOTHING).map_err(|error| failed("bind /proc/sys", error))?;
    mount(Some("/proc/sys/net"), "/proc/sys/net", NOTHING, MsFlags::MS_BIND, NOTHING)
        .map_err(|error| failed("bind /proc/sys/net", error))?;
    remount_read_only("/proc/sys").map_err(|error| failed("protect /proc/sys", error))
}

/// Old engines write /etc/docker/key.json; profiles that the configuration names may be there too. So /etc is seen whole, and
/// what is written goes into the folder.
fn overlay_etc(folder: &Path) -> Result<(), String> {
    let (upper, work) = (folder.join("etc"), folder.join("etc-work"));
    for path in [&upper, &work] {
        std::fs::create_dir(path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
    }
    let options = format!("lowerdir=/etc,upperdir={},workdir={}", upper.display(), work.display());
    let overlay = mount(Some("overlay"), "/etc", Some("overlay"), MsFlags::empty(), Some(options.as_str()));
    if overlay.is_ok() {
        return Ok(());
    }
    mount(Some("tmpfs"), "/etc/docker", Some("tmpfs"), MsFlags::empty(), NOTHING)
        .map_err(|error| format!("neither an overlay on /etc nor an empty /etc/docker can be mounted: {error}"))
}

/// Makes every mount read-only but /etc, /run and those of the kernel's own process files and devices.
fn read_only() -> Result<(), String> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").map_err(|error| format!("cannot read the mounts: {error}"))?;
    for line in table.lines() {
        let Some(point) = line.split(' ').nth(4).map(unescape) else { continue };
        let kept = ["/etc", "/run", "/proc", "/dev"].iter().any(|path| point == *path || point.starts_with(&format!("{path}/")));
        if kept {
            continue;
        }
        match remount_read_only(&point) {
            Ok(()) => {}
            Err(error) if point == "/" => return Err(format!("cannot make the root file system read-only: {error}")),
            // Hidden below another mount, or gone: out of reach anyhow.
            Err(_) => {}
        }
    }
    Ok(())
}

fn remount_read_only(point: impl AsRef<OsStr>) -> Result<(), nix::Error> {
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    let point = Path::new(point.as_ref());
    // Flags that a mount has must be said again, or they would be taken off, which some mounts forbid.
    let kept = nix::sys::statvfs::statvfs(point)?.flags();
    let also = [
        (nix::sys::statvfs::FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (nix::sys::statvfs::FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (nix::sys::statvfs::FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ];
    let flags = also.iter().filter(|(held, _)| kept.contains(*held)).fold(flags, |flags, (_, flag)| flags | *flag);
    mount(NOTHING, point, NOTHING, flags, NOTHING)
}

/// Octal escapes of mountinfo (proc_pid_mountinfo(5)): space, tab, line feed, backslash.
fn unescape(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |text, (from, to)| text.replace(from, to))
}
