//! What the filters say to every call there is, by a table of the kernel's numbers that is not the one they were made of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libc::{SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS};

use super::machine::{Call, answer};
use super::*;

#[cfg(target_arch = "x86_64")]
const TABLE: &str = include_str!("../../../collect/src/real/syscalls/x86_64.txt");
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const TABLE: &str = include_str!("../../../collect/src/real/syscalls/aarch64.txt");
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

const OWN: u32 = 4711;
const EPERM: u32 = SECCOMP_RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// Whatever the arguments are: calls that reach a file, a process, the kernel or another machine by more than reading.
const NEVER: &[&str] = &[
    "execve",
    "execveat",
    "fork",
    "vfork",
    "creat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "lchown",
    "fchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "utime",
    "utimes",
    "utimensat",
    "futimesat",
    "fallocate",
    "copy_file_range",
    "sendfile",
    "splice",
    "memfd_create",
    "memfd_secret",
    "mount",
    "umount2",
    "umount",
    "pivot_root",
    "chroot",
    "chdir",
    "fchdir",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "swapon",
    "swapoff",
    "quotactl",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kill",
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "pidfd_send_signal",
    "pidfd_open",
    "pidfd_getfd",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "setns",
    "unshare",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "io_setup",
    "io_submit",
    "setuid",
    "setgid",
    "setreuid",
    "setresuid",
    "setresgid",
    "setgroups",
    "setfsuid",
    "capset",
    "personality",
    "keyctl",
    "add_key",
    "request_key",
    "acct",
    "syslog",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "iopl",
    "ioperm",
    "setrlimit",
    "setpriority",
    "sched_setaffinity",
    "sched_setscheduler",
    "bind",
    "listen",
    "accept",
    "accept4",
    "shmat",
    "shmget",
    "msgsnd",
    "semop",
    "mq_open",
    "fanotify_init",
    "fanotify_mark",
    "inotify_init1",
    "vhangup",
    "setsid",
    "setpgid",
    "pkey_mprotect",
    "open_by_handle_at",
    "landlock_add_rule",
    "umask",
    "flock",
];

fn numbers() -> BTreeMap<&'static str, u32> {
    let pairs = TABLE.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(number, name)| (name, number.parse().unwrap())).collect()
}

fn number(name: &str) -> u32 {
    numbers()[name]
}

/// What the kernel makes of several filters: the strictest answer, and of equally strict ones the newest (seccomp(2)).
fn all_say(filters: &[BpfProgram], number: u32, arguments: [u64; 6]) -> u32 {
    let call = Call { number, architecture: ARCHITECTURE, arguments };
    let answers = filters.iter().rev().map(|filter| answer(filter, &call));
    // The smaller an action's number, the stricter, as a signed one.
    answers.min_by_key(|answer| (answer & 0xffff_0000).cast_signed()).unwrap()
}

static READING: LazyLock<[BpfProgram; 2]> = LazyLock::new(|| filters_of_reading(OWN).unwrap());
static THINKING: LazyLock<[BpfProgram; 3]> = LazyLock::new(|| {
    let [reading, unseen] = READING.clone();
    [reading, unseen, filter_of_thinking().unwrap()]
});

fn reading_says(number: u32, arguments: [u64; 6]) -> u32 {
    all_say(&*READING, number, arguments)
}

fn thinking_says(number: u32, arguments: [u64; 6]) -> u32 {
    all_say(&*THINKING, number, arguments)
}

/// Numbers that look harmless, and those that don't.
fn arguments() -> Vec<[u64; 6]> {
    let values = [0, 1, 2, 3, 4, 5, 9, 10, 0x0001_0000, 0x003d_0f00, 0xffff_ffff, u64::MAX, OWN.into()];
    let same = values.map(|value| [value; 6]);
    let one = (0..6).flat_map(|at| values.map(|value| std::array::from_fn(|index| if index == at { value } else { 0 })));
    same.into_iter().chain(one).collect()
}

