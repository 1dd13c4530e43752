//! Whether a filter of system calls confines a container: that there is one is the kernel's word, what it lets through is the profile's.

use facts::Fact;
use facts::docker::{Container, Engine, SeccompProfile};

use super::{kleene, security_opt};

/// Calls by which a process leaves a container or takes the kernel over. Docker's own profile refuses each of them to a container
/// without further capabilities (https://docs.docker.com/engine/security/seccomp/).
const KEYS_OF_THE_KERNEL: &[&str] = &[
    "add_key",
    "bpf",
    "delete_module",
    "finit_module",
    "init_module",
    "kexec_load",
    "keyctl",
    "mount",
    "open_by_handle_at",
    "perf_event_open",
    "pivot_root",
    "reboot",
    "request_key",
    "setns",
    "swapon",
    "umount2",
    "unshare",
    "userfaultfd",
];

/// Whether the profile is any confinement: one that refuses what it does not name, and does not name all of these; or one that lets
/// through what it does not name, and refuses each of these.
fn confines(profile: &SeccompProfile) -> bool {
    let open = KEYS_OF_THE_KERNEL.iter().filter(|call| profile.opens(call)).count();
    if profile.opens_by_default() { open == 0 } else { open < KEYS_OF_THE_KERNEL.len() }
}

