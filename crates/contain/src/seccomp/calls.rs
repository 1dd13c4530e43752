//! Which calls of the kernel reading takes. What is not named is refused, and so is what a later kernel invents.

use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER,
    CLONE_NEWUTS, CLONE_THREAD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL, NETLINK_AUDIT, O_ACCMODE, O_CREAT, O_DIRECTORY,
    O_TMPFILE, O_TRUNC, PR_GET_NO_NEW_PRIVS, PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PROT_EXEC, PROT_WRITE, SOCK_DGRAM, SOCK_STREAM,
};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{self, Eq, MaskedEq};
use seccompiler::{BackendError, SeccompCondition, SeccompRule};

use super::Rules;

/// Let through with any arguments: none of them changes anything but this process and its open files.
const ANY: &[i64] = &[
    // memory
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // threads and time
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_gettimeofday,
    libc::SYS_membarrier,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    // signals to oneself
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // who and where
    libc::SYS_getcwd,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // looking at files
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fgetxattr,
    libc::SYS_flistxattr,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_statfs,
    libc::SYS_statx,
    // what is open; what is written to was opened for it before
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fdatasync,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    // waiting
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // sockets; which ones, see below
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_socketpair,
    // giving up more
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
    libc::SYS_seccomp,
];

/// The same under their first names, which x86_64 alone still has.
#[cfg(target_arch = "x86_64")]
const ANY_OF_OLD: &[i64] = &[
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_epoll_wait,
    libc::SYS_lstat,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const ANY_OF_OLD: &[i64] = &[];

/// What thinking does not take: whatever leads to a file or a socket that is not open yet.
const ONLY_READING: &[i64] = &[
    libc::SYS_connect,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_socket,
    libc::SYS_socketpair,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// Calls whose flags lie behind a pointer, and which have older siblings whose flags are seen.
const UNSEEN: &[i64] = &[libc::SYS_clone3, libc::SYS_openat2];

/// What opening for reading has none of. O_TRUNC shortens a file that is opened for reading, and O_TMPFILE makes one.
const WRITING: u64 = bits(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & !O_DIRECTORY));

/// What a new thread has none of.
const NAMESPACES: u64 = bits(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS);

/// Is this a terminal, how wide is it, shall the file end with the program, shall reading it wait. Not TIOCSTI, which types in the place of
/// the person at the terminal. From asm-generic/ioctls.h; the crate libc has them with another type for each C library.
const IOCTLS: [u64; 5] = [
    /* TCGETS */ 0x5401,
    /* TIOCGWINSZ */ 0x5413,
    /* FIOCLEX */ 0x5451,
    /* FIONBIO */ 0x5421,
    /* TCGETS2 */ 0x802C_542A,
];

/// The kind of a socket without SOCK_CLOEXEC and SOCK_NONBLOCK (SOCK_TYPE_MASK in the kernel).
const SOCKET_KIND: u64 = 0xf;

/// What reading takes, by the process with this id.
pub(super) fn of_reading(own: u32) -> Result<Rules, BackendError> {
    let mut rules = any(ANY);
    rules.extend(any(ANY_OF_OLD));
    let mut with = |call: i64, arguments: Vec<SeccompRule>| drop(rules.insert(call, arguments));

    // Files are opened for reading, and to be looked at (O_PATH).
    with(libc::SYS_openat, vec![rule(&[(2, MaskedEq(WRITING), 0)])?]);
    #[cfg(target_arch = "x86_64")]
    with(libc::SYS_open, vec![rule(&[(1, MaskedEq(WRITING), 0)])?]);

    // Memory is written or executed, never both, and never the one after the other.
    with(libc::SYS_mmap, vec![rule(&[(2, MaskedEq(bits(PROT_EXEC)), 0)])?, rule(&[(2, MaskedEq(bits(PROT_WRITE)), 0)])?]);
    with(libc::SYS_mprotect, vec![rule(&[(2, MaskedEq(bits(PROT_EXEC)), 0)])?]);

    // Threads, and no processes.
    with(libc::SYS_clone, vec![rule(&[(0, MaskedEq(bits(CLONE_THREAD) | NAMESPACES), bits(CLONE_THREAD))])?]);
    with(libc::SYS_prctl, one_of(0, [PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS].map(bits))?);
    // abort(3) of this very process.
    with(libc::SYS_tgkill, vec![rule(&[(0, Eq, own.into())])?]);
    // Limits are looked at: no new ones are given.
    with(libc::SYS_prlimit64, vec![SeccompRule::new(vec![SeccompCondition::new(2, Qword, Eq, 0)?])?]);

    with(libc::SYS_ioctl, one_of(1, IOCTLS)?);
    with(libc::SYS_fcntl, one_of(1, [F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL].map(bits))?);

    let mut sockets = vec![rule(&[(0, Eq, bits(AF_UNIX))])?, rule(&[(0, Eq, bits(AF_NETLINK)), (2, Eq, bits(NETLINK_AUDIT))])?];
    for family in [AF_INET, AF_INET6] {
        // Never a raw one.
        for kind in [SOCK_STREAM, SOCK_DGRAM] {
            sockets.push(rule(&[(0, Eq, bits(family)), (1, MaskedEq(SOCKET_KIND), bits(kind))])?);
        }
    }
    with(libc::SYS_socket, sockets);
    Ok(rules)
}

/// What no filter can look into.
pub(super) fn unseen() -> Rules {
    any(UNSEEN)
}

/// What is refused once nothing more is read.
pub(super) fn only_reading() -> Rules {
    any(ONLY_READING)
}

fn any(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// All conditions hold: argument, comparison, value. Flags and kinds are 32 bits wide: the kernel ignores what is above, and so must we.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, BackendError> {
    let condition =
        |(argument, comparison, value): &(u8, SeccompCmpOp, u64)| SeccompCondition::new(*argument, Dword, comparison.clone(), *value);
    SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)
}

fn one_of(argument: u8, values: impl IntoIterator<Item = u64>) -> Result<Vec<SeccompRule>, BackendError> {
    values.into_iter().map(|value| rule(&[(argument, Eq, value)])).collect()
}

/// The bits of a flag or number of C, whose type is a signed int.
const fn bits(flags: i32) -> u64 {
    flags.cast_unsigned() as u64
}
