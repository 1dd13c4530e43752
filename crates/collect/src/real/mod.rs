//! The real sources: this machine. Whatever they hand out is already redacted.

mod audit;
mod audit_rule;
mod audit_text;
mod engine;
mod files;
mod patience;
mod processes;
mod sockets;

pub(crate) use audit::NetlinkAudit;
pub(crate) use engine::EngineClient;
pub(crate) use files::RealFiles;
pub(crate) use processes::RealProcesses;
pub(crate) use sockets::TcpProbe;

use std::fs::File;
use std::io::Read;

use crate::obstacle::{Answer, Obstacle};

/// Reads a file to its end, but no more than `limit` bytes of it. Files of the kernel say size 0, so the size is no guide.
fn read_at_most(file: File, limit: u64) -> Answer<Vec<u8>> {
    // Room for most files at once: without it, read_to_end begins with a small read, and the kernel makes up some files anew for each.
    let mut bytes = Vec::with_capacity(8 << 10);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Obstacle::TooLarge { limit }) } else { Ok(bytes) }
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