#[test]
fn what_does_more_than_read_is_refused() {
    let numbers = numbers();
    let known: Vec<&&str> = NEVER.iter().filter(|name| numbers.contains_key(**name)).collect();
    assert!(known.len() > 100, "a table of other names");
    for name in known {
        for arguments in arguments() {
            assert_eq!(reading_says(numbers[name], arguments), EPERM, "{name} {arguments:?}");
        }
    }
}

#[test]
fn what_nobody_knows_yet_is_refused() {
    let highest = numbers().into_values().max().unwrap();
    for number in (highest + 1..highest + 200).chain([u32::MAX, 0x7fff_ffff]) {
        assert_eq!(reading_says(number, [0; 6]), EPERM, "{number}");
    }
    // The numbers of x32, which are those of x86_64 with one bit more.
    for number in numbers().into_values() {
        assert_eq!(reading_says(number | 0x4000_0000, [0; 6]), EPERM, "{number}");
    }
}

#[test]
fn another_architectures_numbers_end_the_process() {
    let [reading, _] = &*READING;
    // 32-bit x86, where 5 is open and 11 execve.
    let call = Call { number: 3, architecture: 0x4000_0003, arguments: [0; 6] };
    assert_eq!(answer(reading, &call), SECCOMP_RET_KILL_PROCESS);
}

#[test]
fn opening_is_for_reading() {
    let says = |flags: i32| reading_says(number("openat"), [0, 0, u64::from(flags.cast_unsigned()), 0, 0, 0]);
    let harmless =
        [libc::O_CLOEXEC, libc::O_PATH, libc::O_NOFOLLOW, libc::O_NONBLOCK, libc::O_NOCTTY, libc::O_DIRECTORY, libc::O_LARGEFILE];
    let writing = [libc::O_WRONLY, libc::O_RDWR, libc::O_ACCMODE, libc::O_CREAT, libc::O_TRUNC, libc::O_TMPFILE];
    // Every combination of them.
    for set in 0..1 << harmless.len() {
        let flags = harmless.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).fold(0, |flags, (_, flag)| flags | flag);
        assert_eq!(says(flags), SECCOMP_RET_ALLOW, "{flags:o}");
        for more in 1..1 << writing.len() {
            let flags = writing.iter().enumerate().filter(|(bit, _)| more >> bit & 1 == 1).fold(flags, |flags, (_, flag)| flags | flag);
            assert_eq!(says(flags), EPERM, "{flags:o}");
        }
    }
    // The upper half of the register means nothing to the kernel.
    assert_eq!(reading_says(number("openat"), [0, 0, 0xffff_ffff_0000_0001, 0, 0, 0]), EPERM);
    assert_eq!(reading_says(number("openat2"), [0; 6]), ENOSYS);
    #[cfg(target_arch = "x86_64")]
    assert_eq!((reading_says(number("open"), [0; 6]), reading_says(number("open"), [0, 0x241, 0, 0, 0, 0])), (SECCOMP_RET_ALLOW, EPERM));
}

#[test]
fn memory_is_written_or_executed() {
    let map = |protection| reading_says(number("mmap"), [0, 4096, protection, 0x22, u64::MAX, 0]);
    // PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4.
    assert_eq!([0, 1, 2, 3, 4, 5].map(map), [SECCOMP_RET_ALLOW; 6]);
    assert_eq!([6, 7].map(map), [EPERM; 2]);
    let protect = |protection| reading_says(number("mprotect"), [0, 4096, protection, 0, 0, 0]);
    assert_eq!([0, 1, 2, 3].map(protect), [SECCOMP_RET_ALLOW; 4]);
    assert_eq!([4, 5, 6, 7, 0x0100_0005].map(protect), [EPERM; 5]);
}

