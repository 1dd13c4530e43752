//! The filters, made of the tables in [`calls`] and installed for all threads at once.

mod calls;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

use seccompiler::{BackendError, BpfProgram, Error, SeccompAction, SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads};

use crate::Missing;

/// Calls and the arguments with which they match; none: with any.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What the kernel says to a call that is not let through. The readers take it for an obstacle, as they do without a filter.
const REFUSED: SeccompAction = SeccompAction::Errno(libc::EPERM as u32);

/// What it says to calls whose meaning lies behind a pointer, where no filter can look. The C library then falls back on the older call,
/// whose flags are seen.
const UNHEARD_OF: SeccompAction = SeccompAction::Errno(libc::ENOSYS as u32);

/// Lets through what reading takes.
pub(crate) fn reading() -> Result<(), Missing> {
    // Once a process: a second filter of the same kind refuses nothing more and costs a little with every call.
    static DONE: OnceLock<Result<(), Missing>> = OnceLock::new();
    let install_all = |filters: [BpfProgram; 2]| filters.iter().try_for_each(install);
    DONE.get_or_init(|| filters_of_reading(std::process::id()).map_err(Error::Backend).and_then(install_all).map_err(missing)).clone()
}

/// Lets through what is left of it when nothing more is read.
pub(crate) fn thinking() -> Result<(), Missing> {
    reading()?;
    filter_of_thinking().map_err(Error::Backend).and_then(|filter| install(&filter)).map_err(missing)
}

/// In the order in which they are installed. Of two filters that both refuse a call, the later one's answer counts (seccomp(2)), which is
/// how the calls of the second get another number than all the rest.
fn filters_of_reading(own: u32) -> Result<[BpfProgram; 2], BackendError> {
    let reading = filter(calls::of_reading(own)?, REFUSED, SeccompAction::Allow)?;
    Ok([reading, filter(calls::unseen(), SeccompAction::Allow, UNHEARD_OF)?])
}

/// Comes on top of those of reading.
fn filter_of_thinking() -> Result<BpfProgram, BackendError> {
    filter(calls::only_reading(), SeccompAction::Allow, REFUSED)
}

fn filter(rules: Rules, otherwise: SeccompAction, matching: SeccompAction) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, matching, TargetArch::try_from(std::env::consts::ARCH)?)?.try_into()
}

/// For all threads of the process; sets no_new_privs first.
fn install(filter: &BpfProgram) -> Result<(), Error> {
    apply_filter_all_threads(filter)
}

fn missing(error: Error) -> Missing {
    let why = match &error {
        Error::Seccomp(error) => because(error),
        Error::Prctl(error) => format!("no_new_privs: {error}"),
        Error::ThreadSync(thread) => format!("thread {thread} is under a filter of its own"),
        other => other.to_string(),
    };
    Missing::seccomp(why)
}

fn because(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOSYS) => "this kernel does not have it (it came with Linux 3.17)".to_owned(),
        Some(libc::EINVAL) => "this kernel has no filters (CONFIG_SECCOMP_FILTER)".to_owned(),
        Some(libc::EPERM | libc::EACCES) => "what this process runs in does not allow it".to_owned(),
        _ => error.to_string(),
    }
}
