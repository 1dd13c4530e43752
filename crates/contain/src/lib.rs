//! Gives up what this process does not need, so that a flaw in it is worth little to whoever finds it.
//!
//! An assessor runs as root on the hosts that matter most and reads what strangers wrote: names, labels, command lines, files. It gives up
//! its rights in two steps, for the whole process and for good.
//!
//! 1. [`all_but_reading`], before anything is read: no new privileges, and a seccomp filter that lets through only the calls that reading
//!    takes. No program is started, no file is created, opened for writing, changed, renamed or removed, no process is touched.
//! 2. [`all_but_thinking`], after the last thing was read: nothing is opened any more, no socket made, by seccomp and by Landlock. What is
//!    left is to compute, and to write to files that were opened before.
//!
//! Landlock can't come sooner: under it the kernel refuses even root another process's exe, root, cwd, ns and fd in /proc.
//!
//! **What no filter sees.** While reading, the engine's socket and the kernel's audit may be spoken to, and whoever speaks to the engine
//! owns the host: a filter sees that a message is sent and not what it says. The wall keeps a mistake of this program from writing or
//! starting something; it keeps an intruder in it from the host only after the second step.
//!
//! A refused call fails with EPERM, which the readers show as a gap; nothing is killed, but for a call of another architecture's table.
//! It knows the kernel's calls. It does not know what is read.

mod landlocked;
mod missing;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod seccomp;

pub use missing::Missing;

/// Gives up all that reading does not take, in every thread of the process. Files that are open stay open: what will be written is opened
/// before this.
///
/// # Errors
/// Where the kernel has no such filters or won't take them: nothing was given up then, and the program may go on.
pub fn all_but_reading() -> Result<(), Missing> {
    seccomp::reading()
}

/// Gives up reading too. Works with and without [`all_but_reading`] before.
///
/// Returns what could not be done; the rest was. Landlock binds the calling thread and those that it starts later; threads that a dead file
/// system holds are bound by seccomp alone.
pub fn all_but_thinking() -> Vec<Missing> {
    [seccomp::thinking(), landlocked::nothing()].into_iter().filter_map(Result::err).collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod seccomp {
    use crate::Missing;

    pub(crate) fn reading() -> Result<(), Missing> {
        Err(Missing::seccomp(format!("there is no list of calls for {} yet", std::env::consts::ARCH)))
    }

    pub(crate) fn thinking() -> Result<(), Missing> {
        reading()
    }
}