#[test]
fn threads_and_no_processes() {
    let clone = |flags: u64| reading_says(number("clone"), [flags, 0, 0, 0, 0, 0]);
    // What pthread_create(3) of glibc and of musl asks for.
    assert_eq!([0x003d_0f00, 0x007d_0f00].map(clone), [SECCOMP_RET_ALLOW; 2]);
    // fork(3), vfork and posix_spawn, and a thread in a user namespace of its own.
    assert_eq!([0x0120_0011, 0x4111, 0x003d_0f00 | 0x1000_0000].map(clone), [EPERM; 3]);
    assert_eq!(reading_says(number("clone3"), [0; 6]), ENOSYS);
    let signal = |process: u32| reading_says(number("tgkill"), [process.into(), OWN.into(), 6, 0, 0, 0]);
    assert_eq!((signal(OWN), signal(1), signal(0)), (SECCOMP_RET_ALLOW, EPERM, EPERM));
}

#[test]
fn sockets_to_the_engine_the_audit_and_a_listening_port() {
    let socket = |family: i32, kind: i32, protocol: u64| {
        let word = |value: i32| u64::from(value.cast_unsigned());
        reading_says(number("socket"), [word(family), word(kind), protocol, 0, 0, 0])
    };
    let stream = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    assert_eq!(socket(libc::AF_UNIX, stream, 0), SECCOMP_RET_ALLOW);
    assert_eq!(socket(libc::AF_INET, stream, 0), SECCOMP_RET_ALLOW);
    assert_eq!(socket(libc::AF_INET6, libc::SOCK_DGRAM, 0), SECCOMP_RET_ALLOW);
    assert_eq!(socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 9), SECCOMP_RET_ALLOW);
    // Routes, the firewall, packets, and what nobody asked for.
    for (family, kind, protocol) in [
        (libc::AF_NETLINK, libc::SOCK_RAW, 0),
        (libc::AF_NETLINK, libc::SOCK_RAW, 12),
        (libc::AF_INET, libc::SOCK_RAW, 255),
        (libc::AF_INET6, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 58),
        (libc::AF_PACKET, libc::SOCK_RAW, 3),
        (libc::AF_VSOCK, libc::SOCK_STREAM, 0),
        (libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
    ] {
        assert_eq!(socket(family, kind, protocol), EPERM, "{family} {kind} {protocol}");
    }
}

#[test]
fn small_doors() {
    // Typing for the person at the terminal, and flags of a file.
    for request in [0x5412, 0x4008_6602, 0x0000_5402] {
        assert_eq!(reading_says(number("ioctl"), [0, request, 0, 0, 0, 0]), EPERM, "{request:x}");
    }
    assert_eq!(reading_says(number("ioctl"), [0, 0x5413, 0, 0, 0, 0]), SECCOMP_RET_ALLOW);
    // F_SETLEASE, F_NOTIFY, F_SETOWN.
    for request in [1024, 1026, 8] {
        assert_eq!(reading_says(number("fcntl"), [0, request, 0, 0, 0, 0]), EPERM, "{request}");
    }
    // PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_MM, PR_CAP_AMBIENT.
    for option in [4, 8, 35, 47] {
        assert_eq!(reading_says(number("prctl"), [option, 0, 0, 0, 0, 0]), EPERM, "{option}");
    }
    assert_eq!(reading_says(number("prlimit64"), [0, 3, 0, 0x7fff_0000_0000, 0, 0]), SECCOMP_RET_ALLOW);
    assert_eq!(reading_says(number("prlimit64"), [0, 3, 0x7fff_0000_0000, 0, 0, 0]), EPERM);
}

#[test]
fn thinking_opens_nothing() {
    for name in ["openat", "socket", "connect", "readlinkat", "sendto", "sendmsg", "getxattr"] {
        for arguments in arguments() {
            assert_eq!(thinking_says(number(name), arguments), EPERM, "{name}");
        }
    }
    for name in ["read", "write", "writev", "ftruncate", "lseek", "brk", "munmap", "futex", "exit_group", "close"] {
        assert_eq!(thinking_says(number(name), [0; 6]), SECCOMP_RET_ALLOW, "{name}");
    }
    assert_eq!(thinking_says(number("openat2"), [0; 6]), ENOSYS);
}