/// Whether the filter that the daemon gives to running containers which name none is a confinement.
pub(crate) fn by_default(engine: &Engine, profile: &Fact<String>) -> Fact<bool> {
    let path = match profile {
        Fact::Known(name) if name == "builtin" => return Fact::Known(true),
        Fact::Known(name) if name == "unconfined" => return Fact::unknown("the daemon gives no filter now, so it is an earlier one"),
        Fact::Known(path) => path,
        Fact::Absent => return Fact::unknown("the engine names no profile"),
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    match (&engine.seccomp_profile.fact, &engine.pid_file.fact) {
        (Fact::Known(file), Fact::Known(started)) => match SeccompProfile::from_text(&file.text) {
            None => Fact::unknown(format!("{path} is no seccomp profile")),
            // The daemon read it when it started; what stands there now may be another.
            Some(_) if file.stat.ctime_ns > started.ctime_ns => {
                Fact::unknown(format!("{path} was changed after the daemon started, so another profile may be in force"))
            }
            Some(profile) => Fact::Known(confines(&profile)),
        },
        (Fact::Unknown { why }, _) | (_, Fact::Unknown { why }) => Fact::unknown(why.clone()),
        (Fact::Absent, _) => Fact::unknown(format!("{path} is not there")),
        (_, Fact::Absent) => Fact::unknown(format!("the daemon has no pid file, so whether it started with this {path} cannot be told")),
    }
}

/// Whether a filter confines a running container. `mode`: Seccomp of its main process (proc(5)); 2: there is a filter.
pub(crate) fn of_running(container: &Container, mode: u8, default: &Fact<bool>) -> Fact<bool> {
    if mode != 2 {
        return Fact::Known(false);
    }
    match own(container) {
        Fact::Absent => default.clone(),
        own => own,
    }
}

/// Whether a filter confines a container that does not run: by its options; the daemon's default shows only once it runs.
pub(crate) fn of_stopped(container: &Container) -> Fact<bool> {
    let by_option = match own(container) {
        Fact::Absent => Fact::unknown("the daemon's default profile shows only once it runs (start it to see)"),
        own => own,
    };
    // A privileged container gets no filter, whatever its options say.
    let privileged = container.privileged.clone().absent_as(false);
    kleene::and(kleene::not(privileged), by_option)
}

/// Whether the profile of its own options is a confinement. Absent: they name none.
fn own(container: &Container) -> Fact<bool> {
    container.security_opt.clone().absent_as(Vec::new()).and_then(|options| match security_opt::value(&options, "seccomp") {
        None => Fact::Absent,
        Some("unconfined") => Fact::Known(false),
        Some("builtin") => Fact::Known(true),
        Some(text) => match SeccompProfile::from_text(text) {
            Some(profile) => Fact::Known(confines(&profile)),
            None => Fact::unknown("the text of its seccomp profile is not known"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::Observed;
    use facts::host::{FileKind, FileStat, TextFile};

    const ALLOW_ALL: &str = r#"{"defaultAction":"SCMP_ACT_ALLOW"}"#;
    const ONE_REFUSED: &str = r#"{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"names":["bpf"],"action":"SCMP_ACT_ERRNO"}]}"#;
    const SHORT: &str = r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","mount"],"action":"SCMP_ACT_ALLOW"}]}"#;

    fn with(options: &[&str], privileged: bool) -> Container {
        Container {
            security_opt: Fact::Known(options.iter().map(|option| (*option).to_owned()).collect()),
            privileged: Fact::Known(privileged),
            ..Container::default()
        }
    }

    fn stat(ctime_ns: i64) -> FileStat {
        let (kind, acl) = (FileKind::File, Fact::Absent);
        FileStat { kind, mode: 0o644, uid: 0, gid: 0, size: 0, device: 1, inode: 1, ctime_ns, mtime_ns: 0, target: None, acl }
    }

    fn profile_file(text: &str, changed: i64) -> Engine {
        let file = TextFile { path: "/p".to_owned(), text: text.to_owned(), stat: stat(changed), form: Fact::Absent };
        Engine {
            seccomp_profile: Observed { fact: Fact::Known(file), ..Observed::default() },
            pid_file: Observed { fact: Fact::Known(stat(10)), ..Observed::default() },
            ..Engine::default()
        }
    }

    #[test]
    fn stopped_containers() {
        assert_eq!(of_stopped(&with(&["seccomp=unconfined"], false)), Fact::Known(false));
        assert_eq!(of_stopped(&with(&["no-new-privileges", "seccomp:unconfined"], false)), Fact::Known(false));
        assert_eq!(of_stopped(&with(&[&format!("seccomp={SHORT}")], true)), Fact::Known(false));
        assert_eq!(of_stopped(&with(&[&format!("seccomp={SHORT}")], false)), Fact::Known(true));
        assert_eq!(of_stopped(&with(&[&format!("seccomp={ALLOW_ALL}")], false)), Fact::Known(false));
        assert!(of_stopped(&with(&["seccomp=<redacted>"], false)).is_unknown());
        assert!(of_stopped(&with(&[], false)).is_unknown());
    }

    #[test]
    fn running_containers() {
        let yes = Fact::Known(true);
        assert_eq!(of_running(&with(&[], false), 2, &yes), yes);
        assert_eq!(of_running(&with(&[], false), 0, &yes), Fact::Known(false));
        assert_eq!(of_running(&with(&[], false), 2, &Fact::Known(false)), Fact::Known(false));
        assert_eq!(of_running(&with(&[&format!("seccomp={ONE_REFUSED}")], false), 2, &yes), Fact::Known(false));
        assert_eq!(of_running(&with(&[&format!("seccomp={SHORT}")], false), 2, &Fact::Known(false)), yes);
        assert_eq!(of_running(&with(&["seccomp=builtin"], false), 2, &Fact::Known(false)), yes);
    }

    #[test]
    fn the_default_of_the_daemon() {
        let named = |name: &str| Fact::Known(name.to_owned());
        assert_eq!(by_default(&Engine::default(), &named("builtin")), Fact::Known(true));
        assert!(by_default(&Engine::default(), &named("unconfined")).is_unknown());
        assert!(by_default(&Engine::default(), &named("/p")).is_unknown());
        assert_eq!(by_default(&profile_file(ALLOW_ALL, 5), &named("/p")), Fact::Known(false));
        assert_eq!(by_default(&profile_file(SHORT, 5), &named("/p")), Fact::Known(true));
        assert!(by_default(&profile_file(SHORT, 11), &named("/p")).is_unknown());
        assert!(by_default(&profile_file("{}", 5), &named("/p")).is_unknown());
    }
}
