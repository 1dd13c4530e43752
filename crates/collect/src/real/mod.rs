//! The real sources: this machine. Whatever they hand out is already redacted.

mod audit;
mod audit_rule;
mod audit_text;
mod engine;
mod files;
mod patience;
mod processes;
mod sockets;
mod transport;

pub(crate) use audit::NetlinkAudit;
pub(crate) use engine::EngineClient;
pub(crate) use files::RealFiles;
pub(crate) use processes::RealProcesses;
pub(crate) use sockets::TcpProbe;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::obstacle::{Answer, Obstacle};

/// Reads a file to its end, but no more than `limit` bytes of it. Files of the kernel say size 0, so the size is no guide.
fn read_at_most(file: File, limit: u64) -> Answer<Vec<u8>> {
    // Room for most files at once: without it, read_to_end begins with a small read, and the kernel makes up some files anew for each.
    let mut bytes = Vec::with_capacity(8 << 10);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Obstacle::TooLarge { limit }) } else { Ok(bytes) }
}

/// Opens a regular file for reading, links followed; never a device, and never a FIFO that would block.
fn open_regular(path: &Path) -> Answer<File> {
    // O_PATH opens nothing: looking at the inode before opening it keeps FIFOs from blocking and devices from acting.
    let place = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    if !File::from(place.try_clone()?).metadata()?.is_file() {
        return Err(Obstacle::NotAFile);
    }
    let this = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&place));
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(this, flags, Mode::empty())?))
}

/// The bytes of a regular file of the client's, which nobody else gets to see: they are neither recorded nor kept.
pub(crate) fn read_regular(path: &Path, limit: u64) -> Answer<Vec<u8>> {
    let path = path.to_owned();
    patience::Patience::default().run(move || read_at_most(open_regular(&path)?, limit))
}

/// See [`crate::fuzzing`].
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    /// What netlink hands out: a rule, and the status.
    pub(crate) fn audit(data: &[u8]) {
        super::audit_rule::audit_rule(data);
        let _ = super::audit::decode_status(data);
    }
}
